local testing = require "hean.testing"

describe("basis_arbitrage", function()
  local two = { { symbol = "PERP", taker_fee = 0.0005 }, { symbol = "SPOT", taker_fee = 0.0005 } }

  local function load(params, instruments)
    local run = testing.load("strategies/basis_arbitrage.lua", {
      params = params, instruments = instruments or two,
    })
    run:start()
    return run
  end

  local function sample(run, perp, spot)
    run:book { symbol = "SPOT", bid = spot - 0.01, ask = spot + 0.01, now_ms = run.now_ms + 500 }
    run:book { symbol = "PERP", bid = perp - 0.01, ask = perp + 0.01, now_ms = run.now_ms + 500 }
  end

  local function settle(run)
    for i = 1, 40 do
      sample(run, 100 + (i % 2) * 0.02, 100)
    end
  end

  it("sells the dear leg and buys the cheap one, then closes both", function()
    local run = load { window = 20, notional = 100 }
    settle(run)
    assert.same({}, run:take())
    sample(run, 101, 100)
    local intents = run:take()
    assert.equal(2, #intents)
    assert.same({ "PERP", "sell" }, { intents[1].symbol, intents[1].side })
    assert.same({ "SPOT", "buy" }, { intents[2].symbol, intents[2].side })
    assert.equal(0.99, intents[1].qty)
    assert.equal(1, intents[2].qty)
    run:fill(intents[1].id)
    run:fill(intents[2].id)
    for _ = 1, 10 do
      sample(run, 100.01, 100)
    end
    intents = run:take()
    assert.equal(2, #intents)
    assert.same({ "PERP", "buy" }, { intents[1].symbol, intents[1].side })
    assert.same({ "SPOT", "sell" }, { intents[2].symbol, intents[2].side })
  end)

  it("takes the other direction when the first leg is cheap", function()
    local run = load { window = 20 }
    settle(run)
    sample(run, 99, 100)
    local intents = run:take()
    assert.same({ "PERP", "buy" }, { intents[1].symbol, intents[1].side })
  end)

  it("stays out when the distance does not pay for the costs", function()
    local run = load { window = 20 }
    settle(run)
    sample(run, 100.2, 100)
    assert.same({}, run:take())
    run = load { window = 20, costs = false }
    settle(run)
    sample(run, 100.2, 100)
    assert.equal(2, #run:take())
  end)

  it("makes up for a leg that failed", function()
    local run = load { window = 20 }
    settle(run)
    sample(run, 101, 100)
    local intents = run:take()
    run:fill(intents[1].id)
    run:reject(intents[2].id, "no_liquidity")
    sample(run, 101.5, 100)
    intents = run:take()
    assert.equal(1, #intents)
    assert.same({ "SPOT", "buy" }, { intents[1].symbol, intents[1].side })
  end)

  it("uses the symbols that it is given", function()
    local run = load({ window = 20, first = "SPOT", second = "PERP" })
    settle(run)
    sample(run, 101, 100)
    assert.same({ "SPOT", "buy" }, { run.taken[1].symbol, run.taken[1].side })
  end)

  it("says what it needs when there is one instrument, or an unknown one", function()
    local ok, message = pcall(load, {}, { { symbol = "PERP" } })
    assert.is_false(ok)
    assert.truthy(message:find("needs two instruments, but there is only PERP", 1, true), message)
    ok, message = pcall(load, { second = "SPOTT" })
    assert.is_false(ok)
    assert.truthy(message:find("there is no instrument 'SPOTT'; did you mean 'SPOT'?", 1, true),
      message)
  end)
end)
