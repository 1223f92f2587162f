-- context.lua: the ctx of a strategy, put together from orders, views and events.
--
-- Invariants
--   * The hot path (dispatch, ctx:buy, ctx:amend, ctx:cancel, ctx:book, ctx:position) calls no
--     C API function and creates no strings, so that LuaJIT compiles all of it.
--   * Misuse raises at the script's line and leaves no half-written intent behind.
--   * Nothing here depends on fields that a script may overwrite.
--
-- Knows the shared memory (binding.lua), not how it travels.

local binding = require "hean.binding"
local events = require "hean.events"
local orders = require "hean.orders"
local sandbox = require "hean.sandbox"
local views = require "hean.views"
local words = require "hean.words"

local find, floor, format, sub = string.find, math.floor, string.format, string.sub
local rawset, select, setmetatable, type = rawset, select, setmetatable, type
local copy, safe_tostring = binding.copy, sandbox.tostring
local INTENTS_MAX, TEXT_BYTES = binding.INTENTS_MAX, binding.TEXT_BYTES
local LOG_LINES_MAX, LOG_LINE_BYTES = binding.LOG_LINES_MAX, binding.LOG_LINE_BYTES
local SET_TIMER, LOG = binding.intent_kinds.set_timer, binding.intent_kinds.log
local TIMERS_MAX = 1024 -- the engine's limit too
local METRIC = binding.intent_kinds.metric

local M = {}

-- ---- what all parts share ----

-- 10^-2 as {1, 100}, so that ticks * 1 / 100 is the double nearest to the price.
local function fraction(mantissa, exponent10)
  if exponent10 < 0 then
    return mantissa, 10 ^ -exponent10
  end
  return mantissa * 10 ^ exponent10, 1
end

local function limit(units, num, den)
  return units > 0 and units * num / den or nil
end

-- From what the host says of an instrument: the numbers used here, and `public` for the script.
local function describe(raw, index)
  local tick_num, tick_den = fraction(raw.tick_mantissa, raw.tick_exponent10)
  local lot_num, lot_den = fraction(raw.lot_mantissa, raw.lot_exponent10)
  return {
    index = index, symbol = raw.symbol,
    inverse = binding.instrument_kinds[raw.kind] == "inverse",
    min_lots = raw.min_qty_lots, min_notional = raw.min_notional_e8 / 1e8,
    tick_num = tick_num, tick_den = tick_den, ticks_per_unit = tick_den / tick_num,
    lot_num = lot_num, lot_den = lot_den, lots_per_unit = lot_den / lot_num,
    public = {
      symbol = raw.symbol, kind = binding.instrument_kinds[raw.kind],
      tick = tick_num / tick_den, lot = lot_num / lot_den,
      min_qty = limit(raw.min_qty_lots, lot_num, lot_den),
      max_qty = limit(raw.max_qty_lots, lot_num, lot_den),
      min_price = limit(raw.min_price_ticks, tick_num, tick_den),
      max_price = limit(raw.max_price_ticks, tick_num, tick_den),
      min_notional = limit(raw.min_notional_e8, 1, 1e8),
      max_notional = limit(raw.max_notional_e8, 1, 1e8),
      maker_fee = raw.maker_fee_e8 / 1e8, taker_fee = raw.taker_fee_e8 / 1e8,
    },
  }
end

-- The core: instruments, checks and the next free intent.
local function new_core(host)
  local core = {
    host = host, io = host.io, instruments = {},
    by_symbol = {}, symbols = {}, -- of what the script may see
    names = {}, -- all symbols, by the instrument's number
    shown = {}, -- ctx.symbols: a copy, which is the script's
  }
  local io, by_symbol, symbols = core.io, core.by_symbol, core.symbols
  local only = nil -- the instrument that is meant where none is named
  for i, raw in ipairs(host.instruments) do
    core.instruments[i] = describe(raw, i)
    core.names[i] = raw.symbol
  end

  -- Shows the script these instruments (a list of numbers).
  function core.choose(numbers)
    for i = #symbols, 1, -1 do
      by_symbol[symbols[i]], symbols[i] = nil, nil
    end
    for i, number in ipairs(numbers) do
      local instrument = core.instruments[number]
      by_symbol[instrument.symbol], symbols[i] = instrument, instrument.symbol
      core.shown[i] = instrument.symbol
    end
    only = #numbers == 1 and core.instruments[numbers[1]] or nil
  end

  local function misuse(message, ...)
    sandbox.raise(host.file, format(message, ...))
  end
  core.misuse = misuse

  function core.find_instrument(symbol, who)
    if symbol == nil then
      if only then
        return only
      end
      misuse("%s: symbol is needed, because there are %d instruments (%s)", who, #symbols,
        words.excerpt(table.concat(symbols, ", "), 100))
    end
    local instrument = by_symbol[symbol]
    if instrument == nil then
      misuse("%s: there is no instrument '%s'%s (there are: %s)", who, safe_tostring(symbol),
        words.did_you_mean(symbol, symbols), words.excerpt(table.concat(symbols, ", "), 100))
    end
    return instrument
  end

  function core.check_number(value, name, who)
    if type(value) ~= "number" then
      misuse("%s: %s must be a number, got %s", who, name, type(value))
    end
    if value - value ~= 0 then
      misuse("%s: %s must be a finite number, got %s", who, name, safe_tostring(value))
    end
    return value
  end

  function core.check_orders_allowed(who)
    if io.orders_allowed == 0 then
      misuse("%s: only from on_start on, not while the script loads, restores or saves", who)
    end
  end

  function core.new_intent(kind)
    local n = io.intent_count
    if n >= INTENTS_MAX then
      misuse("more than %d orders, timers, log lines and metrics in one callback", INTENTS_MAX)
    end
    io.intent_count = n + 1
    local intent = io.intents[n]
    intent.kind, intent.side, intent.order_type, intent.time_in_force = kind, 0, 0, 0
    intent.flags, intent.reserved, intent.instrument, intent.order_id = 0, 0, 0, 0
    intent.price_ticks, intent.trigger_ticks, intent.qty_lots = 0, 0, 0
    intent.timer_ns, intent.value, intent.text_offset, intent.text_bytes = 0, 0, 0, 0
    return intent
  end
  return core
