-- expect: error|deadline|memory
-- attack: one call of table.insert that moves two thousand million elements
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    table.insert({}, -2 ^ 31, 1)
    table.insert({}, 2 ^ 31, 1)
  end,
}
