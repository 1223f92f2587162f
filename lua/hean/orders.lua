-- orders.lua: ctx:buy, ctx:sell, ctx:amend, ctx:cancel, and the book of one's own open orders.
--
-- Invariants
--   * Prices and quantities leave as whole ticks and lots, or as NOT_ON_STEP, which the engine
--     refuses with price_not_on_tick or qty_not_on_lot; numbers too large for int64 leave as a
--     value that it refuses as out of range.
--   * An order is in `orders` and in `open` from ctx:buy until its final event; `open` is in order
--     of the ids.
--   * All arguments are checked before an intent is taken, so a failed call leaves nothing behind.
--
-- Knows nothing of fills, positions or the venue.

local binding = require "hean.binding"
local sandbox = require "hean.sandbox"
local words = require "hean.words"

local abs, floor = math.abs, math.floor
local rawnext, type = next, type
local safe_tostring = sandbox.tostring
local order_types, times_in_force = binding.order_types, binding.times_in_force
local NOT_ON_STEP, REDUCE_ONLY = binding.NOT_ON_STEP, binding.REDUCE_ONLY
local PLACE, AMEND = binding.intent_kinds.place, binding.intent_kinds.amend
local CANCEL = binding.intent_kinds.cancel
local UNITS_MAX = 9e18
local ID_MAX = 2 ^ 48 - 1
-- Unknown fields are looked for in the first orders only, below the count at which LuaJIT starts
-- to compile: it cannot compile the walk over a table's keys.
local ORDERS_CHECKED = 32

local takes_price = { limit = true, stop_limit = true }
local takes_trigger = { stop = true, stop_limit = true }
local final = { filled = true, cancelled = true, rejected = true }
local order_fields = {
  price = true, qty = true, type = true, trigger = true, tif = true, reduce_only = true,
  symbol = true,
}

local M = {}

-- The whole number of steps in a finite value. Half a millionth of a step off is the noise of
-- doubles; more is the script's mistake.
local function to_units(value, units_per)
  local units = value * units_per
  local whole = floor(units + 0.5)
  if whole > UNITS_MAX then
    return UNITS_MAX
  elseif whole < -UNITS_MAX then
    return -UNITS_MAX
  elseif abs(units - whole) > 1e-6 + abs(whole) * 1e-15 then
    return NOT_ON_STEP
  end
  return whole
end

