-- expect: error more than 64
-- attack: more orders in one callback than the host takes
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    for _ = 1, 100 do
      ctx:buy { price = 1000, qty = 0.001 }
    end
  end,
}
