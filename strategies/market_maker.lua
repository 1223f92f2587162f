-- market_maker: quotes both sides of every instrument around the mid price.
--
-- The quotes stand `half_spread_bps` away from a reservation price: the mid, moved against what is
-- already held, so that a long position makes selling likelier. An order is amended only when its
-- price is off by `requote_bps`, because each amendment costs the place in the queue.
-- Without an order book (bars only) it quotes around the close, at a share of the mean bar range.

local strategy = {
  name = "market_maker",
  description = "Quotes both sides around the mid price, leaning against its inventory",
  params = {
    notional = { default = 500, min = 1, doc = "value of one order, in quote currency" },
    half_spread_bps = { default = 0.4, min = 0, max = 1000, doc = "from reservation to quote" },
    skew_bps = { default = 0.5, min = 0, max = 1000, doc = "shift of both quotes when full" },
    max_inventory = { default = 5, min = 1, max = 1000, doc = "position limit, in orders" },
    requote_bps = { default = 0.1, min = 0, max = 1000, doc = "how far a quote may be off" },
    bar_spread = { default = 0.5, min = 0.01, max = 10, doc = "on bars: share of mean range" },
  },
  subscribe = { book = true, quotes = true, bars = { "1m" } },
}

local RETRY_MS = 1000 -- after a refused order; twice as long after each further one
local RETRIES_MAX = 12
local RANGE_WEIGHT = 0.1 -- of the newest bar in the mean range

local abs, max, min = math.abs, math.max, math.min
local states = {} -- by symbol

local function new_state(ctx, symbol)
  local state = {
    symbol = symbol,
    buy = { id = nil, price = 0 }, -- the order on each side, if any, and the price last asked for
    sell = { id = nil, price = 0 },
    position = ctx:position(symbol).qty,
    tick = ctx:instrument(symbol).tick,
    qty = 0,
    retry_ms = 0,
    refusals = 0, -- in a row
    has_book = false,
    range = nil,
  }
  states[symbol] = state
  return state
end

local function place_or_amend(ctx, state, side, price, tolerance)
  local order = state[side]
  if order.id then
    if abs(price - order.price) >= tolerance then
      order.price = price
      ctx:amend(order.id, { price = price })
    end
  elseif ctx.now_ms >= state.retry_ms then
    order.price = price
    if side == "buy" then
      order.id = ctx:buy {
        symbol = state.symbol, price = price, qty = state.qty, tif = "post_only",
      }
    else
      order.id = ctx:sell {
        symbol = state.symbol, price = price, qty = state.qty, tif = "post_only",
      }
    end
  end
end

local function cancel(ctx, order)
  if order.id and not order.cancelling then
    order.cancelling = true
    ctx:cancel(order.id)
  end
end

-- Quotes at `reservation` -+ `half`, never through `bid_max` and `ask_min`.
local function requote(ctx, state, mid, half, skew, bid_max, ask_min)
  local params, symbol = ctx.params, state.symbol
  if state.qty == 0 then
    state.qty = ctx:qty_for(params.notional, mid, symbol)
  end
  local inventory = state.position / (state.qty * params.max_inventory)
  local reservation = mid - skew * inventory
  local tolerance = max(state.tick * 0.5, mid * params.requote_bps * 1e-4)
  if inventory < 1 then
    local price = ctx:round_price(min(reservation - half, bid_max), "buy", symbol)
    place_or_amend(ctx, state, "buy", price, tolerance)
  else
    cancel(ctx, state.buy)
  end
  if inventory > -1 then
    local price = ctx:round_price(max(reservation + half, ask_min), "sell", symbol)
    place_or_amend(ctx, state, "sell", price, tolerance)
  else
    cancel(ctx, state.sell)
  end
end

local function quote_book(ctx, state, book)
  local mid = book.mid
  if not mid or book.spread <= 0 then
    return -- one side is empty, or the book is crossed
  end
  local bps = mid * 1e-4
  requote(ctx, state, mid, ctx.params.half_spread_bps * bps, ctx.params.skew_bps * bps,
    book.ask - state.tick, book.bid + state.tick)
end

function strategy.on_book(ctx, book)
  local state = states[book.symbol] or new_state(ctx, book.symbol)
  state.has_book = true
  quote_book(ctx, state, book)
end

-- Where the data has no book events, the book is the last quote.
function strategy.on_quote(ctx, quote)
  local state = states[quote.symbol] or new_state(ctx, quote.symbol)
  if not state.has_book then
    quote_book(ctx, state, ctx:book(quote.symbol))
  end
end

function strategy.on_bar(ctx, bar)
  local state = states[bar.symbol] or new_state(ctx, bar.symbol)
  local range = bar.high - bar.low
  state.range = state.range and state.range + (range - state.range) * RANGE_WEIGHT or range
  if ctx:book(bar.symbol).mid then
    return -- the book is the better guide
  end
  local half = max(state.range * ctx.params.bar_spread, state.tick)
  requote(ctx, state, bar.close, half, half, bar.close - state.tick, bar.close + state.tick)
end

function strategy.on_fill(ctx, fill)
  local state = states[fill.symbol] or new_state(ctx, fill.symbol)
  state.position = ctx:position(fill.symbol).qty
end

function strategy.on_order(ctx, order)
  local state = states[order.symbol]
  local mine = state and state[order.side]
  if not mine or mine.id ~= order.id then
    return
  end
  if order.status == "filled" or order.status == "cancelled" or order.status == "rejected" then
    mine.id, mine.cancelling = nil, nil
    if order.status == "rejected" then
      state.retry_ms = ctx.now_ms + RETRY_MS * 2 ^ state.refusals
      state.refusals = min(state.refusals + 1, RETRIES_MAX)
    end
  elseif order.reason ~= "none" then
    mine.price = order.price -- an amendment was refused: the order is where it was
  elseif order.status == "open" then
    state.refusals = 0
  end
end

return strategy
