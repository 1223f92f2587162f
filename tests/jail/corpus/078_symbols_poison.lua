-- expect: harmless
-- attack: changes the list of symbols that ctx shows
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    pcall(function() ctx.symbols[1] = {} end)
    pcall(function() ctx.symbols[2] = "OTHER" end)
    pcall(function() ctx:buy { symbol = "OTHER", price = 1, qty = 1 } end)
    ctx:metric("escaped", 0)
  end,
}
