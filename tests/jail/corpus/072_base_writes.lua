-- expect: harmless
-- attack: replaces the base functions that trusted code might call
local escaped = 0
local function evil() escaped = 1 end
local names = { "error", "pcall", "type", "pairs", "next", "tostring", "setmetatable", "rawget", "_G", "print" }
for _, name in ipairs(names) do
  local before = _G[name]
  if pcall(function() _G[name] = evil end) or pcall(rawset, _G, name, evil) or _G[name] ~= before then
    escaped = 1
  end
end
if pcall(setmetatable, _G, nil) or type(getmetatable(_G)) == "table" then
  escaped = 1
end

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    ctx:metric("escaped", escaped)
  end,
}
