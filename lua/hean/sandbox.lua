-- sandbox.lua: the only environment that a script sees.
--
-- Invariants
--   * Nothing here leads to files, time, the network, the compiler, cdata or the garbage collector.
--   * Library tables, the string metatable and the base functions cannot be changed or replaced.
--   * Nothing that differs from run to run is visible: no address, no hash order, no unseeded
--     randomness, no weak tables.
--   * Errors that a script causes carry the line of the script, not of this file.
--
-- Knows nothing of strategies: configuration files use the same environment.

local debug_getmetatable, getinfo = debug.getmetatable, debug.getinfo
local format, find, gsub = string.format, string.find, string.gsub
local floor, sort, concat = math.floor, table.sort, table.concat
local error, rawget, rawset, rawnext, select, type = error, rawget, rawset, next, select, type
local setmetatable, tostring, unpack = setmetatable, tostring, unpack
local funck = require("jit.util").funck

local M = {}

-- ---- text without addresses ----

local plain = { string = true, number = true, boolean = true, ["nil"] = true }

local function safe_tostring(...)
  if select("#", ...) == 0 then
    error("bad argument #1 to 'tostring' (value expected)", 2)
  end
  local value = ...
  local kind = type(value)
  if plain[kind] then
    return tostring(value)
  end
  local metatable = debug_getmetatable(value)
  local method = metatable and rawget(metatable, "__tostring")
  if method == nil then
    return kind
  end
  local text = method(value)
  if type(text) ~= "string" then
    error("'__tostring' must return a string", 2)
  end
  return text
end
M.tostring = safe_tostring

local function all_plain(count, first, ...)
  if count == 0 then
    return true
  end
  return plain[type(first)] and all_plain(count - 1, ...)
end

local function safe_format(pattern, ...)
  if type(pattern) == "string" and find(pattern, "p", 1, true)
    and find(gsub(pattern, "%%%%", ""), "%%[-+ #%d.]*p") then
    error("bad argument #1 to 'format' (%p shows addresses and is not available)", 2)
  end
  local count = select("#", ...)
  if all_plain(count, ...) then
    return format(pattern, ...)
  end
  local values = { ... }
  for i = 1, count do
    if not plain[type(values[i])] then
      values[i] = safe_tostring(values[i])
    end
  end
  return format(pattern, unpack(values, 1, count))
end

-- ---- a fixed order of keys: whole numbers, other numbers, strings, false, true ----

local function rank_of(key)
  local kind = type(key)
  if kind == "number" then
    return key == floor(key) and 1 or 2
  elseif kind == "string" then
    return 3
  elseif kind == "boolean" then
    return key and 5 or 4
  end
  return nil
end

local function refuse_key(name, key, level)
  error(format("%s: a key is a %s, and such keys have no order that is the same in every run; "
    .. "use numbers or strings as keys", name, type(key)), level)
end

local function before(a, rank_a, b, rank_b)
  if rank_a ~= rank_b then
    return rank_a < rank_b
  end
  return rank_a <= 3 and a < b
end

local function ordered_next(t, key)
  if type(t) ~= "table" then
    error(format("bad argument #1 to 'next' (table expected, got %s)", type(t)), 2)
  end
  local rank = 0
  if key ~= nil then
    rank = rank_of(key) or refuse_key("next", key, 3)
    if rank == 1 and key + 1 ~= key then
      local value = rawget(t, key + 1)
      if value ~= nil then
        return key + 1, value
      end
    end
  end
  local best, best_rank
  for candidate in rawnext, t do
    local candidate_rank = rank_of(candidate) or refuse_key("next", candidate, 3)
    if (rank == 0 or before(key, rank, candidate, candidate_rank))
      and (best_rank == nil or before(candidate, candidate_rank, best, best_rank)) then
      best, best_rank = candidate, candidate_rank
    end
  end
  if best_rank == nil then
    return nil
  end
  return best, rawget(t, best)
end

