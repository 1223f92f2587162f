-- expect: deadline on_trade
-- attack: one call of table.move over 2^53 elements
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    table.move({}, 1, 2 ^ 53, 2)
  end,
}
