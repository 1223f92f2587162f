local testing = require "hean.testing"

describe("impulse", function()
  local function load(params)
    local run = testing.load("strategies/impulse.lua", { params = params })
    run:start()
    return run
  end

  -- Samples that go up and down by a little, then the given ones.
  local function feed(run, prices)
    for i = 1, 20 do
      run:trade { price = 100 + (i % 2) * 0.02, now_ms = run.now_ms + 1000 }
    end
    for _, price in ipairs(prices) do
      run:trade { price = price, now_ms = run.now_ms + 1000 }
    end
  end

  it("buys into a rise and sells when it is over", function()
    local run = load { lookback = 5, notional = 100 }
    feed(run, { 100.1, 100.3 })
    local intents = run:take()
    assert.equal(1, #intents)
    assert.equal("buy", intents[1].side)
    assert.equal("market", intents[1].type)
    run:fill(intents[1].id, { price = 100.3 })
    feed(run, {})
    intents = run:take()
    assert.equal(1, #intents)
    assert.equal("sell", intents[1].side)
    assert.equal(run:position().qty, intents[1].qty)
  end)

  it("sells into a fall", function()
    local run = load { lookback = 5 }
    feed(run, { 99.9, 99.7 })
    assert.equal("sell", run:take()[1].side)
  end)

  it("waits for enough history, and for the order that is on its way", function()
    local run = load { lookback = 5 }
    run:trade { price = 100, now_ms = 1 }
    run:trade { price = 200, now_ms = 5000 }
    assert.same({}, run:take())
    run = load { lookback = 5 }
    feed(run, { 100.1, 100.3, 100.6, 101, 102 })
    assert.equal(1, #run:take())
  end)

  it("turns a position around", function()
    local run = load { lookback = 5, notional = 100 }
    feed(run, { 100.1, 100.4 })
    run:fill(run:take()[1].id, { price = 100 })
    run:trade { price = 90, now_ms = run.now_ms + 1000 }
    local intent = run:take()[1]
    assert.equal("sell", intent.side)
    assert.is_true(intent.qty > run:position().qty)
  end)

  it("uses minute bars where there are no trades", function()
    local run = load { lookback = 5 }
    for i = 1, 20 do
      run:bar { close = 100 + (i % 2) * 0.02 }
    end
    run:bar { close = 101 }
    assert.equal("buy", run:take()[1].side)
  end)

  it("does nothing while the price stands still", function()
    local run = load { lookback = 5 }
    for _ = 1, 20 do
      run:bar { close = 100 }
    end
    assert.same({}, run:take())
  end)
end)
