-- binding.lua: the memory that the C core and the trusted Lua share, and the names of its numbers.
--
-- Invariants
--   * The cdef below and core/script/binding.h describe the same bytes; script_vm_open compares the
--     sizes and tests/unit/vm_test.c every offset and every name.
--   * All that a script may ever see of it are Lua numbers, booleans and strings: no cdata leaves
--     the trusted files.
--
-- Knows nothing of strategies: context.lua and strategy.lua give it meaning.

local ffi = require "ffi"

ffi.cdef [[
typedef struct script_level { double price, qty; } script_level;

typedef struct script_intent {
    uint8_t kind, side, order_type, time_in_force, flags, reserved;
    uint16_t instrument;
    int64_t order_id, price_ticks, trigger_ticks, qty_lots, timer_ns;
    double value;
    uint32_t text_offset, text_bytes;
} script_intent;

typedef struct script_io {
    double now_ms, time_ms;
    int32_t instrument, side, status, reason, state, maker;
    double id, price, qty, filled, fee, realized;
    double open, high, low, close, volume, interval_ns;
    double bid, bid_qty, ask, ask_qty, mid, spread;
    double mark, index, last, rate, next_funding_ms, open_interest, paid, tag;
    double position_qty, position_price, position_realized, position_unrealized, position_fees,
        position_funding;
    int32_t intent_count, text_used, log_lines, log_dropped, orders_allowed, level_count;
    void *vm;
    void (*read_book)(void *vm, int32_t instrument);
    void (*read_levels)(void *vm, int32_t instrument, int32_t side, int32_t count);
    void (*read_position)(void *vm, int32_t instrument);
    double (*equity)(void *vm);
    script_level levels[200];
    script_intent intents[64];
    char text[65536];
} script_io;
]]

local M = {
  LEVELS_MAX = 200,
  INTENTS_MAX = 64,
  TEXT_BYTES = 65536,
  LOG_LINES_MAX = 32, -- per callback, so that chatter never costs a strategy its orders
  LOG_LINE_BYTES = 1024,
  -- "This number cannot be an order's price or quantity": the engine refuses it with its reason.
  NOT_ON_STEP = -2 ^ 63,
}

-- Numbers of the public header, in its order.
M.event_kinds = {
  book = 1, trade = 2, bar = 3, quote = 4, mark = 5, funding = 6, connection = 7,
  start = 8, timer = 9, order = 10, fill = 11,
}
M.intent_kinds = { place = 1, amend = 2, cancel = 3, set_timer = 4, log = 5, metric = 6 }
M.order_types = { limit = 0, market = 1, stop = 2, stop_limit = 3 }
M.times_in_force = { gtc = 0, ioc = 1, fok = 2, post_only = 3 }
M.log_levels = { debug = 0, info = 1, warn = 2, error = 3 }
M.REDUCE_ONLY = 1
M.sides = { [0] = "none", "buy", "sell" }
M.order_statuses = {
  [0] = "none", "pending_new", "open", "partly_filled", "pending_cancel", "filled", "cancelled",
  "rejected", "unknown",
}
M.connection_states = { [0] = "down", "up", "ready" }
M.instrument_kinds = { [0] = "linear", "spot", "inverse" }
M.reasons = {
  [0] = "none", "invalid_intent", "unknown_instrument", "unknown_order", "duplicate_order",
  "price_not_on_tick", "price_out_of_range", "qty_not_on_lot", "qty_too_small", "qty_too_large",
  "notional_too_small", "notional_too_large", "post_only_would_take", "fok_not_fillable",
  "ioc_remainder", "no_liquidity", "reduce_only", "risk_max_position", "risk_max_notional",
  "risk_max_open_orders", "risk_order_rate", "risk_price_band", "risk_state",
  "cancelled_by_strategy", "cancelled_by_host", "venue", "no_reference_price",
  "insufficient_balance",
}

-- The shared memory of a C host, and its questions as plain functions of an instrument's number.
function M.attach(pointer)
  local io = ffi.cast("script_io *", pointer)
  local function read_book(instrument)
    io.read_book(io.vm, instrument)
  end
  local function read_levels(instrument, side, count)
    io.read_levels(io.vm, instrument, side, count)
  end
  local function read_position(instrument)
    io.read_position(io.vm, instrument)
  end
  local function equity()
    return io.equity(io.vm)
  end
  return {
    io = io, read_book = read_book, read_levels = read_levels, read_position = read_position,
    equity = equity,
  }
end

-- The same memory without a host, for hean.testing.
function M.create()
  return ffi.new("script_io")
end

-- For the host's check that both sides mean the same bytes.
function M.layout(field)
  if field == nil then
    return ffi.sizeof("script_io"), ffi.sizeof("script_intent")
  end
  return ffi.offsetof("script_io", field)
end

function M.intent_layout(field)
  return ffi.offsetof("script_intent", field)
end

M.copy = ffi.copy
M.string = ffi.string

return M
