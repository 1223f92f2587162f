-- expect: harmless
-- attack: keeps every table it was ever given and uses them later
local kept = {}

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    kept[#kept + 1] = trade
    kept[#kept + 1] = ctx:book()
    kept[#kept + 1] = ctx
    for i = 1, #kept do
      pcall(function()
        kept[i]:depth("bid", 3)
        kept[i]:level("ask", 1)
      end)
    end
    ctx:metric("escaped", 0)
  end,
}
