-- expect: harmless
-- attack: a strategy whose fields come from metamethods
local fields = {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx)
    ctx:metric("escaped", 0)
  end,
}
return setmetatable(fields, { __index = function(_, key)
  return function()
    error("the host called " .. tostring(key))
  end
end, __pairs = error, __len = error })
