local testing = require "hean.testing"

describe("hello", function()
  local function load(options)
    return testing.load("strategies/hello.lua", options)
  end

  it("logs the first prices and buys the smallest quantity", function()
    local run = load { params = { lines = 2 } }
    run:start()
    assert.same({ "hello from 1 instruments with 10000 to trade" }, run.logs)
    run:trade { price = 100 }
    assert.same({}, run:take())
    run:book { bid = 100, ask = 102 }
    assert.same({ "trade TEST 100", "book TEST 101" }, { run.logs[2], run.logs[3] })
    local intents = run:take()
    assert.equal(1, #intents)
    assert.equal("buy", intents[1].side)
    assert.equal("market", intents[1].type)
    assert.equal(0.009, intents[1].qty)
  end)

  it("sells what it bought, once", function()
    local run = load { params = { lines = 1 } }
    run:start()
    run:bar { close = 50 }
    run:fill(run:take()[1].id, { price = 50 })
    local intents = run:take()
    assert.equal("sell", intents[1].side)
    assert.is_true(intents[1].reduce_only)
    run:fill(intents[1].id, { price = 51 })
    assert.equal(0, run:position().qty)
    run:bar { close = 50 }
    assert.same({}, run:take())
    assert.truthy(run.logs[#run.logs]:find("realized", 1, true))
  end)

  it("says why an order was refused", function()
    local run = load { params = { lines = 1 } }
    run:start()
    run:trade { price = 100 }
    run:reject(1, "risk_state")
    assert.equal("order 1 was refused: risk_state", run.logs[#run.logs])
    assert.equal("warn", run.log_levels[#run.log_levels])
  end)

  it("ignores a book with an empty side", function()
    local run = load { params = { lines = 1 } }
    run:start()
    run:book { bid = 100 }
    assert.same({}, run:take())
  end)
end)
