-- json.lua: plain Lua tables as JSON text, the same text for the same table every time.
--
-- Invariants
--   * Keys come out sorted, so the text does not depend on the string hash.
--   * What JSON cannot carry faithfully (functions, cycles, NaN, infinity, mixed keys, text that
--     is not UTF-8) is refused with the path of the key, never changed silently.
--   * No metamethod of the caller's tables runs.
--
-- Knows nothing of strategies or configurations. Reading JSON is lua-cjson's part.

local floor, type, rawget, rawnext = math.floor, type, rawget, next
local byte, find, format, gsub = string.byte, string.find, string.format, string.gsub
local concat, sort = table.concat, table.sort

local M = { DEPTH_MAX = 32 }

local escapes = {
  ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r",
  ["\t"] = "\\t",
}

-- The length of the UTF-8 sequence that starts at `i` (RFC 3629: no overlong forms, no surrogates,
-- nothing above U+10FFFF), or nil.
local function utf8_sequence(s, i)
  local a, b, c, d = byte(s, i, i + 3)
  local function follows(x, low, high)
    return x ~= nil and x >= (low or 0x80) and x <= (high or 0xBF)
  end
  if a < 0x80 then
    return 1
  elseif a >= 0xC2 and a <= 0xDF then
    return follows(b) and 2 or nil
  elseif a >= 0xE0 and a <= 0xEF then
    local low = a == 0xE0 and 0xA0 or nil
    local high = a == 0xED and 0x9F or nil
    return follows(b, low, high) and follows(c) and 3 or nil
  elseif a >= 0xF0 and a <= 0xF4 then
    local low = a == 0xF0 and 0x90 or nil
    local high = a == 0xF4 and 0x8F or nil
    return follows(b, low, high) and follows(c) and follows(d) and 4 or nil
  end
  return nil
end

local function is_utf8(s)
  local i = find(s, "[\128-\255]")
  while i and i <= #s do
    local bytes = utf8_sequence(s, i)
    if not bytes then
      return false
    end
    i = find(s, "[\128-\255]", i + bytes)
  end
  return true
end

-- Names come again and again; a few are remembered.
local quoted, quoted_count = {}, 0

local function quote(s)
  return '"' .. gsub(s, '[%c"\\]', function(c)
    return escapes[c] or format("\\u%04x", byte(c))
  end) .. '"'
end

-- The shortest of the usual forms that reads back as the same number.
function M.number(value)
  if value == floor(value) and value > -2 ^ 53 and value < 2 ^ 53 then
    return format("%.0f", value)
  end
  local text = format("%.15g", value)
  if tonumber(text) ~= value then
    text = format("%.17g", value)
  end
  return text
end

local encode

local function encode_list(list, count, path, depth, seen)
  local parts = {}
  for i = 1, count do
    local text, problem = encode(rawget(list, i), format("%s[%d]", path, i), depth, seen)
    if not text then
      return nil, problem
    end
    parts[i] = text
  end
  return "[" .. concat(parts, ",") .. "]"
end

-- "name": as text, or nil if the name is not UTF-8.
local function quote_name(name)
  local text = quoted[name]
  if text == nil and is_utf8(name) then
    text = quote(name) .. ":"
    if quoted_count < 1000 then
      quoted[name], quoted_count = text, quoted_count + 1
    end
  end
  return text
end

-- Tables of the same make come one after the other: the last names as they came, and sorted.
local last_names, last_sorted = {}, {}

local function sorted_names(names)
  local same = #names == #last_names
  for i = 1, #names do
    same = same and names[i] == last_names[i]
  end
  if not same then
    last_names, last_sorted = names, {}
    for i = 1, #names do
      last_sorted[i] = names[i]
    end
    sort(last_sorted)
  end
  return last_sorted
end

local function encode_map(map, keys, path, depth, seen)
  keys = sorted_names(keys)
  local parts = {}
  for i = 1, #keys do
    local key = keys[i]
    local name, value = quote_name(key), rawget(map, key)
    local text, problem
    if not name then
      return nil, format("%s: the key is not UTF-8 text", path)
    elseif type(value) == "number" and value - value == 0 then
      text = seen.number(value) -- no path to write down
    else
      text, problem = encode(value, path == "" and key or path .. "." .. key, depth, seen)
    end
    if not text then
      return nil, problem
    end
    parts[i] = name .. text
  end
  return "{" .. concat(parts, ",") .. "}"
end

local function encode_table(value, path, depth, seen)
  local here = path == "" and "the table" or path
  if seen[value] then
    return nil, format("%s: the table contains itself", here)
  end
  if depth >= M.DEPTH_MAX then
    return nil, format("%s: nested deeper than %d tables", here, M.DEPTH_MAX)
  end
  local keys, numbers, highest = {}, 0, 0
  for key in rawnext, value do
    if type(key) == "string" then
      keys[#keys + 1] = key
    elseif type(key) == "number" and key >= 1 and key == floor(key) then
      numbers = numbers + 1
      highest = key > highest and key or highest
    else
      return nil, format("%s: a key is a %s; keys must be names, or 1, 2, 3 ...", here,
        type(key) == "number" and "number that is not 1, 2, 3 ..." or type(key))
    end
  end
  if numbers > 0 and #keys > 0 then
    return nil, format("%s: mixes names and numbers as keys; use one kind", here)
  end
  if highest ~= numbers then
    return nil, format("%s: the list has holes; use names as keys, such as tostring(id)", here)
  end
  seen[value] = true
  local text, problem
  if numbers > 0 then
    text, problem = encode_list(value, numbers, path, depth + 1, seen)
  else
    text, problem = encode_map(value, keys, path, depth + 1, seen)
  end
  seen[value] = nil
  return text, problem
end

-- Compiled, LuaJIT 2.1 beta 3 now and then counts a list's keys wrongly, one time in a hundred.
require("jit").off(encode_table)

function encode(value, path, depth, seen)
  local kind = type(value)
  if kind == "table" then
    return encode_table(value, path, depth, seen)
  elseif kind == "string" then
    if not is_utf8(value) then
      return nil, format("%s: the string is not UTF-8 text", path)
    end
    return quote(value)
  elseif kind == "number" then
    if value - value ~= 0 then
      return nil, format("%s: %s cannot be written as JSON", path, tostring(value))
    end
    return seen.number(value)
  elseif kind == "boolean" then
    return tostring(value)
  end
  return nil, format("%s: a %s cannot be written as JSON", path, kind)
end

-- Fifteen digits: a third of the work, for numbers that are measurements.
function M.measure(value)
  return format("%.15g", value)
end

-- The JSON text of a table; or nil and what is wrong, beginning with the path of the key. An empty
-- table is "{}". `number` writes the numbers; M.number by default.
function M.encode(value, path, number)
  return encode(value, path or "", 0, { number = number or M.number })
end

-- Takes lua-cjson's marker for null out of what it read: a script sees nil.
function M.without_null(value, null)
  if value == null then
    return nil
  end
  if type(value) == "table" then
    for key, item in rawnext, value do
      if item == null then
        value[key] = nil
      else
        M.without_null(item, null)
      end
    end
  end
  return value
end

return M