end

-- ---- log, metrics, timers ----

local function join(count, ...)
  local parts = { ... }
  for i = 1, count do
    parts[i] = safe_tostring(parts[i])
  end
  return table.concat(parts, " ", 1, count)
end

local function add_output(core, methods)
  local io, misuse, new_intent = core.io, core.misuse, core.new_intent

  local function write_text(intent, text)
    local offset = io.text_used
    copy(io.text + offset, text, #text)
    io.text_used = offset + #text
    intent.text_offset, intent.text_bytes = offset, #text
  end

  function core.log_line(level, text)
    if #text > LOG_LINE_BYTES then
      text = sub(text, 1, LOG_LINE_BYTES - 5) .. "[cut]"
    end
    if io.log_lines >= LOG_LINES_MAX or io.text_used + #text > TEXT_BYTES
      or io.intent_count >= INTENTS_MAX then
      io.log_dropped = io.log_dropped + 1
      return
    end
    io.log_lines = io.log_lines + 1
    local intent = new_intent(LOG)
    intent.side = level
    write_text(intent, text)
  end

  function methods.log(_, ...)
    core.log_line(binding.log_levels.info, join(select("#", ...), ...))
  end

  function methods.log_level(_, level, ...)
    local number = binding.log_levels[level]
    if number == nil then
      misuse("ctx:log_level: the level must be one of %s, got '%s'",
        words.one_of(binding.log_levels), safe_tostring(level))
    end
    core.log_line(number, join(select("#", ...), ...))
  end

  local good_names = {}
  function methods.metric(_, name, value)
    if not good_names[name] then
      if type(name) ~= "string" or #name > 64 or not find(name, "^[a-zA-Z_][a-zA-Z0-9_]*$") then
        misuse("ctx:metric: the name must be letters, digits and _ (at most 64), got '%s'",
          words.excerpt(safe_tostring(name), 64))
      end
      good_names[name] = true
    end
    core.check_number(value, "the value", "ctx:metric")
    if io.text_used + #name > TEXT_BYTES then
      misuse("ctx:metric: too much text in one callback")
    end
    local intent = new_intent(METRIC)
    intent.value = value
    write_text(intent, name)
  end
end

local function add_timers(core, methods)
  local misuse, timers, last_timer = core.misuse, {}, 0
  core.timers, core.timers_pending = timers, 0

  function methods.after(_, ms, tag)
    core.check_number(ms, "the delay", "ctx:after")
    if ms < 0 or ms > 3e12 then
      misuse("ctx:after: the delay must be from 0 to 3e12 ms, got %s", safe_tostring(ms))
    end
    if tag ~= nil and type(tag) ~= "string" and type(tag) ~= "number" then
      misuse("ctx:after: the tag must be a string or a number, got %s", type(tag))
    end
    if not core.callbacks.on_timer then
      misuse("ctx:after: the strategy has no on_timer")
    end
    core.check_orders_allowed("ctx:after")
    if core.timers_pending >= TIMERS_MAX then
      misuse("ctx:after: more than %d timers are pending", TIMERS_MAX)
    end
    local intent = core.new_intent(SET_TIMER)
    last_timer = last_timer + 1
    core.timers_pending = core.timers_pending + 1
    timers[last_timer] = tag ~= nil and tag -- false: a timer without a tag
    intent.order_id = last_timer
    intent.timer_ns = floor(ms * 1e6 + 0.5)
  end
end

-- ---- ctx ----

local function new_ctx(core, methods)
  local misuse = core.misuse
  setmetatable(methods, {
    __index = function(_, key)
      local known = words.sorted(methods)
      for _, name in ipairs { "now_ms", "params", "symbols" } do
        known[#known + 1] = name
      end
      misuse("ctx has no '%s'%s", safe_tostring(key), words.did_you_mean(key, known))
    end,
  })
  return setmetatable({ symbols = core.shown, now_ms = 0, params = {} }, {
    __index = methods,
    __newindex = function(_, key)
      misuse("ctx.%s cannot be set: keep your own state in locals of the script",
        safe_tostring(key))
    end,
    __metatable = "read-only",
  })
end

-- `host`: io, read_book, read_levels, read_position, equity, instruments (a list), file.
-- Returns ctx, log_line(level, text), choose(instruments), set_params(values) and
-- dispatchers(callbacks, interval_names).
function M.new(host)
  local core, methods = new_core(host), {}
  core.callbacks = {}
  add_output(core, methods)
  add_timers(core, methods)
  orders.add(core, methods)
  views.add(core, methods)
  core.ctx = new_ctx(core, methods)
  return {
    ctx = core.ctx, log_line = core.log_line,
    choose = core.choose,
    set_params = function(values)
      rawset(core.ctx, "params", views.fixed(core, "ctx.params", values))
    end,
    dispatchers = function(callbacks, interval_names)
      core.callbacks = callbacks
      return events.dispatchers(core, interval_names)
    end,
  }
end

return M
