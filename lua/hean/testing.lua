-- testing.lua: runs a strategy under busted, without a host: feed events, look at its intents.
--
--     local testing = require "hean.testing"
--     local run = testing.load("strategies/hello.lua", { params = { lines = 2 } })
--     run:start()
--     run:trade { price = 100, qty = 1, side = "buy" }
--     local intents = run:take()          -- { { kind = "place", side = "buy", price = ... } }
--     run:fill(intents[1].id)             -- wholly, at its own price
--     assert.equal(1, run:position().qty)
--
-- The strategy is loaded by the same sandbox.lua and strategy.lua as in production, so it sees the
-- same environment and the same errors. The venue here accepts every order on a whole tick and lot,
-- and fills nothing until the spec says so.
--
-- Shape of the options of testing.load (all may be left out):
--   params       { name = value }
--   instruments  list of { symbol, tick, lot, kind, maker_fee, taker_fee, min_qty, max_qty };
--                one "TEST" with tick 0.01 and lot 0.001 by default
--   capital      in quote currency, 10000 by default
--   seed         of math.random, 1 by default
--   now_ms       the time of the first event
--   saved        the table that on_restore gets
--   source       the strategy's text, instead of what is in the file

local binding = require "hean.binding"
local cjson = require "cjson"
local json = require "hean.json"
local problems = require "hean.problems"
local sandbox = require "hean.sandbox"
local strategy = require "hean.strategy"

local M = {}
local Run = {}
Run.__index = Run

local kinds = binding.event_kinds

local function number_of(names, name, what)
  for number, known in pairs(names) do
    if known == name then
      return number
    end
  end
  error(string.format("unknown %s '%s'", what, tostring(name)), 3)
end

local function names_of(numbers)
  local names = {}
  for name, number in pairs(numbers) do
    names[number] = name
  end
  return names
end
local type_names, tif_names = names_of(binding.order_types), names_of(binding.times_in_force)
local level_names = names_of(binding.log_levels)

-- ---- instruments ----

-- 0.01 -> 1, -2
local function decimal(value)
  local text = string.gsub(string.format("%.12f", value), "%.?0+$", "")
  local whole, fraction = string.match(text, "^(%d+)%.?(%d*)$")
  return tonumber(whole .. fraction), -#fraction
end

local function new_instrument(given)
  local raw = {
    symbol = given.symbol or "TEST",
    kind = number_of(binding.instrument_kinds, given.kind or "linear", "kind of instrument"),
    min_price_ticks = 0, max_price_ticks = 0, min_notional_e8 = 0, max_notional_e8 = 0,
    maker_fee_e8 = (given.maker_fee or 0) * 1e8, taker_fee_e8 = (given.taker_fee or 0) * 1e8,
  }
  raw.tick_mantissa, raw.tick_exponent10 = decimal(given.tick or 0.01)
  raw.lot_mantissa, raw.lot_exponent10 = decimal(given.lot or 0.001)
  local lot = raw.lot_mantissa * 10 ^ raw.lot_exponent10
  raw.min_qty_lots = math.floor((given.min_qty or 0) / lot + 0.5)
  raw.max_qty_lots = math.floor((given.max_qty or 0) / lot + 0.5)
  return raw
end

local function from_units(units, mantissa, exponent10)
  units = tonumber(units)
  if exponent10 < 0 then
    return units * mantissa / 10 ^ -exponent10
  end
  return units * mantissa * 10 ^ exponent10
end

local function price_of(raw, ticks)
  return from_units(ticks, raw.tick_mantissa, raw.tick_exponent10)
end

local function qty_of(raw, lots)
  return from_units(lots, raw.lot_mantissa, raw.lot_exponent10)
end

-- ---- positions: average cost, as engine/portfolio.h, in doubles ----

local function value_of(raw, price, qty)
  return binding.instrument_kinds[raw.kind] == "inverse" and -qty / price or qty * price
end

