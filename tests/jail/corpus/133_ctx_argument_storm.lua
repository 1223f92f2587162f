-- expect: harmless
-- attack: every method of ctx and of the book with every kind of wrong argument
local values = { nil, 0, 1, -1, 2 ^ 31, 2 ^ 53, 1e308, 0 / 0, 1 / 0, "", "x", "bid", "ETHUSDT", {}, print, true }
local count = 16
local methods = { "buy", "sell", "amend", "cancel", "cancel_all", "order", "orders", "book", "position",
  "equity", "instrument", "round_price", "round_qty", "after" }
return {
  name = "attack",
  subscribe = { trades = true },
  on_timer = function() end,
  on_trade = function(ctx)
    ctx:metric("escaped", 0)
    local book = ctx:book()
    for i = 1, count do
      for j = 1, count do
        for k = 1, #methods do
          pcall(function() ctx[methods[k]](ctx, values[i], values[j]) end)
        end
        pcall(function() ctx.buy(values[i], values[j]) end)
        pcall(function() book:level(values[i], values[j]) end)
        pcall(function() book:depth(values[i], values[j]) end)
        pcall(function() return book[values[i]], ctx[values[j]] end)
      end
    end
  end,
}
