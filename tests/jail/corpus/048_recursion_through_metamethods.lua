-- expect: error stack overflow
-- attack: recursion through __index functions
local t = setmetatable({}, { __index = function(self, key)
  return self[key] .. "x"
end })

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    return t.x
  end,
}
