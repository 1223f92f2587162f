-- expect: harmless
-- attack: every library function with every kind of wrong argument
local values = { nil, 0, 1, -1, 2 ^ 31, -2 ^ 31, 2 ^ 53, 1e308, 0 / 0, 1 / 0, "", "x", "%d%s%q", "%5$s", {}, print, true }
local count = 17
local skip = { rep = true, move = true } -- their own attacks
local functions = {}
for _, library in ipairs { "string", "table", "math", "bit", "coroutine" } do
  local names = {
    string = "byte char find format gmatch gsub len lower match reverse sub upper",
    table = "concat maxn remove sort",
    math = "abs acos atan2 ceil floor fmod frexp ldexp log max min modf pow random sqrt",
    bit = "arshift band bnot bor bswap bxor lshift rol ror rshift tobit tohex",
    coroutine = "create isyieldable resume running status wrap",
  }
  for name in names[library]:gmatch("%S+") do
    functions[#functions + 1] = not skip[name] and _G[library][name] or nil
  end
end
for _, name in ipairs { "assert", "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "rawequal",
  "rawget", "rawset", "select", "setmetatable", "tonumber", "tostring", "type", "unpack", "xpcall" } do
  functions[#functions + 1] = _G[name]
end
local at = 0
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx)
    for _ = 1, 6 do
      at = at % #functions + 1
      local f = functions[at]
      for i = 1, count do
        for j = 1, count do
          pcall(f, values[i], values[j], values[(i + j) % count + 1])
        end
      end
    end
    ctx:metric("escaped", 0)
  end,
}
