-- expect: error
-- attack: an error message of a megabyte
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    error(string.rep("x", 1e6))
  end,
}
