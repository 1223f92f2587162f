-- expect: error
-- attack: an error that is a function
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    error(print)
  end,
}
