-- expect: deadline on_trade
-- attack: a loop without a loop statement
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    ::again::
    goto again
  end,
}
