-- expect: error
-- attack: error(nil)
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    error(nil)
  end,
}
