-- The configuration that `hean run` uses when no file is given: the example strategies, in paper
-- mode, on a simulated market. Copy it to hean.lua to start one of your own; every key is shown
-- with its default. Secrets do not belong here: they are refused.

return {
  mode = "paper",            -- "live" also needs --live and LIVE_CONFIRM=YES
  seed = 1,                  -- of math.random in the scripts
  state_dir = "var/state",   -- what strategies save; relative to this file
  save_interval_s = 60,
  status_interval_s = 5,

  venue = {
    source = "exchange-sim", -- a venue of our own on this machine, over real sockets. "bybit":
                             -- symbols = { "BTCUSDT" }, network = "mainnet"; "sim": a market in
                             -- this process; "data" replays recordings: paths = { "folder" }
    seed = 1,
    speed = 1,               -- seconds of market time per second
    instruments = 4,         -- two perpetuals and two spot markets; exchange-sim: the perpetuals
    events_per_second = 200,
    funding_interval_s = 60, -- short, so that something is seen of it; 28800 is usual
  },

  paper = {
    latency_ms = 1,
    queue = "risk-averse",   -- "prob", "prob-log"
    -- maker_bps = 2, taker_bps = 5.5: else what the instrument says
  },

  script = { deadline_ms = 50, memory_mb = 64 },

  risk = {                   -- of every strategy; 0 is no limit
    max_position_lots = 0,
    max_position_usd = 0,
    max_order_usd = 0,
    max_open_orders = 100,
    max_orders_per_second = 1000,
    price_band_pct = 10,
    soft_drawdown_pct = 10,
    max_drawdown_pct = 20,
    max_rejects_in_row = 100,
  },

  strategies = {
    -- { file = , name = , params = { }, capital_usd = 10000, risk = { } }
    { file = "strategies/hello.lua" },
    { file = "strategies/market_maker.lua" },
    { file = "strategies/impulse.lua" },
    { file = "strategies/funding_harvester.lua" },
    { file = "strategies/basis_arbitrage.lua" },
  },
}
