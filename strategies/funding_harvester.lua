-- funding_harvester: holds the side of a perpetual that receives funding.
--
-- A positive forecast rate means that longs pay shorts, so it sells; a negative one, that shorts
-- pay longs, so it buys. It enters when the forecast is beyond `enter_rate` and leaves when it has
-- fallen below `leave_rate`, or has turned. It carries the price risk: a position in the spot
-- market would hedge it (see basis_arbitrage).
-- What it can lose for sure are two taker fees; `enter_rate` should pay for them in the number of
-- settlements that the position will live.

local strategy = {
  name = "funding_harvester",
  description = "Holds the side that receives funding while the forecast is high",
  params = {
    notional = { default = 500, min = 1, doc = "value of the position, in quote currency" },
    enter_rate = { default = 0.0001, min = 0, max = 1, doc = "forecast per settlement to enter" },
    leave_rate = { default = 0.00003, min = 0, max = 1, doc = "forecast below which to leave" },
  },
  subscribe = { marks = true, funding = true },
}

local pending = {} -- symbol -> the order that is on its way
local received = 0

function strategy.on_start(ctx)
  if ctx.params.leave_rate > ctx.params.enter_rate then
    error(("leave_rate (%g) must not be above enter_rate (%g)"):format(ctx.params.leave_rate,
      ctx.params.enter_rate))
  end
end

local function trade_to(ctx, symbol, target, why)
  local change = ctx:round_qty(target - ctx:position(symbol).qty, symbol)
  if pending[symbol] or change == 0 then
    return
  end
  ctx:log(symbol, why, "- position from", ctx:position(symbol).qty, "to", target)
  if change > 0 then
    pending[symbol] = ctx:buy { symbol = symbol, type = "market", qty = change }
  else
    pending[symbol] = ctx:sell { symbol = symbol, type = "market", qty = -change }
  end
end

function strategy.on_mark(ctx, mark)
  local symbol, rate, params = mark.symbol, mark.next_rate, ctx.params
  local price = mark.mark or mark.last
  if not price then
    return
  end
  local held = ctx:position(symbol).qty
  if held == 0 then
    if rate >= params.enter_rate and rate > 0 then
      trade_to(ctx, symbol, -ctx:qty_for(params.notional, price, symbol), "longs pay")
    elseif rate <= -params.enter_rate and rate < 0 then
      trade_to(ctx, symbol, ctx:qty_for(params.notional, price, symbol), "shorts pay")
    end
  elseif held < 0 and rate < params.leave_rate then
    trade_to(ctx, symbol, 0, "longs no longer pay enough")
  elseif held > 0 and rate > -params.leave_rate then
    trade_to(ctx, symbol, 0, "shorts no longer pay enough")
  end
end

function strategy.on_funding(ctx, funding)
  if funding.paid ~= 0 then
    received = received + funding.paid
    ctx:log(funding.symbol, "funding of", funding.paid, "at a rate of", funding.rate)
    ctx:metric("funding_received", received)
  end
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

function strategy.on_save()
  return { received = received }
end

function strategy.on_restore(_, saved)
  received = saved.received
end

return strategy
