-- expect: error more than 64
-- attack: places an order whenever an order changes
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    ctx:metric("escaped", 0)
    ctx:buy { price = 1000, qty = 0.001 }
  end,
  on_order = function(ctx)
    ctx:buy { price = 1000, qty = 0.001 }
    ctx:cancel_all()
  end,
}
