-- expect: error loop
-- attack: a table that is its own __index
local t = {}
t.__index = t
setmetatable(t, t)

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    return t.x
  end,
}
