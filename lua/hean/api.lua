---@meta
-- api.lua: the manual of the strategy interface, for readers and for editors (LuaLS annotations).
--
-- Nothing here runs. What it says is done by context.lua, orders.lua, views.lua and events.lua and
-- held to it by spec/hean/strategy_spec.lua.
--
-- A STRATEGY is a Lua file that returns a table:
--
--     local strategy = {
--       name = "impulse",                    -- letters, digits, _ and -; else the file's name
--       params = { lookback = { default = 50, min = 5, max = 500, type = "integer" } },
--       subscribe = { book = true, trades = true, bars = { "1m" } },
--     }
--     function strategy.on_trade(ctx, trade) ... end
--     return strategy
--
-- WHAT A SCRIPT HAS. Lua 5.1 with the libraries string, table, math, bit and coroutine, and the
-- base functions. It has no files, network, processes, clock, `require`, `load`, `debug`, `ffi` or
-- bytecode; libraries cannot be changed; weak tables and 64-bit literals (1LL) are refused.
-- The same data, parameters and seed give the same run: `pairs` and `next` go through whole
-- numbers, other numbers, strings, false, true, each in order (a table or a function as a key is an
-- error for them); tostring shows no addresses; math.random is seeded by the host. For long tables
-- use pairs or ipairs: `next` searches the whole table at each step.
--
-- TABLES THAT ARE HANDED TO CALLBACKS ARE REUSED: copy what you keep.
-- TIMES are milliseconds since the Unix epoch, with a fraction. PRICES and QUANTITIES are numbers
-- in the instrument's units: 2681.62, 0.003.
--
-- MISTAKES. A wrong argument raises an error at your line and stops the strategy. An order that is
-- well-formed but refused by a filter, the risk gate or the venue comes back to on_order with the
-- status "rejected" and a reason. One callback may send at most 64 orders, timers, log lines and
-- metrics together; it must end within its deadline (50 ms by default) and the strategy must stay
-- within its memory (64 MiB by default).

---@class Strategy
---@field name? string
---@field description? string
---@field params? table<string, ParamSpec>
---@field subscribe? Subscribe
---@field on_start? fun(ctx: Ctx) # once, before any other event
---@field on_book? fun(ctx: Ctx, book: Book) # after each message that changed the book; needs book
---@field on_trade? fun(ctx: Ctx, trade: Trade) # needs trades
---@field on_quote? fun(ctx: Ctx, quote: Quote) # needs quotes
---@field on_bar? fun(ctx: Ctx, bar: Bar) # needs bars
---@field on_mark? fun(ctx: Ctx, mark: Mark) # needs marks
---@field on_funding? fun(ctx: Ctx, funding: Funding) # needs funding
---@field on_timer? fun(ctx: Ctx, tag: string|number|nil)
---@field on_order? fun(ctx: Ctx, order: Order) # a change of one's own order
---@field on_fill? fun(ctx: Ctx, fill: Fill) # an execution; the position already has it
---@field on_connection? fun(ctx: Ctx, connection: Connection)
---@field on_save? fun(ctx: Ctx): table|nil # plain data, which the host keeps
---@field on_restore? fun(ctx: Ctx, saved: table) # what on_save gave, before on_start

---A callback without its subscription is an error; a subscription without a callback is ignored.
---@class Subscribe
---@field book? boolean
---@field trades? boolean
---@field quotes? boolean
---@field marks? boolean
---@field funding? boolean
---@field bars? string[] # "1s", "5m", "1h", "1d": built from trades, or from shorter bars
---@field symbols? string[] # the only instruments the strategy sees; all if absent

---Set from outside by `--set name=value` or the configuration.
---@class ParamSpec
---@field default number|boolean|string
---@field type? "number"|"integer"|"boolean"|"string" # that of the default if absent
---@field min? number
---@field max? number
---@field choices? any[]
---@field doc? string

---@class Ctx
---@field params table<string, any> # the values in force
---@field symbols string[] # of the instruments, in the host's order
---@field now_ms number # engine time: when the host received the event
local Ctx = {}

---Sends a buy order; returns its id at once. The answer comes to on_order.
---@param order OrderRequest
---@return integer id
function Ctx:buy(order) end

---@param order OrderRequest
---@return integer id
function Ctx:sell(order) end

---`symbol` may be left out where there is one instrument.
---@class OrderRequest
---@field qty number
---@field price? number # limit and stop_limit
---@field type? "limit"|"market"|"stop"|"stop_limit" # "limit" by default
---@field trigger? number # stop and stop_limit: sent once this price trades
---@field tif? "gtc"|"ioc"|"fok"|"post_only" # "gtc" by default
---@field reduce_only? boolean # never opens or turns a position
---@field symbol? string

---Changes an open order; give the new price, the new total quantity or both.
---@param id integer
---@param change { price?: number, qty?: number }
function Ctx:amend(id, change) end

---Asks to cancel an order. One that has ended meanwhile is answered with "unknown_order".
---@param id integer
function Ctx:cancel(id) end

---Asks to cancel all open orders, or those of one symbol; returns how many.
---@param symbol? string
---@return integer count
function Ctx:cancel_all(symbol) end

