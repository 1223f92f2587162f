-- expect: memory
-- attack: a little more in every callback
local kept = {}

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    for _ = 1, 4 do
      kept[#kept + 1] = string.rep("x", 250000) .. #kept
    end
  end,
}
