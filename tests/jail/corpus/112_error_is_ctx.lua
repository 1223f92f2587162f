-- expect: error
-- attack: an error that is a trusted table
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    error(ctx)
  end,
}
