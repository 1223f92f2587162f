-- expect: deadline on_order
-- attack: a loop when the engine answers an order
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    ctx:buy { price = trade.price - 1, qty = 0.001 }
  end,
  on_order = function()
    while true do end
  end,
}
