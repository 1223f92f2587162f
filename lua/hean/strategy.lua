-- strategy.lua: loads a strategy: runs its text in the sandbox, checks what it returns, sets its
-- parameters, and gives the host the functions to call.
--
-- Invariants
--   * Every mistake in the strategy's table is found when it loads, with the file and the key.
--   * The C host and hean.testing use this same file, so a spec sees what production sees.
--
-- Knows nothing of processes, files or JSON text beyond what the host hands in.

local binding = require "hean.binding"
local context = require "hean.context"
local json = require "hean.json"
local problems = require "hean.problems"
local sandbox = require "hean.sandbox"
local words = require "hean.words"

local floor, format, rawget, rawnext, type = math.floor, string.format, rawget, next, type
local fail, safe_tostring = problems.raise, sandbox.tostring

local M = {}

local NAME_BYTES_MAX = 47
local PARAMS_MAX = 64
local BARS_MAX = 16

-- callback -> the key of `subscribe` that it needs; true: always delivered.
local callbacks_known = {
  on_start = true, on_book = "book", on_trade = "trades", on_quote = "quotes", on_bar = "bars",
  on_mark = "marks", on_funding = "funding", on_timer = true, on_order = true, on_fill = true,
  on_connection = true, on_save = true, on_restore = true,
}
local subscribe_known = {
  book = "boolean", trades = "boolean", quotes = "boolean", marks = "boolean", funding = "boolean",
  bars = "table", symbols = "table",
}
local strategy_known = { name = true, params = true, subscribe = true, description = true }
local spec_known = {
  default = true, min = true, max = true, type = true, choices = true, doc = true,
}
local param_types = { number = true, integer = true, boolean = true, string = true }
local interval_units = { s = 1e9, m = 60e9, h = 3600e9, d = 86400e9 }

