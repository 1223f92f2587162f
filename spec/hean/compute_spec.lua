-- The functions of the built-in processes: real work on a snapshot and the ledger.

local function load(name)
  return assert(loadfile("lua/hean/compute/" .. name .. ".lua"))()
end

local snapshot = {
  sources = { balances = "API", earn_products = "API", campaigns = "UNKNOWN" },
  balances = { { coin = "USDT", wallet = 1000, locked = 100 }, { coin = "BTC", wallet = 0.5 },
    { coin = "USDC", wallet = 50 }, { coin = "ETH", wallet = 0 } },
  positions = { { symbol = "ETHUSDT", side = "Sell", value = 2000, settle_coin = "BTC" } },
  earn_products = {
    { product_id = "flex_usdt", coin = "USDT", apr = 0.05, min_stake = 1, status = "Available" },
    { product_id = "fixed_usdt", coin = "USDT", apr = 0.054, min_stake = 1, term_days = 30,
      status = "Available" },
    { product_id = "closed", coin = "USDT", apr = 0.5, status = "NotAvailable" },
    { product_id = "large", coin = "USDC", apr = 0.06, min_stake = 1000, status = "Available" },
    { product_id = "flex_btc", coin = "BTC", apr = 0.01, status = "Available" } },
  funding = { { symbol = "ETHUSDT", rate = 0.001, interval_hours = 8 },
    { symbol = "SOLUSDT", rate = -0.0008, interval_hours = 4 },
    { symbol = "XRPUSDT", rate = 0.0001, interval_hours = 8 },
    { symbol = "NEWUSDT", rate = 0.01, interval_hours = 8 } },
  fees = { { symbol = "ETHUSDT", maker = 0.0002, taker = 0.00055 },
    { symbol = "SOLUSDT", maker = 0.0002, taker = 0.00055 },
    { symbol = "XRPUSDT", maker = 0.0002, taker = 0.00055 } },
  tickers = { { symbol = "ETHUSDT", bid = 2499.5, ask = 2500.5 },
    { symbol = "SOLUSDT", bid = 99.99, ask = 100.01 },
    { symbol = "XRPUSDT", bid = 0.4999, ask = 0.5001 } },
}

