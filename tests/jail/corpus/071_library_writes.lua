-- expect: harmless
-- attack: replaces, removes and adds functions of every library
local escaped = 0
local libraries = { string = string, table = table, math = math, bit = bit, coroutine = coroutine }
local function evil() escaped = 1 end
for name, library in pairs(libraries) do
  for _, key in ipairs { "format", "insert", "floor", "band", "wrap", "new", 1, "__index" } do
    if pcall(function() library[key] = evil end) or pcall(rawset, library, key, evil)
      or pcall(function() library[key] = nil end) or pcall(setmetatable, library, nil) then
      escaped = 1
    end
  end
  local value = library
  if pcall(function() _G[name] = {} end) or pcall(rawset, _G, name, {}) or _G[name] ~= value then
    escaped = 1
  end
end

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    ctx:metric("escaped", escaped)
  end,
}
