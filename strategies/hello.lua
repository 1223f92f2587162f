-- hello: the smallest strategy that does something: it logs the first prices it sees, buys the
-- smallest possible quantity once, and sells it again.
--
-- Start here, or with `hean strategy new NAME`. lua/hean/api.lua is the manual.

local strategy = {
  name = "hello",
  description = "Logs the first prices, buys the smallest quantity and sells it again",
  params = {
    lines = { default = 5, min = 1, max = 30, type = "integer", doc = "prices to log" },
  },
  subscribe = { trades = true, book = true, bars = { "1m" } },
}

local seen = 0
local symbol -- of the first price

local function see(ctx, what, price, where)
  if seen >= ctx.params.lines then
    return
  end
  seen = seen + 1
  symbol = symbol or where
  ctx:log(what, where, price)
  if seen == ctx.params.lines then
    ctx:buy { symbol = symbol, type = "market", qty = ctx:qty_for(1, price, symbol) }
  end
end

function strategy.on_start(ctx)
  ctx:log("hello from", #ctx.symbols, "instruments with", ctx:equity(), "to trade")
end

function strategy.on_trade(ctx, trade)
  see(ctx, "trade", trade.price, trade.symbol)
end

function strategy.on_book(ctx, book)
  if book.mid then
    see(ctx, "book", book.mid, book.symbol)
  end
end

function strategy.on_bar(ctx, bar)
  see(ctx, "bar", bar.close, bar.symbol)
end

function strategy.on_fill(ctx, fill)
  ctx:log(fill.side, fill.qty, "at", fill.price, "for a fee of", fill.fee)
  if fill.side == "buy" then
    ctx:sell { symbol = symbol, type = "market", qty = fill.qty, reduce_only = true }
  else
    ctx:log("realized", ctx:position(symbol).realized)
  end
end

function strategy.on_order(ctx, order)
  if order.status == "rejected" then
    ctx:log_level("warn", "order", order.id, "was refused:", order.reason)
  end
end

return strategy
