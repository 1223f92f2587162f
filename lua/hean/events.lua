-- events.lua: from the event in the shared memory to the strategy's callback.
--
-- Invariants
--   * One function per kind of event, entered from C without arguments; each fills one reused
--     table and calls one callback. No allocation, no string creation, no C API.
--   * A kind without a callback has no function, so it costs nothing; orders are always followed.
--
-- Knows the numbers of binding.lua, nothing of intents.

local binding = require "hean.binding"
local views = require "hean.views"

local kinds, sides = binding.event_kinds, binding.sides

local M = {}
local make = {}

function make.on_book(core, ctx, on_book)
  local io, fill_book = core.io, core.fill_book
  return function()
    ctx.now_ms = io.now_ms
    on_book(ctx, fill_book(io.instrument))
  end
end

function make.on_trade(core, ctx, on_trade)
  local io, symbols = core.io, core.names
  local trade = views.fixed(core, "trade", {
    symbol = "", price = 0, qty = 0, side = "none", time_ms = 0, id = 0,
  })
  return function()
    ctx.now_ms = io.now_ms
    trade.symbol, trade.side = symbols[io.instrument], sides[io.side]
    trade.price, trade.qty, trade.time_ms, trade.id = io.price, io.qty, io.time_ms, io.id
    on_trade(ctx, trade)
  end
end

function make.on_bar(core, ctx, on_bar)
  local io, symbols, interval_names = core.io, core.names, core.interval_names
  local bar = views.fixed(core, "bar", {
    symbol = "", interval = "", time_ms = 0, start_ms = 0, open = 0, high = 0, low = 0, close = 0,
    volume = 0,
  })
  return function()
    local interval = interval_names[io.interval_ns]
    if interval == nil then
      return
    end
    ctx.now_ms = io.now_ms
    bar.symbol, bar.interval = symbols[io.instrument], interval
    bar.time_ms, bar.start_ms = io.time_ms, io.time_ms - io.interval_ns / 1e6
    bar.open, bar.high, bar.low, bar.close = io.open, io.high, io.low, io.close
    bar.volume = io.volume
    on_bar(ctx, bar)
  end
end

function make.on_quote(core, ctx, on_quote)
  local io, symbols = core.io, core.names
  local quote = views.fixed(core, "quote", {
    symbol = "", time_ms = 0, bid = 0, bid_qty = 0, ask = 0, ask_qty = 0,
  })
  return function()
    ctx.now_ms = io.now_ms
    quote.symbol, quote.time_ms = symbols[io.instrument], io.time_ms
    quote.bid, quote.bid_qty, quote.ask, quote.ask_qty = io.bid, io.bid_qty, io.ask, io.ask_qty
    on_quote(ctx, quote)
  end
end

-- 0 stands for "not given".
local function given(value)
  if value == 0 then
    return nil
  end
  return value
end

function make.on_mark(core, ctx, on_mark)
  local io, symbols = core.io, core.names
  local mark = views.fixed(core, "mark", { symbol = "", time_ms = 0, next_rate = 0 },
    "mark index last next_funding_ms open_interest")
  return function()
    ctx.now_ms = io.now_ms
    mark.symbol, mark.time_ms, mark.next_rate = symbols[io.instrument], io.time_ms, io.rate
    mark.mark, mark.index, mark.last = given(io.mark), given(io.index), given(io.last)
    mark.next_funding_ms = given(io.next_funding_ms)
    mark.open_interest = given(io.open_interest)
    on_mark(ctx, mark)
  end
end

function make.on_funding(core, ctx, on_funding)
  local io, symbols = core.io, core.names
  local funding = views.fixed(core, "funding", { symbol = "", time_ms = 0, rate = 0, paid = 0 },
    "mark")
  return function()
    ctx.now_ms = io.now_ms
    funding.symbol, funding.time_ms = symbols[io.instrument], io.time_ms
    funding.rate, funding.paid, funding.mark = io.rate, io.paid, given(io.mark)
    on_funding(ctx, funding)
  end
end

function make.on_connection(core, ctx, on_connection)
  local io = core.io
  local connection = views.fixed(core, "connection", { state = "down", time_ms = 0 })
  return function()
    ctx.now_ms = io.now_ms
    connection.state, connection.time_ms = binding.connection_states[io.state], io.time_ms
    on_connection(ctx, connection)
  end
end

function make.on_start(core, ctx, on_start)
  local io = core.io
  return function()
    ctx.now_ms = io.now_ms
    on_start(ctx)
  end
end

function make.on_timer(core, ctx, on_timer)
  local io, timers = core.io, core.timers
  return function()
    local tag = timers[io.tag]
    if tag == nil then
      return
    end
    timers[io.tag] = nil
    core.timers_pending = core.timers_pending - 1
    ctx.now_ms = io.now_ms
    on_timer(ctx, tag or nil)
  end
end

function make.on_order(core, ctx, on_order)
  local io, take_order = core.io, core.take_order
  return function()
    local order = take_order()
    ctx.now_ms = io.now_ms
    if on_order then
      on_order(ctx, order)
    end
  end
end

function make.on_fill(core, ctx, on_fill)
  local io, symbols = core.io, core.names
  local fill = views.fixed(core, "fill", {
    symbol = "", order_id = 0, side = "none", price = 0, qty = 0, fee = 0, realized = 0,
    maker = false, time_ms = 0,
  })
  return function()
    ctx.now_ms = io.now_ms
    fill.symbol, fill.side, fill.order_id = symbols[io.instrument], sides[io.side], io.id
    fill.price, fill.qty, fill.fee, fill.realized = io.price, io.qty, io.fee, io.realized
    fill.maker, fill.time_ms = io.maker ~= 0, io.time_ms
    on_fill(ctx, fill)
  end
end

-- The functions that C calls, by the number of the event's kind.
function M.dispatchers(core, interval_names)
  core.interval_names = interval_names
  local list = {}
  for name, number in pairs(kinds) do
    local callback = core.callbacks["on_" .. name]
    if callback or name == "order" then
      list[number] = make["on_" .. name](core, core.ctx, callback)
    end
  end
  return list
end

return M
