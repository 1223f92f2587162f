-- basis_arbitrage: trades the distance between two prices of the same thing, such as a perpetual
-- and its spot market.
--
-- The basis is first / second - 1, of the mid prices. Its mean and deviation are weighted
-- exponentially over `window` samples. When the basis is `enter` deviations from its mean, and the
-- way back pays for the fees and spreads of both legs, the dear one is sold and the cheap one
-- bought, for the same value; both are closed when the basis is back within `leave` deviations.
-- A leg that fails is made up for at the next sample: each leg is always traded to its target.

local strategy = {
  name = "basis_arbitrage",
  description = "Trades the basis between two instruments back to its mean",
  params = {
    first = { default = "", doc = "symbol; the first instrument if empty" },
    second = { default = "", doc = "symbol; the second instrument if empty" },
    notional = { default = 500, min = 1, doc = "value of each leg, in quote currency" },
    sample_ms = { default = 1000, min = 1, max = 3600000, doc = "between samples of the basis" },
    window = { default = 600, min = 5, max = 100000, type = "integer", doc = "samples" },
    enter = { default = 2.5, min = 0.1, max = 50, doc = "distance to enter, in deviations" },
    leave = { default = 0.5, min = 0, max = 50, doc = "distance to leave" },
    costs = { default = true, doc = "enter only if the way back pays for fees and spreads" },
  },
  subscribe = { book = true, quotes = true },
}

local abs, sqrt = math.abs, math.sqrt
local first, second -- symbols
local mean, variance, samples = 0, 0, 0
local next_ms = 0
local direction = 0 -- 1: first bought and second sold, -1: the other way, 0: flat
local pending = {} -- symbol -> the order that is on its way

function strategy.on_start(ctx)
  local params = ctx.params
  first = params.first ~= "" and params.first or ctx.symbols[1]
  second = params.second ~= "" and params.second or ctx.symbols[2]
  if not second or first == second then
    error(("basis_arbitrage needs two instruments, but there is only %s"):format(first or "none"))
  end
  ctx:instrument(first) -- raises if there is no such symbol
  ctx:instrument(second)
end

local function trade_to(ctx, symbol, target)
  local change = ctx:round_qty(target - ctx:position(symbol).qty, symbol)
  if pending[symbol] or change == 0 then
    return
  end
  if change > 0 then
    pending[symbol] = ctx:buy { symbol = symbol, type = "market", qty = change }
  else
    pending[symbol] = ctx:sell { symbol = symbol, type = "market", qty = -change }
  end
end

-- One leg: flat, or `side` (1 long, -1 short) of the notional. An open leg is left as it is.
local function open_or_close(ctx, symbol, side, price)
  if side == 0 then
    trade_to(ctx, symbol, 0)
  elseif ctx:position(symbol).qty == 0 then
    trade_to(ctx, symbol, side * ctx:qty_for(ctx.params.notional, price, symbol))
  end
end

-- What entering and leaving both legs costs, as a fraction of the value: fees and spreads.
local function round_trip_cost(ctx)
  if not ctx.params.costs then
    return 0
  end
  local cost = 0
  for _, symbol in ipairs { first, second } do
    local book = ctx:book(symbol)
    cost = cost + 2 * ctx:instrument(symbol).taker_fee + book.spread / book.mid
  end
  return cost
end

-- The distance of the basis from its mean, and the deviation; nil until there is enough history.
local function take_sample(basis, window)
  samples = samples + 1
  local distance = basis - mean
  if samples == 1 then
    mean = basis
    return nil
  end
  local weight = samples < window and 1 / samples or 1 / window
  mean = mean + distance * weight
  variance = (1 - weight) * (variance + weight * distance * distance)
  if samples < window or variance <= 0 then
    return nil
  end
  return distance, sqrt(variance)
end

local function choose_direction(ctx, distance, deviation)
  local params = ctx.params
  local score = distance / deviation
  if direction ~= 0 and (abs(score) < params.leave or distance * direction > 0) then
    return 0
  elseif direction == 0 and abs(score) > params.enter
    and abs(distance) - params.leave * deviation > round_trip_cost(ctx) then
    return distance > 0 and -1 or 1
  end
  return direction
end

local function look(ctx)
  if ctx.now_ms < next_ms then
    return
  end
  local first_mid, second_mid = ctx:book(first).mid, ctx:book(second).mid
  if not first_mid or not second_mid then
    return
  end
  next_ms = ctx.now_ms + ctx.params.sample_ms
  local distance, deviation = take_sample(first_mid / second_mid - 1, ctx.params.window)
  if not distance then
    return
  end
  local chosen = choose_direction(ctx, distance, deviation)
  if chosen ~= direction then
    ctx:log(("basis is %.1f deviations off: direction %d"):format(distance / deviation, chosen))
    direction = chosen
  end
  open_or_close(ctx, first, direction, first_mid)
  open_or_close(ctx, second, -direction, second_mid)
end

function strategy.on_book(ctx)
  look(ctx)
end

function strategy.on_quote(ctx)
  look(ctx)
end

function strategy.on_order(ctx, order)
  local done = order.status == "filled" or order.status == "cancelled"
    or order.status == "rejected"
  if done and pending[order.symbol] == order.id then
    pending[order.symbol] = nil
    if order.status == "rejected" then
      ctx:log_level("warn", order.symbol, "order was refused:", order.reason)
    end
  end
end

return strategy
