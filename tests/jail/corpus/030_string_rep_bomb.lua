-- expect: memory on_trade
-- attack: one call that asks for a gigabyte
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    return #string.rep("x", 1e9)
  end,
}
