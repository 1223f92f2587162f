local testing = require "hean.testing"

describe("market_maker", function()
  local function load(params, options)
    options = options or {}
    options.params = params
    local run = testing.load("strategies/market_maker.lua", options)
    run:start()
    return run
  end

  -- The intents by side, for places, and by id for the rest.
  local function sides(intents)
    local by_side = {}
    for _, intent in ipairs(intents) do
      by_side[intent.side or intent.id] = intent
    end
    return by_side
  end

  it("quotes both sides around the mid, on the tick, post-only", function()
    local run = load { half_spread_bps = 10, notional = 200 }
    run:book { bid = 99.99, ask = 100.01 }
    local quotes = sides(run:take())
    assert.equal(99.9, quotes.buy.price)
    assert.equal(100.1, quotes.sell.price)
    assert.equal(2, quotes.buy.qty)
    assert.equal("post_only", quotes.buy.tif)
    assert.equal("post_only", quotes.sell.tif)
  end)

  it("never quotes through the other side", function()
    local run = load { half_spread_bps = 0, skew_bps = 1000, max_inventory = 2, notional = 100 }
    run:book { bid = 100, ask = 100.02 }
    run:fill(1, { price = 100 })
    run:book { bid = 100, ask = 100.02 }
    for _, order in ipairs(run:orders()) do
      if order.side == "sell" then
        assert.is_true(order.price >= 100.01)
      else
        assert.is_true(order.price <= 100.01)
      end
    end
  end)

  it("leaves an order alone until its price is off enough", function()
    local run = load { half_spread_bps = 10, requote_bps = 5 }
    run:book { bid = 99.99, ask = 100.01 }
    run:take()
    run:book { bid = 100.01, ask = 100.03 }
    assert.same({}, run:take())
    run:book { bid = 100.09, ask = 100.11 }
    local intents = run:take()
    assert.equal(2, #intents)
    assert.equal("amend", intents[1].kind)
    assert.equal(99.99, intents[1].price)
    run:book { bid = 100.09, ask = 100.11 }
    assert.same({}, run:take())
  end)

  it("leans against its inventory and stops a side when full", function()
    local run = load { half_spread_bps = 10, skew_bps = 20, max_inventory = 2, notional = 100 }
    run:book { bid = 99.99, ask = 100.01 }
    run:fill(1)
    run:book { bid = 99.99, ask = 100.01 }
    local amended = run:take()
    assert.equal(100, amended[#amended - 1].price + 0.2) -- half full: 10 bps lower
    assert.equal(100, run:orders()[1].price)
    run:fill(3)
    run:book { bid = 99.99, ask = 100.01 }
    assert.equal(1, #run:orders())
    assert.equal("sell", run:orders()[1].side)
  end)

  it("cancels the side that would exceed the limit", function()
    local run = load { half_spread_bps = 10, max_inventory = 1, notional = 100 }
    run:book { bid = 99.99, ask = 100.01 }
    run:fill(1, { qty = 0.5 })
    run:cancelled(1)
    run:wait(1000)
    run:book { bid = 99.99, ask = 100.01 }
    run:fill(3, { qty = 0.6 })
    run:take()
    run:book { bid = 99.99, ask = 100.01 }
    assert.same({ kind = "cancel", id = 3 }, run:take()[1])
    assert.equal(1, #run:orders())
    assert.equal("sell", run:orders()[1].side)
  end)

  it("waits after a refusal, then places again", function()
    local run = load {}
    run:book { bid = 99.99, ask = 100.01 }
    run:take()
    run:reject(1, "post_only_would_take")
    run:book { bid = 99.99, ask = 100.01 }
    assert.same({}, run:take())
    run:wait(1000)
    run:book { bid = 99.99, ask = 100.01 }
    assert.equal("place", run:take()[1].kind)
  end)

  it("does nothing on a one-sided or crossed book", function()
    local run = load {}
    run:book { bid = 100 }
    run:book { bid = 100, ask = 99.99 }
    assert.same({}, run:take())
  end)

  it("quotes on quotes where there is no book", function()
    local run = load {}
    run:quote { bid = 99.99, ask = 100.01 }
    assert.equal(2, #run:take())
    run:book { bid = 99.99, ask = 100.01 }
    run:take()
    run:quote { bid = 109.99, ask = 110.01 }
    assert.same({}, run:take())
  end)

  it("quotes around the close where there are only bars", function()
    local run = load { bar_spread = 0.5 }
    run:bar { open = 100, high = 102, low = 98, close = 101 }
    local quotes = sides(run:take())
    assert.equal(99, quotes.buy.price)
    assert.equal(103, quotes.sell.price)
    run:fill(quotes.buy.id)
    run:bar { open = 100, high = 102, low = 98, close = 101 }
    assert.is_true(sides(run:take())[quotes.sell.id].price < 103)
  end)

  it("trades at least one lot and keeps instruments apart", function()
    local run = load({}, {
      instruments = {
        { symbol = "BIG", tick = 0.5, lot = 1 }, { symbol = "SMALL", tick = 0.0001 },
      },
    })
    run:book { symbol = "BIG", bid = 47000, ask = 47000.5 }
    assert.equal(1, run:take()[1].qty)
    run:book { symbol = "SMALL", bid = 1.9531, ask = 1.9532 }
    local intents = run:take()
    assert.equal("SMALL", intents[1].symbol)
    assert.equal(255.996, intents[1].qty)
    assert.equal(4, #run:orders())
  end)

  it("takes up the position that is there when it starts", function()
    local run = load({ max_inventory = 1, notional = 100 })
    run.positions[1].qty, run.positions[1].price = 5, 100
    run:book { bid = 99.99, ask = 100.01 }
    local intents = run:take()
    assert.equal(1, #intents)
    assert.equal("sell", intents[1].side)
  end)
end)
