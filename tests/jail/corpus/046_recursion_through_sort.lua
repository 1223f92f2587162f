-- expect: error|deadline|killed
-- attack: recursion through the comparator of table.sort
local function deep()
  table.sort({ 2, 1 }, function()
    deep()
    return true
  end)
end

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    deep()
  end,
}