local function apply_fill(raw, position, signed_qty, price, fee)
  local closing = 0
  if position.qty * signed_qty < 0 then
    closing = math.min(math.abs(position.qty), math.abs(signed_qty))
  end
  local direction = position.qty > 0 and 1 or -1
  local realized = closing == 0 and 0
    or direction * (value_of(raw, price, closing) - value_of(raw, position.price, closing))
  local opened, held = math.abs(signed_qty) - closing, math.abs(position.qty) - closing
  if opened > 0 then
    local total = value_of(raw, price, opened)
    if held > 0 then
      total = total + value_of(raw, position.price, held)
    end
    local all = opened + held
    position.price = binding.instrument_kinds[raw.kind] == "inverse" and -all / total
      or total / all
  end
  position.qty = position.qty + signed_qty
  if math.abs(position.qty) < 1e-12 then
    position.qty, position.price = 0, 0
  end
  position.realized, position.fees = position.realized + realized, position.fees + fee
  return realized
end

local function unrealized(self, i)
  local position, book, raw = self.positions[i], self.books[i], self.instruments[i]
  local bid, ask = book.bids[1], book.asks[1]
  local mark = bid and ask and (bid[1] + ask[1]) / 2 or self.last[i]
  if position.qty == 0 or not mark then
    return 0
  end
  local gain = value_of(raw, mark, 1) - value_of(raw, position.price, 1)
  return position.qty * gain
end

-- ---- the questions of context.lua ----

