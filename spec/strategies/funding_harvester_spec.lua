local testing = require "hean.testing"

describe("funding_harvester", function()
  local function load(params, options)
    options = options or {}
    options.params = params
    local run = testing.load("strategies/funding_harvester.lua", options)
    run:start()
    return run
  end

  it("sells when longs pay, and closes when they stop paying", function()
    local run = load { enter_rate = 0.0001, leave_rate = 0.00005, notional = 100 }
    run:mark { mark = 100, next_rate = 0.00009 }
    assert.same({}, run:take())
    run:mark { mark = 100, next_rate = 0.0001 }
    local intent = run:take()[1]
    assert.equal("sell", intent.side)
    assert.equal(1, intent.qty)
    run:fill(intent.id, { price = 100 })
    run:mark { mark = 100, next_rate = 0.00006 }
    assert.same({}, run:take())
    run:mark { mark = 100, next_rate = 0.00004 }
    intent = run:take()[1]
    assert.equal("buy", intent.side)
    assert.equal(1, intent.qty)
  end)

  it("buys when shorts pay, and counts what it receives", function()
    local run = load { notional = 100 }
    run:mark { mark = 100, next_rate = -0.001 }
    local intent = run:take()[1]
    assert.equal("buy", intent.side)
    run:fill(intent.id, { price = 100 })
    run:funding { rate = -0.001, mark = 100 }
    assert.is_near(0.1, run.metrics.funding_received, 1e-12)
    assert.is_near(0.1, run:save().received, 1e-12)
    run:mark { mark = 100, next_rate = 0.001 }
    assert.equal("sell", run:take()[1].side)
  end)

  it("keeps the sum over a restart", function()
    local run = load({}, { saved = { received = 5 } })
    assert.same({ received = 5 }, run:save())
  end)

  it("sends one order at a time and tries again after a refusal", function()
    local run = load {}
    run:mark { mark = 100, next_rate = 0.01 }
    run:mark { mark = 100, next_rate = 0.01 }
    assert.equal(1, #run:take())
    run:reject(1, "risk_max_position")
    assert.truthy(run.logs[#run.logs]:find("risk_max_position", 1, true))
    run:mark { mark = 100, next_rate = 0.01 }
    assert.equal(1, #run:take())
  end)

  it("ignores a mark without a price", function()
    local run = load {}
    run:mark { next_rate = 0.01 }
    assert.same({}, run:take())
    run:mark { last = 100, next_rate = 0.01 }
    assert.equal(1, #run:take())
  end)

  it("refuses rates that contradict each other", function()
    local ok, message = pcall(load, { enter_rate = 0.0001, leave_rate = 0.001 })
    assert.is_false(ok)
    assert.truthy(message:find("funding_harvester.lua:%d+: leave_rate"))
  end)
end)
