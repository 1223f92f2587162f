-- Run with: luajit "$(command -v busted)"; lua/hean/testing.lua says what `run` can do.
local testing = require "hean.testing"

describe("STRATEGY_NAME", function()
  local function load(params)
    local run = testing.load("strategies/STRATEGY_NAME.lua", { params = params })
    run:start()
    return run
  end

  it("buys below the mean and sells above it", function()
    local run = load { drop_bps = 100, notional = 98 }
    run:trade { price = 100 }
    assert.same({}, run:take())
    run:trade { price = 98 }
    local intents = run:take()
    assert.equal("buy", intents[1].side)
    assert.equal(1, intents[1].qty)
    run:fill(intents[1].id, { price = 98 })
    run:trade { price = 101 }
    intents = run:take()
    assert.equal("sell", intents[1].side)
    assert.equal(1, intents[1].qty)
  end)

  it("waits for the answer to its order", function()
    local run = load { drop_bps = 100 }
    run:trade { price = 100 }
    run:trade { price = 98 }
    run:trade { price = 98 }
    assert.equal(1, #run:take())
    run:reject(1, "risk_state")
    run:trade { price = 98 }
    assert.equal(1, #run:take())
  end)
end)