-- The names that are keys of a table of the script, in order; another kind of key is refused.
local function names_of(file, what, t)
  local names = {}
  for key in rawnext, t do
    if type(key) ~= "string" then
      fail("script", "%s: %s: a key is a %s, expected names", file, what, type(key))
    end
    names[#names + 1] = key
  end
  table.sort(names)
  return names
end

-- ---- the strategy's table ----

local function check_keys(file, strategy)
  local known = words.sorted(strategy_known)
  for name in rawnext, callbacks_known do
    known[#known + 1] = name
  end
  table.sort(known)
  for _, name in ipairs(known) do
    local value = rawget(strategy, name)
    if callbacks_known[name] and value ~= nil and type(value) ~= "function" then
      fail("script", "%s: %s must be a function, got %s", file, name, type(value))
    end
  end
  for _, key in ipairs(names_of(file, "the strategy", strategy)) do
    if not callbacks_known[key] and not strategy_known[key] then
      local meant = words.nearest(key, known)
      if meant or string.find(key, "^on_") then
        fail("script", "%s: unknown key '%s' in the strategy%s", file, words.excerpt(key, 64),
          meant and format("; did you mean '%s'?", meant) or "")
      end
    end
  end
end

local function strategy_name(file, strategy)
  local name = rawget(strategy, "name")
  if name == nil then
    name = string.gsub(string.match(file, "([^/]*)$"), "%.lua$", "")
    name = string.gsub(string.gsub(name, "[^%w_%-]", "_"), "^[_%-]+", "")
    return name == "" and "strategy" or string.sub(name, 1, NAME_BYTES_MAX)
  end
  if type(name) ~= "string" or not string.find(name, "^%w[%w_%-]*$") or #name > NAME_BYTES_MAX then
    fail("script", "%s: name must be 1 to %d letters, digits, _ or -, a letter or digit first, "
      .. "got '%s'", file, NAME_BYTES_MAX, words.excerpt(safe_tostring(name), 64))
  end
  return name
end

-- "5m" -> nanoseconds, or nil.
local function parse_interval(text)
  if type(text) ~= "string" then
    return nil
  end
  local count, unit = string.match(text, "^([1-9]%d?%d?%d?)([smhd])$")
  local interval = count and tonumber(count) * interval_units[unit]
  return interval and interval <= 7 * 86400e9 and interval or nil
end

local function check_bars(file, bars)
  local intervals, names = {}, {}
  for i, text in ipairs(bars) do
    local interval = parse_interval(text)
    if not interval then
      fail("script", "%s: subscribe.bars[%d] must be an interval such as \"1s\", \"5m\", \"1h\" or "
        .. "\"1d\" (at most 7d), got '%s'", file, i, words.excerpt(safe_tostring(text), 32))
    end
    if not names[interval] then
      intervals[#intervals + 1] = interval
      names[interval] = text
    end
  end
  if #intervals == 0 or #intervals > BARS_MAX then
    fail("script", "%s: subscribe.bars must list 1 to %d intervals such as { \"1m\" }", file,
      BARS_MAX)
  end
  return intervals, names
end

local function check_symbols(file, wanted, instruments)
  local symbols, available = {}, {}
  for i, instrument in ipairs(instruments) do
    available[i] = instrument.symbol
    symbols[instrument.symbol] = i
  end
  local list = {}
  for i, symbol in ipairs(wanted) do
    if not symbols[symbol] then
      fail("script", "%s: subscribe.symbols[%d]: there is no instrument '%s'%s (there are: %s)",
        file, i, words.excerpt(safe_tostring(symbol), 32), words.did_you_mean(symbol, available),
        words.excerpt(table.concat(available, ", "), 100))
    end
    list[i] = symbols[symbol]
  end
  if #list == 0 then
    fail("script", "%s: subscribe.symbols must list symbols, or be left out for all", file)
  end
  return list
end

local function check_subscribe(file, strategy)
  local subscribe = rawget(strategy, "subscribe")
  if subscribe == nil then
    subscribe = {}
  end
  if type(subscribe) ~= "table" then
    fail("script", "%s: subscribe must be a table such as { book = true }, got %s", file,
      type(subscribe))
  end
  for _, key in ipairs(names_of(file, "subscribe", subscribe)) do
    local value, expected = rawget(subscribe, key), subscribe_known[key]
    if not expected then
      fail("script", "%s: unknown key '%s' in subscribe%s", file, words.excerpt(key, 64),
        words.did_you_mean(key, words.sorted(subscribe_known)))
    elseif type(value) ~= expected then
      fail("script", "%s: subscribe.%s must be %s, got %s", file, key,
        expected == "table" and "a list" or "true or false", type(value))
    end
  end
  for _, name in ipairs(words.sorted(callbacks_known)) do
    local key = callbacks_known[name]
    if key ~= true and rawget(strategy, name) and not rawget(subscribe, key) then
      fail("script", "%s: %s would never be called: add %s to subscribe", file, name,
        key == "bars" and "bars = { \"1m\" }" or key .. " = true")
    end
  end
  return subscribe
end

-- ---- parameters ----

local function expectation(spec, kind)
  if spec.choices then
    local parts = {}
    for i, choice in ipairs(spec.choices) do
      parts[i] = safe_tostring(choice)
    end
    return "one of " .. table.concat(parts, ", ")
  end
  local low, high = spec.min, spec.max
  local text = kind == "boolean" and "true or false" or kind
  if low and high then
    return format("%s from %s to %s", text, json.number(low), json.number(high))
  elseif low then
    return format("%s of at least %s", text, json.number(low))
  elseif high then
    return format("%s of at most %s", text, json.number(high))
  end
  return text
end

local function fits(value, spec, kind)
  local value_type = kind == "integer" and "number" or kind
  if type(value) ~= value_type then
    return false
  end
  if value_type == "number" then
    if value - value ~= 0 or (kind == "integer" and value ~= floor(value))
      or (spec.min and value < spec.min) or (spec.max and value > spec.max) then
      return false
    end
  end
  if spec.choices then
    for _, choice in ipairs(spec.choices) do
      if choice == value then
        return true
      end
    end
    return false
  end
  return true
end

-- The kind of a parameter; fails if its spec makes no sense.
local function check_spec(file, name, spec)
  if type(spec) ~= "table" then
    fail("script", "%s: params.%s must be a table such as { default = 10, min = 1, max = 100 }, "
      .. "got %s", file, name, type(spec))
  end
  for _, key in ipairs(names_of(file, "params." .. name, spec)) do
    if not spec_known[key] then
      fail("script", "%s: unknown key '%s' in params.%s%s", file, words.excerpt(key, 64), name,
        words.did_you_mean(key, words.sorted(spec_known)))
    end
  end
  local kind = spec.type or type(spec.default)
  if spec.default == nil or not param_types[kind] then
    fail("script", "%s: params.%s needs a default that is a number, true or false, or a string, "
      .. "and a type of %s", file, name, words.one_of(param_types))
  end
  for _, key in ipairs { "min", "max" } do
    local bound = spec[key]
    if bound ~= nil and (type(bound) ~= "number" or bound ~= bound
        or (kind ~= "number" and kind ~= "integer")) then
      fail("script", "%s: params.%s.%s must be a number, and is for numbers only", file, name, key)
    end
  end
  if spec.choices ~= nil and (type(spec.choices) ~= "table" or #spec.choices == 0) then
    fail("script", "%s: params.%s.choices must be a list of values", file, name)
  end
  if not fits(spec.default, spec, kind) then
    fail("script", "%s: params.%s: the default %s is not %s", file, name,
      words.excerpt(safe_tostring(spec.default), 32), expectation(spec, kind))
  end
  return kind
end

local function value_text(value)
  return words.excerpt(json.encode(value) or type(value), 48)
end

-- Returns the values in force and their description for the host.
local function check_params(file, strategy, overrides)
  local specs = rawget(strategy, "params")
  if specs == nil then
    specs = {}
  end
  if type(specs) ~= "table" then
    fail("script", "%s: params must be a table, got %s", file, type(specs))
  end
  local values, list, names = {}, {}, {}
  for _, name in ipairs(names_of(file, "params", specs)) do
    if not string.find(name, "^[%a_][%w_]*$") or #name > NAME_BYTES_MAX then
      fail("script", "%s: params: '%s' is not a name (letters, digits and _)", file,
        words.excerpt(name, 64))
    end
    local spec = rawget(specs, name)
    local kind = check_spec(file, name, spec)
    local value = spec.default
    if overrides[name] ~= nil then
      value = overrides[name]
      if not fits(value, spec, kind) then
        fail("range", "parameter %s is %s; expected %s", name, value_text(value),
          expectation(spec, kind))
      end
    end
    values[name] = value
    names[#names + 1] = name
    list[#list + 1] = {
      name = name, text = value_text(value), expected = words.excerpt(expectation(spec, kind), 90),
    }
  end
  if #list > PARAMS_MAX then
    fail("script", "%s: more than %d params", file, PARAMS_MAX)
  end
  for name in sandbox.pairs(overrides) do
    if values[name] == nil then
      fail("not_found", "unknown parameter '%s'%s (%s)", words.excerpt(safe_tostring(name), 64),
        words.did_you_mean(name, names), #names == 0 and "the strategy has none"
          or "there are: " .. words.excerpt(table.concat(names, ", "), 200))
    end
  end
  return values, list
end

-- ---- loading ----

local function run_chunk(file, source, env)
  local chunk, message = sandbox.compile(source, file, env)
  if not chunk then
    fail("script", "%s", message)
  end
  local strategy = chunk()
  if type(strategy) ~= "table" then
    fail("script", "%s: must end with `return strategy`, a table; it returned %s", file,
      type(strategy))
  end
  return strategy
end

local function decode(host, text, what)
  local ok, value = pcall(host.decode, text)
  if not ok or type(value) ~= "table" then
    fail("range", "%s must be a JSON object", what)
  end
  return json.without_null(value, host.null)
end

local function all_numbers(list)
  local numbers = {}
  for i = 1, #list do
    numbers[i] = i
  end
  return numbers
end

local function kinds_of(callbacks)
  local kinds = 0
  for name, number in rawnext, binding.event_kinds do
    if callbacks["on_" .. name] or name == "order" or name == "fill" or name == "funding" then
      kinds = kinds + 2 ^ number
    end
  end
  return kinds
end

local function load_strategy(host, made, env)
  local file = host.file
  local strategy = run_chunk(file, host.source, env)
  check_keys(file, strategy)
  local info = { name = strategy_name(file, strategy), intervals = {} }
  local subscribe = check_subscribe(file, strategy)
  local interval_names = {}
  if rawget(strategy, "on_bar") then
    info.intervals, interval_names = check_bars(file, subscribe.bars)
  end
  if subscribe.symbols then
    info.symbols = check_symbols(file, subscribe.symbols, host.instruments)
  end
  made.choose(info.symbols or all_numbers(host.instruments))
  local overrides = host.params and decode(host, host.params, "the parameters") or {}
  local values, list = check_params(file, strategy, overrides)
  local callbacks = {}
  for name in rawnext, callbacks_known do
    callbacks[name] = rawget(strategy, name)
  end
  made.set_params(values)
  info.params, info.kinds, info.saves = list, kinds_of(callbacks), callbacks.on_save ~= nil
  info.dispatchers = made.dispatchers(callbacks, interval_names)
  return info, callbacks
end

-- `host`: io, read_book, read_levels, read_position, equity (see binding.attach); file, source,
-- seed, instruments; params and saved (JSON texts or nil); decode and null (lua-cjson's).
-- Returns load(), restore() and save(), for protected calls, and the string functions for
-- sandbox.lock_strings.
function M.new(host)
  local made = context.new(host)
  local env, strings = sandbox.new(function(text)
    made.log_line(binding.log_levels.info, text)
  end, host.seed)
  local callbacks = {}

  -- Errors are those of the script, or problems (problems.lua).
  local function load()
    local info
    info, callbacks = load_strategy(host, made, env)
    return info
  end

  local function restore()
    if host.saved and callbacks.on_restore then
      callbacks.on_restore(made.ctx, decode(host, host.saved, "the saved state"))
    end
  end

  -- The JSON text of what on_save returned; nil if there is no on_save or it returned nothing.
  local function save()
    local value = callbacks.on_save and callbacks.on_save(made.ctx)
    if value == nil then
      return nil
    end
    if type(value) ~= "table" then
      fail("script", "%s: on_save must return a table or nothing, got %s", host.file, type(value))
    end
    local text, problem = json.encode(value, "saved")
    if not text then
      fail("script", "%s: on_save: %s", host.file, problem)
    end
    return text
  end

  return { load = load, restore = restore, save = save, strings = strings }
end

return M