---Calls on_timer with the tag after `ms` of engine time. At most 1024 timers may be pending.
---@param ms number
---@param tag? string|number
function Ctx:after(ms, tag) end

---The order book as it is now (one table per instrument, reused).
---@param symbol? string
---@return Book
function Ctx:book(symbol) end

---What is held, from the fills so far (one table per instrument, reused).
---@param symbol? string
---@return Position
function Ctx:position(symbol) end

---Capital and results so far, with open positions at the mid price.
---@return number
function Ctx:equity() end

---@param symbol? string
---@return Instrument
function Ctx:instrument(symbol) end

---An order of one's own that has not ended; nil otherwise.
---@param id integer
---@return Order|nil
function Ctx:order(id) end

---A new list of one's own open orders, oldest first.
---@return Order[]
function Ctx:orders() end

---A price on the tick: down for "buy", up for "sell", else to the nearest.
---@param price number
---@param side? "buy"|"sell"
---@param symbol? string
---@return number
function Ctx:round_price(price, side, symbol) end

---A quantity on the lot, towards zero.
---@param qty number
---@param symbol? string
---@return number
function Ctx:round_qty(qty, symbol) end

---The quantity that is worth `notional` at a price, on the lot, at least the smallest order.
---@param notional number
---@param price number
---@param symbol? string
---@return number
function Ctx:qty_for(notional, price, symbol) end

---Writes a line at level info; values are joined by blanks. A line has at most 1024 bytes; a
---callback at most 32 lines, the rest is counted and dropped. `print` does the same with tabs.
---@param ... any
function Ctx:log(...) end

---@param level "debug"|"info"|"warn"|"error"
---@param ... any
function Ctx:log_level(level, ...) end

---Sets a metric of the strategy; letters, digits and _.
---@param name string
---@param value number
function Ctx:metric(name, value) end

---An empty side has nil in its fields, and mid and spread are nil then.
---@class Book
---@field symbol string
---@field time_ms number # venue time of the last change
---@field bid? number
---@field bid_qty? number
---@field ask? number
---@field ask_qty? number
---@field mid? number
---@field spread? number
local Book = {}

---The i-th level from the best outwards, 1 to 200; nothing where there is none.
---@param side "bid"|"ask"
---@param i integer
---@return number|nil price
---@return number|nil qty
function Book:level(side, i) end

---Up to `count` levels (at most 200) as a reused list of { price, qty }.
---@param side "bid"|"ask"
---@param count integer
---@return { price: number, qty: number }[]
function Book:depth(side, count) end

---@class Trade
---@field symbol string
---@field price number
---@field qty number
---@field side "buy"|"sell"|"none" # the taker's
---@field time_ms number
---@field id number # the venue's number, 0 if none

---@class Quote
---@field symbol string
---@field bid number
---@field bid_qty number
---@field ask number
---@field ask_qty number
---@field time_ms number

---@class Bar
---@field symbol string
---@field interval string # as subscribed
---@field start_ms number
---@field time_ms number # the end of the interval
---@field open number
---@field high number
---@field low number
---@field close number
---@field volume number

---@class Mark
---@field symbol string
---@field mark? number
---@field index? number
---@field last? number
---@field next_rate number # forecast of the next settlement; longs pay when positive
---@field next_funding_ms? number
---@field open_interest? number
---@field time_ms number

---@class Funding
---@field symbol string
---@field rate number # longs pay when positive
---@field mark? number # the price it was settled at
---@field paid number # what the strategy received; negative if it paid
---@field time_ms number

---@class Connection
---@field state "down"|"up"|"ready"
---@field time_ms number

---@alias OrderStatus
---| "pending_new"
---| "open"
---| "partly_filled"
---| "pending_cancel"
---| "filled" # final, as are the next two
---| "cancelled"
---| "rejected"
---| "unknown" # the venue did not answer; it will be asked

---@class Order
---@field id integer
---@field symbol string
---@field side "buy"|"sell"
---@field type string
---@field tif string
---@field price number # 0 of a market order
---@field qty number # as ordered
---@field filled number # so far
---@field status OrderStatus
---@field reason string # "none", or why it was refused or ended; the codes are in hean.h

---@class Fill
---@field order_id integer
---@field symbol string
---@field side "buy"|"sell"
---@field price number
---@field qty number
---@field fee number # positive is a cost
---@field realized number # without fees
---@field maker boolean
---@field time_ms number

---@class Position
---@field symbol string
---@field qty number # negative is short
---@field avg_price number # 0 when flat
---@field realized number # without fees and funding
---@field unrealized number
---@field fees number
---@field funding number # received, negative if paid

---Limits that do not apply are nil.
---@class Instrument
---@field symbol string
---@field kind "linear"|"spot"|"inverse"
---@field tick number
---@field lot number
---@field maker_fee number # as a fraction; negative is a rebate
---@field taker_fee number
---@field min_qty? number
---@field max_qty? number
---@field min_price? number
---@field max_price? number
---@field min_notional? number
---@field max_notional? number

return {}
