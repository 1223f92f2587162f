-- STRATEGY_NAME: say here what it does, and why it should earn anything.
--
-- The manual of everything that is used here is lua/hean/api.lua. Try it with
--     hean strategy check strategies/STRATEGY_NAME.lua
--     hean backtest strategies/STRATEGY_NAME.lua --data sim:1

local strategy = {
  name = "STRATEGY_NAME",
  params = {
    notional = { default = 100, min = 1, doc = "value of one order, in quote currency" },
    drop_bps = { default = 10, min = 0.1, max = 1000, doc = "buy this far below the mean" },
    weight = { default = 0.01, min = 0.0001, max = 1, doc = "of the newest price in the mean" },
  },
  subscribe = { trades = true, bars = { "1m" } },
}

local means = {} -- symbol -> mean price
local pending = {} -- symbol -> the order that is on its way

-- Buys below the mean, sells what it has above it.
local function see(ctx, symbol, price)
  local params = ctx.params
  local mean = means[symbol] or price
  means[symbol] = mean + (price - mean) * params.weight
  if pending[symbol] then
    return
  end
  local held = ctx:position(symbol).qty
  if held == 0 and price < mean * (1 - params.drop_bps * 1e-4) then
    pending[symbol] = ctx:buy {
      symbol = symbol, type = "market", qty = ctx:qty_for(params.notional, price, symbol),
    }
  elseif held > 0 and price > mean then
    pending[symbol] = ctx:sell {
      symbol = symbol, type = "market", qty = held, reduce_only = true,
    }
  end
end

function strategy.on_trade(ctx, trade)
  see(ctx, trade.symbol, trade.price)
end

function strategy.on_bar(ctx, bar)
  see(ctx, bar.symbol, bar.close)
end

function strategy.on_order(ctx, order)
  if order.status == "filled" or order.status == "cancelled" or order.status == "rejected" then
    pending[order.symbol] = nil
    if order.status == "rejected" then
      ctx:log_level("warn", "order", order.id, "was refused:", order.reason)
    end
  end
end

function strategy.on_fill(ctx, fill)
  ctx:log(fill.side, fill.qty, fill.symbol, "at", fill.price)
end

return strategy
