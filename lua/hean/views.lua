-- views.lua: what a script may look at: books, positions, instruments, and their rounding.
--
-- Invariants
--   * One table per instrument and kind, filled anew at each call: nothing is allocated.
--   * A field that does not exist raises at the script's line with the name that was meant.
--
-- Knows nothing of orders.

local binding = require "hean.binding"
local sandbox = require "hean.sandbox"
local words = require "hean.words"

local abs, ceil, floor, max = math.abs, math.ceil, math.floor, math.max
local setmetatable, type = setmetatable, type
local safe_tostring = sandbox.tostring
local LEVELS_MAX = binding.LEVELS_MAX

local M = {}

-- A table with a fixed set of fields; those named in `optional` may be nil.
function M.fixed(core, name, fields, optional)
  local known = words.sorted(fields)
  for field in string.gmatch(optional or "", "%S+") do
    known[#known + 1] = field
  end
  local is_known = {}
  for _, field in ipairs(known) do
    is_known[field] = true
  end
  return setmetatable(fields, {
    __index = function(_, field)
      if not is_known[field] then
        core.misuse("%s has no '%s'%s", name, safe_tostring(field),
          words.did_you_mean(field, known))
      end
    end,
    __metatable = "read-only",
  })
end

local function check_level(core, i, who)
  if type(i) ~= "number" or not (i >= 1 and i <= LEVELS_MAX) or i ~= floor(i) then
    core.misuse("%s: the level must be a whole number from 1 to %d, got %s", who, LEVELS_MAX,
      safe_tostring(i))
  end
end

local side_numbers = { bid = 0, ask = 1 }

local function new_book(core, instrument)
  local io, read_levels, index = core.io, core.host.read_levels, instrument.index
  local lists, rows = { bid = {}, ask = {} }, { bid = {}, ask = {} }
  local view = { symbol = instrument.symbol, time_ms = 0 }

  local function read(side, count, who)
    local number = side_numbers[side]
    if number == nil then
      core.misuse("%s: the side must be 'bid' or 'ask', got '%s'", who, safe_tostring(side))
    end
    check_level(core, count, who)
    read_levels(index, number, count)
    return io.level_count
  end

  function view.level(_, side, i)
    if read(side, i, "book:level") < i then
      return nil, nil
    end
    local level = io.levels[i - 1]
    return level.price, level.qty
  end

  function view.depth(_, side, count)
    local levels, list, own = read(side, count, "book:depth"), lists[side], rows[side]
    for i = 1, levels do
      local row, level = own[i], io.levels[i - 1]
      if row == nil then
        row = { price = 0, qty = 0 }
        own[i] = row
      end
      row.price, row.qty = level.price, level.qty
      list[i] = row
    end
    for i = #list, levels + 1, -1 do
      list[i] = nil
    end
    return list
  end
  return M.fixed(core, "book", view, "bid ask bid_qty ask_qty mid spread")
end

local function add_books(core, methods)
  local io, read_book, find_instrument = core.io, core.host.read_book, core.find_instrument
  local books = {}
  core.books = books
  for i, instrument in ipairs(core.instruments) do
    books[i] = new_book(core, instrument)
  end

  -- From the numbers that are in io; an empty side has a quantity of 0.
  local function fill_book(index)
    local view = books[index]
    local bid, ask, bid_qty, ask_qty = io.bid, io.ask, io.bid_qty, io.ask_qty
    view.time_ms = io.time_ms
    if bid_qty > 0 and ask_qty > 0 then
      view.bid, view.bid_qty, view.ask, view.ask_qty = bid, bid_qty, ask, ask_qty
      view.mid, view.spread = io.mid, io.spread
    else
      view.bid, view.bid_qty = bid_qty > 0 and bid or nil, bid_qty > 0 and bid_qty or nil
      view.ask, view.ask_qty = ask_qty > 0 and ask or nil, ask_qty > 0 and ask_qty or nil
      view.mid, view.spread = nil, nil
    end
    return view
  end
  core.fill_book = fill_book

  function methods.book(_, symbol)
    local index = find_instrument(symbol, "ctx:book").index
    read_book(index)
    local view = fill_book(index)
    return view
  end
end

local function add_positions(core, methods)
  local io, read_position, find_instrument = core.io, core.host.read_position, core.find_instrument
  local positions = {}
  for i, symbol in ipairs(core.names) do
    positions[i] = M.fixed(core, "position", {
      symbol = symbol, qty = 0, avg_price = 0, realized = 0, unrealized = 0, fees = 0, funding = 0,
    })
  end

  function methods.position(_, symbol)
    local index = find_instrument(symbol, "ctx:position").index
    local position = positions[index]
    read_position(index)
    position.qty, position.avg_price = io.position_qty, io.position_price
    position.realized, position.unrealized = io.position_realized, io.position_unrealized
    position.fees, position.funding = io.position_fees, io.position_funding
    return position
  end

  function methods.equity()
    local equity = core.host.equity()
    return equity
  end
end

local function add_rounding(core, methods)
  local check_number, find_instrument = core.check_number, core.find_instrument

  function methods.instrument(_, symbol)
    local instrument = find_instrument(symbol, "ctx:instrument")
    return instrument.public
  end

  function methods.round_price(_, price, side, symbol)
    local instrument = find_instrument(symbol, "ctx:round_price")
    local ticks = check_number(price, "the price", "ctx:round_price") * instrument.ticks_per_unit
    if side == "buy" then
      ticks = floor(ticks + 1e-6)
    elseif side == "sell" then
      ticks = -floor(1e-6 - ticks)
    elseif side == nil then
      ticks = floor(ticks + 0.5)
    else
      core.misuse("ctx:round_price: the side must be 'buy', 'sell' or nil, got '%s'",
        safe_tostring(side))
    end
    return ticks * instrument.tick_num / instrument.tick_den
  end

  function methods.round_qty(_, qty, symbol)
    local instrument = find_instrument(symbol, "ctx:round_qty")
    check_number(qty, "the quantity", "ctx:round_qty")
    local lots = floor(abs(qty) * instrument.lots_per_unit + 1e-6)
    if qty < 0 and lots > 0 then -- no -0
      lots = -lots
    end
    return lots * instrument.lot_num / instrument.lot_den
  end

  function methods.qty_for(_, notional, price, symbol)
    local instrument = find_instrument(symbol, "ctx:qty_for")
    check_number(notional, "the notional", "ctx:qty_for")
    check_number(price, "the price", "ctx:qty_for")
    if not (notional > 0 and price > 0) then
      core.misuse("ctx:qty_for: notional and price must be above 0, got %s and %s",
        safe_tostring(notional), safe_tostring(price))
    end
    local per_lot = instrument.lots_per_unit
    if not instrument.inverse then
      per_lot = per_lot / price
    end
    local lots = floor(notional * per_lot + 1e-6)
    lots = max(lots, instrument.min_lots, ceil(instrument.min_notional * per_lot - 1e-6), 1)
    return lots * instrument.lot_num / instrument.lot_den
  end
end

function M.add(core, methods)
  add_books(core, methods)
  add_positions(core, methods)
  add_rounding(core, methods)
end

return M