local function sorted_keys(t)
  local groups = { {}, {}, {}, {}, {} }
  for key in rawnext, t do
    local group = groups[rank_of(key) or refuse_key("pairs", key, 4)]
    group[#group + 1] = key
  end
  local keys = groups[1]
  for rank = 1, 5 do
    local group = groups[rank]
    if rank <= 3 then
      sort(group)
    end
    if rank > 1 then
      for i = 1, #group do
        keys[#keys + 1] = group[i]
      end
    end
  end
  return keys
end

local function ordered_pairs(t)
  if type(t) ~= "table" then
    error(format("bad argument #1 to 'pairs' (table expected, got %s)", type(t)), 2)
  end
  local count = 0
  local key = rawnext(t)
  while key == count + 1 do
    count = count + 1
    key = rawnext(t, key)
  end
  local keys = key ~= nil and sorted_keys(t) or nil
  count = keys and #keys or count
  local i = 0
  return function()
    while i < count do
      i = i + 1
      local current = i
      if keys then
        current = keys[i]
      end
      local value = rawget(t, current)
      if value ~= nil then
        return current, value
      end
    end
    return nil
  end, t, nil
end

M.pairs = ordered_pairs

-- ---- what may not be changed ----

local function readonly(name, library)
  local proxy = newproxy(true)
  local metatable = debug_getmetatable(proxy)
  metatable.__index = library
  metatable.__newindex = function(_, key)
    error(format("'%s.%s' cannot be set: the library is read-only", name, safe_tostring(key)), 2)
  end
  metatable.__metatable = "read-only"
  return proxy
end

local function pick(library, names)
  local chosen = {}
  for name in string.gmatch(names, "%S+") do
    chosen[name] = library[name]
  end
  return chosen
end

local function safe_setmetatable(t, metatable)
  if type(metatable) == "table" and rawget(metatable, "__mode") ~= nil then
    error("weak tables (__mode) are not available: what they hold would depend on the "
      .. "garbage collector", 2)
  end
  return setmetatable(t, metatable)
end

local function base_library(print_line)
  local base = pick(_G, "_VERSION assert error getmetatable ipairs pcall rawequal rawget select "
    .. "tonumber type unpack xpcall")
  base.next = ordered_next
  base.pairs = ordered_pairs
  base.setmetatable = safe_setmetatable
  base.tostring = safe_tostring
  function base.print(...)
    local parts = { ... }
    for i = 1, select("#", ...) do
      parts[i] = safe_tostring(parts[i])
    end
    print_line(concat(parts, "\t"))
  end
  return base
end

-- The functions of strings, shared by `string` and by the metatable of all strings.
local function string_library()
  local strings = pick(string, "byte char find gmatch gsub len lower match rep reverse sub upper")
  strings.format = safe_format
  return strings
end

-- Puts the sandbox's string functions behind ("x"):method() and locks the metatable; returns a
-- function that undoes it (for tests that share their Lua state with others).
function M.lock_strings(strings)
  local metatable = debug_getmetatable("")
  local index, lock = metatable.__index, metatable.__metatable
  metatable.__index = strings
  metatable.__metatable = "read-only"
  return function()
    metatable.__index = index
    metatable.__metatable = lock
  end
end

-- A new environment. `print_line` receives the text of print; `seed` is that of math.random.
-- Returns the environment and the string functions for lock_strings.
function M.new(print_line, seed)
  math.randomseed(seed)
  local strings = string_library()
  local base = base_library(print_line)
  base.string = readonly("string", strings)
  base.table = readonly("table", pick(table, "concat insert maxn move remove sort"))
  base.math = readonly("math", pick(math, "abs acos asin atan atan2 ceil cos cosh deg exp floor "
    .. "fmod frexp huge ldexp log log10 max min modf pi pow rad random sin sinh sqrt tan tanh"))
  base.bit = readonly("bit", pick(bit, "arshift band bnot bor bswap bxor lshift rol ror rshift "
    .. "tobit tohex"))
  base.coroutine = readonly("coroutine",
    pick(coroutine, "create isyieldable resume running status wrap yield"))

  local env = {}
  local function refuse(name)
    error(format("'%s' belongs to the sandbox and cannot be replaced", name), 3)
  end
  base._G = env
  function base.rawset(t, key, value)
    if t == env and type(key) == "string" and base[key] ~= nil then
      refuse(key)
    end
    return rawset(t, key, value)
  end
  return setmetatable(env, {
    __index = base,
    __newindex = function(t, key, value)
      if base[key] ~= nil then
        refuse(key)
      end
      rawset(t, key, value)
    end,
    __metatable = "read-only",
  }), strings
end

-- ---- compiling ----

local function line_of(source, text)
  local at = find(source, text, 1, true)
  if not at then
    return 0
  end
  local _, breaks = gsub(string.sub(source, 1, at), "\n", "")
  return breaks + 1
end

-- Looks through the constants of a function and of those inside it for what the environment alone
-- cannot keep out; returns what is wrong and the line.
local function refused_constant(prototype, source)
  local i = -1
  while true do
    local constant = funck(prototype, i)
    local kind = type(constant)
    if constant == nil then
      return nil
    elseif constant == "__mode" or (kind == "table" and rawget(constant, "__mode") ~= nil) then
      return "weak tables (__mode) are not available: what they hold would depend on the "
        .. "garbage collector", line_of(source, "__mode")
    elseif kind == "cdata" then
      local text = gsub(tostring(constant), "%D", "")
      return "64-bit and imaginary numbers such as 1LL and 1i are not available",
        line_of(source, text)
    elseif kind == "proto" then
      local problem, line = refused_constant(constant, source)
      if problem then
        return problem, line
      end
    end
    i = i - 1
  end
end

-- Compiles source text (never bytecode) for an environment. Returns the chunk, or nil and
-- "file:line: message".
function M.compile(source, file, env)
  if string.byte(source) == 27 then
    return nil, format("%s:1: this is bytecode; a script must be source text", file)
  end
  source = gsub(source, "^\239\187\191", "")
  source = gsub(source, "^#[^\n]*", "")
  local chunk, problem = load(source, "@" .. file, "t", env)
  if not chunk then
    return nil, problem
  end
  local refused, line = refused_constant(chunk, source)
  if refused then
    return nil, format("%s:%d: %s", file, line, refused)
  end
  return chunk
end

-- Raises `message` at the line of the script (`file`) that is running now, whatever trusted frames
-- lie in between. After a tail call there is no such line: then the file alone is named.
function M.raise(file, message)
  local source = "@" .. file
  local level = 2
  local info = getinfo(level, "Sl")
  while info do
    if info.source == source and info.currentline > 0 then
      error(format("%s:%d: %s", info.short_src, info.currentline, message), 0)
    end
    level = level + 1
    info = getinfo(level, "Sl")
  end
  error(format("%s: %s", file, message), 0)
end

return M
