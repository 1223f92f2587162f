-- impulse: momentum. It follows a move of the price that is large for its own recent noise.
--
-- The price is sampled: the last trade of every `sample_ms`, or the close of every minute bar where
-- there are no trades. The signal is the return over `lookback` samples, divided by what a random
-- walk with the measured volatility would do in that time. It enters at `enter`, leaves when the
-- signal falls below `leave` or turns, and holds one position per instrument.

local strategy = {
  name = "impulse",
  description = "Follows moves that are large for the recent volatility",
  params = {
    notional = { default = 500, min = 1, doc = "value of the position, in quote currency" },
    sample_ms = { default = 1000, min = 1, max = 3600000, doc = "between prices, with trades" },
    lookback = { default = 20, min = 2, max = 1000, type = "integer", doc = "samples" },
    enter = { default = 2, min = 0.1, max = 20, doc = "signal to enter, in standard deviations" },
    leave = { default = 0.5, min = 0, max = 20, doc = "signal to leave" },
  },
  subscribe = { trades = true, bars = { "1m" } },
}

local RETRY_MS = 1000 -- after a refused order; twice as long after each further one
local RETRIES_MAX = 12
local NOISE_WEIGHT = 0.2 -- the noise is that of five lookbacks

local log, max, min, sqrt = math.log, math.max, math.min, math.sqrt
local states = {} -- by symbol

local function new_state(symbol)
  local state = {
    symbol = symbol,
    prices = {}, -- a ring of `lookback` samples
    count = 0,
    variance = 0, -- of one sample's return, exponentially weighted
    next_ms = 0,
    last = nil,
    has_trades = false,
    order = nil, -- the order that is on its way, if any
    retry_ms = 0,
    refusals = 0, -- in a row
  }
  states[symbol] = state
  return state
end

-- Takes a sample; the signal, or nil until there is enough history. The noise is measured over a
-- longer time than the move, and without the step that is being judged.
local function take_sample(state, lookback, price)
  local slot = state.count % lookback + 1
  local oldest, last, variance = state.prices[slot], state.last, state.variance
  state.prices[slot], state.last, state.count = price, price, state.count + 1
  if last then
    local step = log(price / last)
    local weight = max(1 / state.count, NOISE_WEIGHT / lookback)
    state.variance = variance + (step * step - variance) * weight
  end
  if not oldest or variance <= 0 then
    return nil
  end
  return log(price / oldest) / sqrt(variance * lookback)
end

local function trade_to(ctx, state, target)
  local held = ctx:position(state.symbol).qty
  local qty = ctx:round_qty(target - held, state.symbol)
  if state.order or qty == 0 or ctx.now_ms < state.retry_ms then
    return
  end
  if qty > 0 then
    state.order = ctx:buy { symbol = state.symbol, type = "market", qty = qty }
  else
    state.order = ctx:sell { symbol = state.symbol, type = "market", qty = -qty }
  end
end

local function decide(ctx, state, price)
  local params = ctx.params
  local signal = take_sample(state, params.lookback, price)
  if not signal then
    return
  end
  local held = ctx:position(state.symbol).qty
  if signal >= params.enter and held <= 0 then
    trade_to(ctx, state, ctx:qty_for(params.notional, price, state.symbol))
  elseif signal <= -params.enter and held >= 0 then
    trade_to(ctx, state, -ctx:qty_for(params.notional, price, state.symbol))
  elseif held > 0 and signal < params.leave or held < 0 and signal > -params.leave then
    trade_to(ctx, state, 0)
  end
end

function strategy.on_trade(ctx, trade)
  local state = states[trade.symbol] or new_state(trade.symbol)
  state.has_trades = true
  if trade.time_ms >= state.next_ms then
    state.next_ms = trade.time_ms + ctx.params.sample_ms
    decide(ctx, state, trade.price)
  end
end

function strategy.on_bar(ctx, bar)
  local state = states[bar.symbol] or new_state(bar.symbol)
  if not state.has_trades then
    decide(ctx, state, bar.close)
  end
end

function strategy.on_order(ctx, order)
  local state = states[order.symbol]
  if not state or state.order ~= order.id then
    return
  end
  if order.status == "rejected" then
    state.order = nil
    state.retry_ms = ctx.now_ms + RETRY_MS * 2 ^ state.refusals
    state.refusals = min(state.refusals + 1, RETRIES_MAX)
  elseif order.status == "filled" or order.status == "cancelled" then
    state.order = nil
    state.refusals = 0
  end
end

return strategy
