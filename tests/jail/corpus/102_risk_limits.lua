-- expect: harmless
-- attack: orders above every limit of the risk gate
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    pcall(function() ctx:buy { price = trade.price, qty = 9e12 } end)
    pcall(function() ctx:sell { type = "market", qty = 1e6 } end)
    pcall(function() ctx:buy { price = trade.price * 1e6, qty = 0.001 } end)
    for _ = 1, 20 do
      pcall(function() ctx:buy { type = "market", qty = 0.4 } end)
    end
    ctx:metric("escaped", 0)
  end,
}