describe("capital_parking", function()
  local run = load "capital_parking"

  it("proposes the best product for what is idle above the reserve", function()
    local result = run { snapshot = snapshot, params = { reserve_fraction = 0.4 } }
    assert.equal(1, #result.outputs.proposals)
    local proposal = result.outputs.proposals[1]
    assert.equal("flex_usdt", proposal.product_id) -- 5 % now beats nine tenths of 5.4 %
    assert.near(540, proposal.amount, 1e-9)
    assert.near(27, proposal.yearly, 1e-9)
    assert.near(27 / 365, result.opportunities[1].expected_profit_usd, 1e-12)
  end)

  it("says why it skipped the others", function()
    local reasons = {}
    for _, skipped in ipairs(run({ snapshot = snapshot }).outputs.skipped) do
      reasons[skipped.coin] = skipped.reason
    end
    assert.same({ BTC = "backs an open position", USDC = "no product takes it",
      ETH = "nothing idle" }, reasons)
  end)

  it("never proposes more than a product takes", function()
    local result = run { snapshot = { balances = { { coin = "USDT", wallet = 1000 } },
      earn_products = { { product_id = "a", coin = "USDT", apr = 0.1, max_stake = 200,
        status = "Available" } } } }
    assert.equal(200, result.outputs.proposals[1].amount)
  end)
end)

describe("funding_monitor", function()
  local run = load "funding_monitor"

  it("counts fees and spread against what funding pays", function()
    local result = run { snapshot = snapshot, params = { notional_usd = 1000, holds = 3 } }
    local rates = result.outputs.rates
    assert.equal("ETHUSDT", rates[1].symbol)
    assert.equal("short", rates[1].side)
    assert.near(1.1 + 0.4, rates[1].cost, 1e-9)
    assert.near(3 - 1.5, rates[1].net, 1e-9)
    assert.equal("long", rates[2].side)
    assert.near(2.4 - 1.3, rates[2].net, 1e-9)
    assert.near(0.0008 * 8760 / 4, rates[2].yearly, 1e-12)
    assert.is_true(rates[3].net < 0)
    assert.equal(2, #result.opportunities)
    assert.near(24, result.opportunities[1].time_hours, 1e-9)
    assert.near(0.512, result.opportunities[1].confidence, 1e-12)
  end)

  it("does not take an unknown cost for zero", function()
    assert.same({ "NEWUSDT" }, run({ snapshot = snapshot }).outputs.unknown)
  end)

  it("shows what open positions are about to receive", function()
    local due = run({ snapshot = snapshot }).outputs.due
    assert.equal(1, #due)
    assert.near(2, due[1].receives, 1e-12) -- a short receives when the rate is positive
  end)
end)

describe("fee_slippage_monitor", function()
  local run = load "fee_slippage_monitor"

  it("flags by what the ledger says", function()
    local symbols = run({ snapshot = snapshot, ledger = {
      { symbol = "ETHUSDT", pnl = 10, fees = 12, net = -2, estimated = 0 },
      { symbol = "SOLUSDT", pnl = 10, fees = 1, net = 9, estimated = 2 },
      { symbol = "XRPUSDT", pnl = -3, fees = 1, net = -4, estimated = 0 },
      { symbol = "", pnl = 0, fees = 0, net = -1 } } }).outputs.symbols
    assert.equal(3, #symbols)
    assert.equal("XRPUSDT", symbols[1].symbol)
    assert.same({ "losing_before_fees" }, symbols[1].flags)
    assert.same({ "profit_illusion", "fee_drag" }, symbols[2].flags)
    assert.near(1.2, symbols[2].fee_drag, 1e-12)
    assert.same({ "estimated_fees" }, symbols[3].flags)
    assert.near(11 + 4, symbols[2].round_trip_bps, 1e-9)
  end)
end)

describe("execution_optimizer", function()
  local run = load "execution_optimizer"

  it("saves what would have been filled resting", function()
    local result = run { snapshot = snapshot, params = { fill_probability = 0.5 }, executions = {
      { symbol = "ETHUSDT", value = 1000, fee = 0.55, maker = false },
      { symbol = "ETHUSDT", value = 3000, fee = 0.6, maker = true },
      { symbol = "NEWUSDT", value = 100, fee = 0.1, maker = false } } }
    local row = result.outputs.symbols[1]
    assert.equal("ETHUSDT", row.symbol)
    assert.near(0.75, row.maker_share, 1e-12)
    assert.near(1.15 / 4000 * 1e4, row.paid_bps, 1e-9)
    assert.near(1000 * 0.5 * 0.00035, row.saving, 1e-12)
    assert.is_nil(result.outputs.symbols[2].saving)
    assert.equal(1, #result.opportunities)
  end)

  it("has nothing to say without executions", function()
    assert.same({}, run({ snapshot = snapshot }).outputs.symbols)
  end)
end)

describe("campaign_checklist", function()
  local run = load "campaign_checklist"

  it("asks for what the snapshot does not know, then for announcements", function()
    local result = run { snapshot = { sources = { campaigns = "UNKNOWN", balances = "API" },
      announcements = { { title = "Quiz", url = "https://example.org/q", type = "latest_activities",
        ends_at = "2026-12-01" }, { title = "Old", type = "delistings" } } } }
    assert.equal(2, #result.outputs.checklist)
    assert.equal("Enter campaigns by hand", result.outputs.checklist[1].title)
    assert.equal("ends 2026-12-01", result.outputs.checklist[2].why)
  end)

  it("is short, and counts what it left out", function()
    local announcements = {}
    for i = 1, 9 do
      announcements[i] = { title = "a" .. i, type = "new_crypto" }
    end
    local result = run { snapshot = { announcements = announcements } }
    assert.equal(5, #result.outputs.checklist)
    assert.equal(4, result.outputs.dropped)
  end)
end)

describe("opportunity_scanner", function()
  local run = load "opportunity_scanner"

  local function opportunity(id, profit, more)
    local row = { id = id, source = "TRADING", expected_profit_usd = profit, time_hours = 2,
      risk_factor = 2, complexity = 1, confidence = 0.5 }
    for key, value in pairs(more or {}) do
      row[key] = value
    end
    return row
  end

  it("ranks by profit times confidence over hours, risk and complexity", function()
    local ranked = run({ opportunities = { opportunity("b", 8), opportunity("a", 8),
      opportunity("c", 9), opportunity("d", 100, { complexity = 50 }) } }).outputs.ranked
    assert.equal("c", ranked[1].id)
    assert.near(9 * 0.5 / 4, ranked[1].score, 1e-12)
    assert.equal("a", ranked[2].id) -- among equals by id
    assert.equal("d", ranked[4].id)
  end)

  it("calibrates confidence by what came of earlier ones", function()
    local outcomes = { p = { runs = 10, successes = 5, expected_profit_usd = 100,
      actual_profit_usd = 40 }, TRADING = { runs = 4, successes = 0 } }
    local ranked = run({ outcomes = outcomes, opportunities = {
      opportunity("a", 8, { process_id = "p" }), opportunity("b", 8) } }).outputs.ranked
    assert.near(0.5, ranked[1].confidence, 1e-12) -- four runs are no record
    assert.near(0.5 * 0.5 * 0.4, ranked[2].confidence, 1e-12)
  end)

  it("never leaves 0 to 1", function()
    local ranked = run({ outcomes = { p = { runs = 9, successes = 9, expected_profit_usd = 1,
      actual_profit_usd = 50 }, q = { runs = 9, successes = 9, expected_profit_usd = 1,
      actual_profit_usd = -50 } }, opportunities = { opportunity("a", 8, { process_id = "p",
      confidence = 0.9 }), opportunity("b", 8, { process_id = "q" }) } }).outputs.ranked
    assert.equal(1, ranked[1].confidence)
    assert.equal(0, ranked[2].confidence)
  end)

  it("survives zero hours", function()
    local result = run { opportunities = { opportunity("a", 8, { time_hours = 0 }) } }
    assert.is_true(result.outputs.ranked[1].score < math.huge)
  end)
end)