local function questions(self)
  local io = self.io
  return {
    io = io,
    read_book = function(i)
      local book = self.books[i]
      local bid, ask = book.bids[1], book.asks[1]
      io.bid, io.bid_qty = bid and bid[1] or 0, bid and bid[2] or 0
      io.ask, io.ask_qty = ask and ask[1] or 0, ask and ask[2] or 0
      if bid and ask then
        local raw = self.instruments[i]
        local tick = price_of(raw, 1)
        local ticks = math.floor(ask[1] / tick + 0.5) - math.floor(bid[1] / tick + 0.5)
        io.mid, io.spread = (bid[1] + ask[1]) / 2, price_of(raw, ticks)
      end
      io.time_ms = book.time_ms
    end,
    read_levels = function(i, side, count)
      local levels = side == 0 and self.books[i].bids or self.books[i].asks
      io.level_count = math.min(count, #levels)
      for n = 1, io.level_count do
        io.levels[n - 1].price, io.levels[n - 1].qty = levels[n][1], levels[n][2]
      end
    end,
    read_position = function(i)
      local position = self.positions[i]
      io.position_qty, io.position_price = position.qty, position.price
      io.position_realized, io.position_unrealized = position.realized, unrealized(self, i)
      io.position_fees, io.position_funding = position.fees, position.funding
    end,
    equity = function()
      local sum = self.capital
      for i, position in ipairs(self.positions) do
        sum = sum + position.realized + unrealized(self, i) - position.fees + position.funding
      end
      return sum
    end,
  }
end

-- ---- calls into the strategy ----

-- As the host does it: the sandbox's string functions, and the problem's own words.
local function protected(self, fn)
  local unlock = sandbox.lock_strings(self.made.strings)
  local ok, value = pcall(fn)
  unlock()
  if not ok then
    local _, message = problems.read(value)
    error(message or (type(value) == "string" and value)
      or string.format("the error value is a %s, expected a message", type(value)), 0)
  end
  return value
end

local function read_intent(self, intent)
  local raw = self.instruments[intent.instrument + 1]
  local id = tonumber(intent.order_id)
  local read = { kind = names_of(binding.intent_kinds)[intent.kind], id = id }
  local function price(units)
    units = tonumber(units)
    return units ~= binding.NOT_ON_STEP and price_of(raw, units) or nil
  end
  local lots = tonumber(intent.qty_lots)
  if read.kind == "place" or read.kind == "amend" then
    read.symbol = raw.symbol
    read.price, read.trigger = price(intent.price_ticks), price(intent.trigger_ticks)
    read.qty = lots ~= binding.NOT_ON_STEP and qty_of(raw, lots) or nil
  end
  if read.kind == "place" then
    read.side, read.type = binding.sides[intent.side], type_names[intent.order_type]
    read.tif = tif_names[intent.time_in_force]
    read.reduce_only = intent.flags == binding.REDUCE_ONLY
    read.off_step = read.price == nil and "price_not_on_tick"
      or read.qty == nil and "qty_not_on_lot" or nil
  elseif read.kind == "set_timer" then
    read.due_ms = self.now_ms + tonumber(intent.timer_ns) / 1e6
  end
  return read
end

-- Takes what the last callback wrote: texts to logs and metrics, timers and orders to the venue.
local function collect(self)
  local io = self.io
  for n = 0, io.intent_count - 1 do
    local intent = io.intents[n]
    local read = read_intent(self, intent)
    local text = binding.string(io.text + intent.text_offset, intent.text_bytes)
    if read.kind == "log" then
      table.insert(self.logs, text)
      table.insert(self.log_levels, level_names[intent.side])
    elseif read.kind == "metric" then
      self.metrics[text] = intent.value
    elseif read.kind == "set_timer" then
      table.insert(self.timers, read)
    else
      table.insert(self.taken, read)
      table.insert(self.unanswered, read)
    end
  end
  if io.log_dropped > 0 then
    table.insert(self.logs, string.format("%d more log lines were dropped", io.log_dropped))
    table.insert(self.log_levels, "warn")
  end
  io.intent_count, io.text_used, io.log_lines, io.log_dropped = 0, 0, 0, 0
end

local function dispatch(self, kind)
  local fn = self.info.dispatchers[kinds[kind]]
  self.io.now_ms = self.now_ms
  self.io.orders_allowed = 1
  if fn then
    protected(self, fn)
  end
  collect(self)
end

local function find_instrument(self, symbol)
  for i, raw in ipairs(self.instruments) do
    if raw.symbol == symbol or symbol == nil and #self.instruments == 1 then
      return i
    end
  end
  error(string.format("there is no instrument '%s'", tostring(symbol)), 3)
end

-- ---- the venue ----

local function order_event(self, order, status, reason)
  local io = self.io
  order.status = status
  io.instrument, io.side = order.instrument, number_of(binding.sides, order.side, "side")
  io.id, io.price, io.qty, io.filled = order.id, order.price, order.qty, order.filled
  io.status = number_of(binding.order_statuses, status, "order status")
  io.reason = number_of(binding.reasons, reason or "none", "reason")
  io.time_ms = self.now_ms
  if status == "filled" or status == "cancelled" or status == "rejected" then
    self.open[order.id] = nil
  end
  dispatch(self, "order")
end

local function answer(self, intent)
  if intent.kind == "place" then
    local order = {
      id = intent.id, instrument = find_instrument(self, intent.symbol), side = intent.side,
      symbol = intent.symbol, price = intent.price or 0, qty = intent.qty or 0, filled = 0,
      type = intent.type,
    }
    self.open[order.id] = order
    order_event(self, order, intent.off_step and "rejected" or "open", intent.off_step)
    return
  end
  local order = self.open[intent.id]
  if not order then
    return
  end
  if intent.kind == "cancel" then
    order_event(self, order, "cancelled", "cancelled_by_strategy")
  else
    order.price = intent.price ~= 0 and intent.price or order.price
    order.qty = intent.qty ~= 0 and intent.qty or order.qty
    order_event(self, order, order.filled > 0 and "partly_filled" or "open")
  end
end

local function feed(self, kind)
  dispatch(self, kind)
  local rounds = 0
  while #self.unanswered > 0 do
    rounds = rounds + 1
    if rounds > 1000 then
      error("the strategy answers every answer with another order", 3)
    end
    answer(self, table.remove(self.unanswered, 1))
  end
end

local function begin(self, values, symbol)
  local i = find_instrument(self, symbol or values.symbol)
  self.now_ms = values.now_ms or self.now_ms
  self.io.instrument = i
  self.io.time_ms = values.time_ms or self.now_ms
  return self.io, i
end

-- ---- events ----

-- on_start. Call it once, first.
function Run:start()
  self.io.time_ms = self.now_ms
  feed(self, "start")
end

-- { bid, ask, bid_qty = 1, ask_qty = 1 }, or { bids = { { price, qty }, ... }, asks = ... } from
-- the best outwards; symbol where there are several instruments.
function Run:book(values)
  local io, i = begin(self, values)
  local book = self.books[i]
  book.bids = values.bids or values.bid and { { values.bid, values.bid_qty or 1 } } or {}
  book.asks = values.asks or values.ask and { { values.ask, values.ask_qty or 1 } } or {}
  book.time_ms = io.time_ms
  self.host.read_book(i)
  feed(self, "book")
end

-- { price, qty, side = "buy" or "sell" (the taker's), id }
function Run:trade(values)
  local io, i = begin(self, values)
  io.side = number_of(binding.sides, values.side or "buy", "side")
  io.price, io.qty, io.id = values.price, values.qty or 1, values.id or 0
  self.last[i] = values.price
  feed(self, "trade")
end

-- { bid, ask, bid_qty, ask_qty }; it is the book too, until the first book event.
function Run:quote(values)
  local io, i = begin(self, values)
  local book = self.books[i]
  io.bid, io.bid_qty = values.bid, values.bid_qty or 1
  io.ask, io.ask_qty = values.ask, values.ask_qty or 1
  book.bids, book.asks = { { io.bid, io.bid_qty } }, { { io.ask, io.ask_qty } }
  book.time_ms = io.time_ms
  feed(self, "quote")
end

-- { open, high, low, close, volume, interval = "1m" }; what is left out is the close.
function Run:bar(values)
  local io, i = begin(self, values)
  local count, unit = string.match(values.interval or "1m", "^(%d+)([smhd])$")
  io.interval_ns = tonumber(count) * ({ s = 1e9, m = 60e9, h = 3600e9, d = 86400e9 })[unit]
  io.close = values.close
  io.open, io.high = values.open or values.close, values.high or values.close
  io.low, io.volume = values.low or values.close, values.volume or 1
  self.last[i] = values.close
  feed(self, "bar")
end

-- { mark, index, last, next_rate, next_funding_ms, open_interest }
function Run:mark(values)
  local io, i = begin(self, values)
  io.mark, io.index, io.last = values.mark or 0, values.index or 0, values.last or 0
  io.rate, io.next_funding_ms = values.next_rate or 0, values.next_funding_ms or 0
  io.open_interest = values.open_interest or 0
  self.last[i] = values.mark or self.last[i]
  feed(self, "mark")
end

-- { rate, mark }: a settlement; the position pays or receives.
function Run:funding(values)
  local io, i = begin(self, values)
  local position = self.positions[i]
  io.rate, io.mark = values.rate, values.mark or self.last[i] or 0
  io.paid = 0
  if position.qty ~= 0 then
    local value = math.abs(value_of(self.instruments[i], io.mark, position.qty))
    io.paid = -values.rate * value * (position.qty > 0 and 1 or -1)
  end
  position.funding = position.funding + io.paid
  feed(self, "funding")
end

-- "down", "up" or "ready"
function Run:connection(state)
  self.io.state = number_of(binding.connection_states, state, "state")
  self.io.time_ms = self.now_ms
  feed(self, "connection")
end

-- Lets time pass; timers that fall due fire in their order.
function Run:wait(ms)
  local until_ms = self.now_ms + ms
  while true do
    local first
    for i, timer in ipairs(self.timers) do
      if timer.due_ms <= until_ms and (not first or timer.due_ms < self.timers[first].due_ms) then
        first = i
      end
    end
    if not first then
      break
    end
    local timer = table.remove(self.timers, first)
    self.now_ms = timer.due_ms
    self.io.tag, self.io.time_ms = timer.id, timer.due_ms
    feed(self, "timer")
  end
  self.now_ms = until_ms
end

-- ---- one's own orders ----

local function own_order(self, id)
  return self.open[id] or error(string.format("order %s is not open", tostring(id)), 3)
end

-- Fills an open order; { qty, price, maker, fee } default to all of it, its own price (of a market
-- order: the best of the other side), a resting order, and the instrument's fee.
function Run:fill(id, values)
  values = values or {}
  local order, io = own_order(self, id), self.io
  local i = order.instrument
  local raw, book = self.instruments[i], self.books[i]
  local qty = values.qty or order.qty - order.filled
  local best = (order.side == "buy" and book.asks or book.bids)[1]
  local price = values.price or (order.price ~= 0 and order.price) or (best and best[1])
    or self.last[i] or error("the fill needs a price", 2)
  local maker = values.maker
  if maker == nil then
    maker = order.type == "limit"
  end
  local rate = (maker and raw.maker_fee_e8 or raw.taker_fee_e8) / 1e8
  local fee = values.fee or rate * math.abs(value_of(raw, price, qty))
  local realized = apply_fill(raw, self.positions[i], order.side == "buy" and qty or -qty, price,
    fee)
  order.filled = order.filled + qty
  order_event(self, order, order.filled >= order.qty - 1e-12 and "filled" or "partly_filled")
  io.instrument, io.side = i, number_of(binding.sides, order.side, "side")
  io.id, io.price, io.qty, io.fee, io.realized = id, price, qty, fee, realized
  io.maker, io.time_ms = maker and 1 or 0, self.now_ms
  feed(self, "fill")
end

-- The venue refuses or ends an open order.
function Run:reject(id, reason)
  order_event(self, own_order(self, id), "rejected", reason or "venue")
  feed(self, "none")
end

function Run:cancelled(id, reason)
  order_event(self, own_order(self, id), "cancelled", reason or "cancelled_by_host")
  feed(self, "none")
end

-- ---- what the spec looks at ----

-- The orders, amendments and cancellations since the last call, as plain tables.
function Run:take()
  local taken = self.taken
  self.taken = {}
  return taken
end

-- The orders that are open at the venue, in order of their ids.
function Run:orders()
  local list = {}
  for _, order in pairs(self.open) do
    list[#list + 1] = order
  end
  table.sort(list, function(a, b)
    return a.id < b.id
  end)
  return list
end

function Run:position(symbol)
  local i = find_instrument(self, symbol)
  local position = self.positions[i]
  return {
    qty = position.qty, avg_price = position.price, realized = position.realized,
    unrealized = unrealized(self, i), fees = position.fees, funding = position.funding,
  }
end

function Run:equity()
  return self.host.equity()
end

-- What on_save gives, as it comes back after a restart; nil if it saves nothing.
function Run:save()
  self.io.orders_allowed = 0
  local text = protected(self, self.made.save)
  collect(self)
  return text and cjson.decode(text) or nil
end

-- ---- loading ----

local function read_file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function encode(value, what)
  return value and (json.encode(value, what) or error(select(2, json.encode(value, what)), 3))
end

-- Loads a strategy; raises what the host would report.
function M.load(file, options)
  options = options or {}
  local self = setmetatable({
    io = binding.create(), instruments = {}, books = {}, positions = {}, last = {}, open = {},
    timers = {}, taken = {}, unanswered = {}, capital = options.capital or 10000,
    now_ms = options.now_ms or 1700000000000,
    logs = {}, log_levels = {}, metrics = {},
  }, Run)
  for i, given in ipairs(options.instruments or { {} }) do
    self.instruments[i] = new_instrument(given)
    self.books[i] = { bids = {}, asks = {}, time_ms = 0 }
    self.positions[i] = { qty = 0, price = 0, realized = 0, fees = 0, funding = 0 }
  end
  local host = questions(self)
  self.host = host
  host.file, host.source = file, options.source or read_file(file)
  host.seed, host.instruments = options.seed or 1, self.instruments
  host.params, host.saved = encode(options.params, "params"), encode(options.saved, "saved")
  host.decode, host.null = cjson.decode, cjson.null
  self.made = strategy.new(host)
  self.info = protected(self, self.made.load)
  protected(self, self.made.restore)
  collect(self)
  self.name = self.info.name
  return self
end

return M