local function add_placing(core, methods)
  local misuse, check_number, new_intent = core.misuse, core.check_number, core.new_intent
  local find_instrument = core.find_instrument
  local orders, open = core.orders, core.open
  local checked = 0

  local function check_fields(o, who)
    checked = checked + 1
    for key in rawnext, o do
      if not order_fields[key] then
        misuse("%s: unknown field '%s'%s", who, safe_tostring(key),
          words.did_you_mean(key, words.sorted(order_fields)))
      end
    end
  end

  local function choose(set, name, field, who)
    local number = set[name]
    if number == nil then
      misuse("%s: %s must be one of %s, got '%s'", who, field, words.one_of(set),
        safe_tostring(name))
    end
    return number
  end

  local function place(side, side_name, who, o)
    if type(o) ~= "table" then
      misuse("%s{...} expects a table with price and qty, got %s", who, type(o))
    end
    core.check_orders_allowed(who)
    if checked < ORDERS_CHECKED then
      check_fields(o, who)
    end
    local instrument = find_instrument(o.symbol, who)
    local type_name, tif_name, reduce_only = o.type or "limit", o.tif or "gtc", o.reduce_only
    local order_type = choose(order_types, type_name, "type", who)
    local tif = choose(times_in_force, tif_name, "tif", who)
    if reduce_only ~= nil and reduce_only ~= true and reduce_only ~= false then
      misuse("%s: reduce_only must be true or false, got %s", who, type(reduce_only))
    end
    local qty, price, trigger = check_number(o.qty, "qty", who), 0, 0
    if takes_price[type_name] then
      price = check_number(o.price, "price", who)
    end
    if takes_trigger[type_name] then
      trigger = check_number(o.trigger, "trigger", who)
    end
    local intent = new_intent(PLACE)
    local id = core.last_order + 1
    core.last_order = id
    intent.side, intent.order_type, intent.time_in_force = side, order_type, tif
    intent.flags = reduce_only and REDUCE_ONLY or 0
    intent.instrument = instrument.index - 1
    intent.order_id = id
    intent.price_ticks = to_units(price, instrument.ticks_per_unit)
    intent.trigger_ticks = to_units(trigger, instrument.ticks_per_unit)
    intent.qty_lots = to_units(qty, instrument.lots_per_unit)
    orders[id] = {
      id = id, symbol = instrument.symbol, side = side_name, type = type_name, tif = tif_name,
      price = price, qty = qty, filled = 0, status = "pending_new", reason = "none",
    }
    open[#open + 1] = id
    return id
  end

  function methods.buy(_, o)
    local id = place(1, "buy", "ctx:buy", o)
    return id
  end

  function methods.sell(_, o)
    local id = place(2, "sell", "ctx:sell", o)
    return id
  end
end

local function add_changing(core, methods)
  local misuse, check_number, new_intent = core.misuse, core.check_number, core.new_intent
  local orders, open, by_symbol = core.orders, core.open, core.by_symbol

  local function check_id(id, who)
    if type(id) ~= "number" then
      misuse("%s: the order id must be the number that ctx:buy or ctx:sell gave, got %s", who,
        type(id))
    end
    if not (id >= 1 and id <= ID_MAX) or id ~= floor(id) then
      misuse("%s: %s is not an order id", who, safe_tostring(id))
    end
    core.check_orders_allowed(who)
  end

  -- For an unknown order any instrument will do: the engine refuses the id.
  local function instrument_of(id)
    local order = orders[id]
    return order and by_symbol[order.symbol] or core.instruments[1]
  end

  -- In an intent 0 means "as it was"; a 0 that the script gives must be refused, as -1 is.
  local function amended(value, units_per)
    local units = to_units(value, units_per)
    return units == 0 and -1 or units
  end

  function methods.amend(_, id, o)
    check_id(id, "ctx:amend")
    if type(o) ~= "table" then
      misuse("ctx:amend(id, {...}) expects a table with price or qty, got %s", type(o))
    end
    local instrument, price, qty, ticks, lots = instrument_of(id), o.price, o.qty, 0, 0
    if price == nil and qty == nil then
      misuse("ctx:amend: give price, qty or both")
    end
    if price ~= nil then
      ticks = amended(check_number(price, "price", "ctx:amend"), instrument.ticks_per_unit)
    end
    if qty ~= nil then
      lots = amended(check_number(qty, "qty", "ctx:amend"), instrument.lots_per_unit)
    end
    local intent = new_intent(AMEND)
    intent.instrument = instrument.index - 1
    intent.order_id = id
    intent.price_ticks = ticks
    intent.qty_lots = lots
  end

  local function cancel(id)
    local instrument = instrument_of(id)
    local intent = new_intent(CANCEL)
    intent.instrument = instrument.index - 1
    intent.order_id = id
  end

  function methods.cancel(_, id)
    check_id(id, "ctx:cancel")
    cancel(id)
  end

  function methods.cancel_all(_, symbol)
    core.check_orders_allowed("ctx:cancel_all")
    local only = symbol ~= nil and core.find_instrument(symbol, "ctx:cancel_all").symbol or nil
    local count = 0
    for i = 1, #open do
      if only == nil or orders[open[i]].symbol == only then
        cancel(open[i])
        count = count + 1
      end
    end
    return count
  end
end

local function add_looking(core, methods)
  local orders, open, io = core.orders, core.open, core.io

  function methods.order(_, id)
    return orders[id]
  end

  function methods.orders()
    local list = {}
    for i = 1, #open do
      list[i] = orders[open[i]]
    end
    return list
  end

  local function remove_open(id)
    local count = #open
    for i = 1, count do
      if open[i] == id then
        for j = i, count do
          open[j] = open[j + 1]
        end
        return
      end
    end
  end

  -- An order that this VM did not place: it was there before a restart.
  local function found(id)
    return {
      id = id, symbol = core.names[io.instrument], side = binding.sides[io.side],
      type = "limit", tif = "gtc",
    }
  end

  -- The order of the ORDER event that is in io, as it now stands.
  function core.take_order()
    local id, status, reason = io.id, binding.order_statuses[io.status], binding.reasons[io.reason]
    local order = orders[id]
    if reason == "unknown_order" then
      order = found(id) -- the request was refused; an order of this id, if any, is as it was
    elseif order == nil then
      order = found(id)
      orders[id] = order
      open[#open + 1] = id
      core.last_order = id > core.last_order and id or core.last_order
    end
    order.status, order.reason = status, reason
    order.price, order.qty, order.filled = io.price, io.qty, io.filled
    if final[status] and orders[id] == order then
      orders[id] = nil
      remove_open(id)
    end
    return order
  end
end

function M.add(core, methods)
  core.orders, core.open, core.last_order = {}, {}, 0
  add_placing(core, methods)
  add_changing(core, methods)
  add_looking(core, methods)
end

return M
