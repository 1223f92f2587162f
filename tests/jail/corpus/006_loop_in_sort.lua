-- expect: deadline on_trade
-- attack: a loop in the comparator of table.sort, below a C function
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    table.sort({ 3, 2, 1 }, function()
      while true do end
    end)
  end,
}
