-- expect: harmless
-- attack: the same, swallowing the error, in every callback
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    ctx:metric("escaped", 0)
    for _ = 1, 1000 do
      pcall(function() ctx:buy { price = 1000, qty = 0.001 } end)
    end
  end,
}
