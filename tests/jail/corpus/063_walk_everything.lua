-- expect: harmless
-- attack: walks from every value it can reach to every other, looking for cdata, userdata and metatables
local seen, escaped = {}, 0
local libraries = { [string] = true, [table] = true, [math] = true, [bit] = true, [coroutine] = true }
local queue = { _G, string, table, math, bit, coroutine, "", 1, print }

local function look_at(value)
  local kind = type(value)
  if value == nil or kind == "number" or kind == "boolean" or seen[value] then
    return
  end
  seen[value] = true
  if kind == "cdata" or (kind == "userdata" and not libraries[value]) then
    escaped = 1
  end
  queue[#queue + 1] = value
end

local function walk()
  local i = 1
  while i <= #queue do
    local value = queue[i]
    local metatable = getmetatable(value)
    if metatable ~= nil and metatable ~= "read-only" then
      escaped = 1
    end
    if type(value) == "table" then
      pcall(function()
        for k, v in pairs(value) do
          look_at(k)
          look_at(v)
        end
      end)
    end
    for _, name in ipairs { "__index", "__newindex", "__metatable", "__gc", "_G", "_LOADED", "loaded" } do
      local ok, item = pcall(function() return value[name] end)
      if ok then
        look_at(item)
      end
    end
    i = i + 1
  end
end

return {
  name = "attack",
  subscribe = { trades = true, book = true },
  on_book = function(ctx, book)
    look_at(ctx)
    look_at(book)
    walk()
  end,
  on_trade = function(ctx, trade)
    look_at(trade)
    look_at(ctx:position())
    look_at(ctx:instrument())
    look_at(ctx:orders())
    look_at(ctx.params)
    look_at(ctx.symbols)
    walk()
    ctx:metric("escaped", escaped)
  end,
}
