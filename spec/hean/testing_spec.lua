local testing = require "hean.testing"

local function load(source, options)
  options = options or {}
  options.source = source
  return testing.load("test.lua", options)
end

describe("hean.testing", function()
  it("feeds events and takes intents as plain tables", function()
    local run = load [[
      return { subscribe = { trades = true }, on_trade = function(ctx, trade)
        ctx:buy { price = trade.price - 0.5, qty = 0.25, tif = "post_only" }
        ctx:log("seen", trade.price, trade.side)
        ctx:metric("seen", trade.qty)
      end }
    ]]
    run:start()
    run:trade { price = 100, qty = 3, side = "sell" }
    local intents = run:take()
    assert.equal(1, #intents)
    assert.same({
      kind = "place", id = 1, symbol = "TEST", side = "buy", type = "limit", tif = "post_only",
      price = 99.5, qty = 0.25, trigger = 0, reduce_only = false,
    }, intents[1])
    assert.same({ "seen 100 sell" }, run.logs)
    assert.equal(3, run.metrics.seen)
    assert.same({}, run:take())
  end)

  it("opens orders, fills them and keeps the position at average cost", function()
    local run = load([[
      local strategy = { fills = {} }
      function strategy.on_start(ctx)
        ctx:buy { price = 100, qty = 2 }
        ctx:buy { price = 98, qty = 2 }
      end
      function strategy.on_order(ctx, order)
        ctx:log("order", order.id, order.status, order.filled)
      end
      function strategy.on_fill(ctx, fill)
        ctx:log("fill", fill.order_id, fill.price, fill.qty, fill.fee, fill.maker)
      end
      return strategy
    ]], { instruments = { { symbol = "X", maker_fee = 0.001 } } })
    run:start()
    assert.equal(2, #run:orders())
    run:fill(1)
    run:fill(2, { qty = 1 })
    assert.same({
      "order 1 open 0", "order 2 open 0", "order 1 filled 2", "fill 1 100 2 0.2 true",
      "order 2 partly_filled 1", "fill 2 98 1 0.098 true",
    }, run.logs)
    local position = run:position()
    assert.equal(3, position.qty)
    assert.is_near(298 / 3, position.avg_price, 1e-9)
    run:book { bid = 101, ask = 103 }
    assert.is_near(3 * (102 - 298 / 3), run:position().unrealized, 1e-9)
    assert.is_near(10000 + 3 * 102 - 298 - 0.298, run:equity(), 1e-9)
    assert.equal(1, #run:orders())
  end)

  it("realizes what a fill through zero closes", function()
    local run = load [[
      return { on_start = function(ctx)
        ctx:buy { price = 100, qty = 1 }
        ctx:sell { price = 110, qty = 3 }
      end }
    ]]
    run:start()
    run:fill(1)
    run:fill(2)
    local position = run:position()
    assert.equal(-2, position.qty)
    assert.equal(110, position.avg_price)
    assert.equal(10, position.realized)
    run:funding { rate = 0.001, mark = 100 }
    assert.is_near(0.2, run:position().funding, 1e-12)
  end)

  it("amends and cancels, and answers what is off the tick", function()
    local run = load [[
      local id
      return {
        subscribe = { trades = true },
        on_start = function(ctx)
          id = ctx:buy { price = 100, qty = 1 }
          ctx:buy { price = 100.001, qty = 1 }
          ctx:buy { price = 100, qty = 0.0001 }
        end,
        on_order = function(ctx, order) ctx:log(order.id, order.status, order.reason) end,
        on_trade = function(ctx, trade)
          if trade.price > 100 then
            ctx:amend(id, { price = trade.price })
          else
            ctx:cancel(id)
          end
        end,
      }
    ]]
    run:start()
    assert.same({ "1 open none", "2 rejected price_not_on_tick", "3 rejected qty_not_on_lot" },
      run.logs)
    run:trade { price = 101 }
    assert.equal(101, run:orders()[1].price)
    assert.equal(1, run:orders()[1].qty)
    run:trade { price = 99 }
    assert.same({}, run:orders())
    assert.equal("1 cancelled cancelled_by_strategy", run.logs[#run.logs])
  end)

  it("rejects and cancels on the venue's side", function()
    local run = load [[
      return {
        on_start = function(ctx)
          ctx:buy { price = 100, qty = 1 }
          ctx:buy { price = 99, qty = 1 }
        end,
        on_order = function(ctx, order) ctx:log(order.id, order.status, order.reason) end,
      }
    ]]
    run:start()
    run:reject(1, "risk_max_position")
    run:cancelled(2)
    assert.equal("1 rejected risk_max_position", run.logs[3])
    assert.equal("2 cancelled cancelled_by_host", run.logs[4])
    assert.has_error(function()
      run:fill(1)
    end)
  end)

  it("fires timers in the order of their time", function()
    local run = load [[
      return {
        on_start = function(ctx) ctx:after(200, "late") ctx:after(100, "early") end,
        on_timer = function(ctx, tag)
          ctx:log(tag, ctx.now_ms - 1700000000000)
          if tag == "early" then ctx:after(50, "again") end
        end,
      }
    ]]
    run:start()
    run:wait(99)
    assert.same({}, run.logs)
    run:wait(1000)
    assert.same({ "early 100", "again 150", "late 200" }, run.logs)
  end)

  it("hands over books with levels, quotes, bars, marks and connections", function()
    local run = load [[
      return {
        subscribe = { book = true, quotes = true, bars = { "5m" }, marks = true, funding = true },
        on_book = function(ctx, book)
          local price, qty = book:level("ask", 2)
          ctx:log(book.bid, book.ask, book.mid, book.spread, price, qty, #book:depth("bid", 9))
        end,
        on_quote = function(ctx, quote) ctx:log(quote.bid, quote.ask_qty, ctx:book().bid) end,
        on_bar = function(ctx, bar) ctx:log(bar.open, bar.close, bar.time_ms - bar.start_ms) end,
        on_mark = function(ctx, mark) ctx:log(mark.mark, mark.index, mark.next_rate) end,
        on_connection = function(ctx, connection) ctx:log(connection.state) end,
      }
    ]]
    run:quote { bid = 9, ask = 10 }
    run:book { bids = { { 10, 1 } }, asks = { { 10.02, 2 }, { 10.03, 4 } } }
    run:bar { open = 1, close = 2, interval = "5m" }
    run:bar { open = 1, close = 2, interval = "1m" }
    run:mark { mark = 5, next_rate = 0.0001 }
    run:connection "down"
    assert.same({
      "9 1 9", "10 10.02 10.01 0.02 10.03 4 1", "1 2 300000", "5 nil 0.0001", "down",
    }, run.logs)
  end)

  it("saves and restores as a restart does", function()
    local source = [[
      local count = 0
      return {
        on_start = function(ctx) count = count + 1 ctx:log(count) end,
        on_save = function() return { count = count } end,
        on_restore = function(_, saved) count = saved.count end,
      }
    ]]
    local run = load(source)
    run:start()
    local saved = run:save()
    assert.same({ count = 1 }, saved)
    local again = load(source, { saved = saved })
    again:start()
    assert.same({ "2" }, again.logs)
  end)

  it("sets parameters and raises what the host would report", function()
    local source = [[
      return { params = { n = { default = 1, min = 0 } }, on_start = function(ctx)
        ctx:log(ctx.params.n)
      end }
    ]]
    local run = load(source, { params = { n = 5 } })
    run:start()
    assert.same({ "5" }, run.logs)
    local _, message = pcall(load, source, { params = { n = -5 } })
    assert.equal("parameter n is -5; expected number of at least 0", message)
    _, message = pcall(load, "return { on_trade = function() end }")
    assert.equal("test.lua: on_trade would never be called: add trades = true to subscribe",
      message)
  end)

  it("leaves the string functions of the spec as they were", function()
    local rep = ("x").rep
    local run = load [[ return { on_start = function() error("stop") end } ]]
    local ok, message = pcall(run.start, run)
    assert.is_false(ok)
    assert.equal("test.lua:1: stop", message)
    assert.equal(rep, ("x").rep)
    assert.equal("table", type(getmetatable("")))
  end)
end)
