-- expect: harmless
-- attack: changes the metatable that all strings share
local escaped = 0
local metatable = getmetatable("")
if type(metatable) == "table" then
  metatable.__index = function() return print end
  escaped = 1
end
if pcall(setmetatable, "", {}) then
  escaped = 1
end
if pcall(function() string.find = error end) or pcall(rawset, string, "find", error) then
  escaped = 1
end
if pcall(function() ("").find = error end) then
  escaped = 1
end
if ("x"):find("x") ~= 1 then
  escaped = 1
end

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    ctx:metric("escaped", escaped)
  end,
}
