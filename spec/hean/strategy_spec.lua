local testing = require "hean.testing"

local two = { { symbol = "ETHUSDT" }, { symbol = "BTCUSDT" } }

local function load(source, options)
  options = options or {}
  options.source = source
  return testing.load("test.lua", options)
end

local function load_failure(source, options)
  local ok, message = pcall(load, source, options)
  assert.is_false(ok, source .. " did load")
  return message
end

-- What the body of on_trade raises; it stands on line 5.
local function misuse(body, options)
  options = options or {}
  options.instruments = options.instruments or two
  local run = load("return {\nsubscribe = { trades = true },\non_timer = function() end,\n"
    .. "on_trade = function(ctx, trade)\n" .. body .. "\nend }", options)
  run:start()
  local ok, message = pcall(run.trade, run, { symbol = "ETHUSDT", price = 100 })
  assert.is_false(ok, body .. " did not fail")
  return message, run
end

describe("a strategy that does not load", function()
  for _, case in ipairs {
    { "return {", "test.lua:1: unexpected symbol near '<eof>'" },
    { "\n\nerror('at the top')", "test.lua:3: at the top" },
    { "return 1", "test.lua: must end with `return strategy`, a table; it returned number" },
    { "local x", "test.lua: must end with `return strategy`, a table; it returned nil" },
    { "return { on_trad = print }",
      "test.lua: unknown key 'on_trad' in the strategy; did you mean 'on_trade'?" },
    { "return { on_anything = print }", "test.lua: unknown key 'on_anything' in the strategy" },
    { "return { subscrib = {} }",
      "test.lua: unknown key 'subscrib' in the strategy; did you mean 'subscribe'?" },
    { "return { [1] = 2 }", "test.lua: the strategy: a key is a number, expected names" },
    { "return { on_trade = 1 }", "test.lua: on_trade must be a function, got number" },
    { "return { on_trade = print }",
      "test.lua: on_trade would never be called: add trades = true to subscribe" },
    { "return { on_bar = print, subscribe = { book = true } }",
      'test.lua: on_bar would never be called: add bars = { "1m" } to subscribe' },
    { "return { subscribe = 1 }",
      "test.lua: subscribe must be a table such as { book = true }, got number" },
    { "return { subscribe = { trade = true } }",
      "test.lua: unknown key 'trade' in subscribe; did you mean 'trades'?" },
    { "return { subscribe = { trades = 1 } }",
      "test.lua: subscribe.trades must be true or false, got number" },
    { "return { subscribe = { bars = '1m' } }",
      "test.lua: subscribe.bars must be a list, got string" },
    { "return { subscribe = { bars = { '1x' } }, on_bar = print }",
      'test.lua: subscribe.bars[1] must be an interval such as "1s", "5m", "1h" or "1d" '
        .. "(at most 7d), got '1x'" },
    { "return { subscribe = { bars = { '8d' } }, on_bar = print }",
      'test.lua: subscribe.bars[1] must be an interval such as "1s", "5m", "1h" or "1d" '
        .. "(at most 7d), got '8d'" },
    { "return { subscribe = { bars = {} }, on_bar = print }",
      'test.lua: subscribe.bars must list 1 to 16 intervals such as { "1m" }' },
    { "return { subscribe = { symbols = { 'TESTT' } } }",
      "test.lua: subscribe.symbols[1]: there is no instrument 'TESTT'; did you mean 'TEST'? "
        .. "(there are: TEST)" },
    { "return { subscribe = { symbols = {} } }",
      "test.lua: subscribe.symbols must list symbols, or be left out for all" },
    { "return { subscribe = { 'book' } }",
      "test.lua: subscribe: a key is a number, expected names" },
    { "return { name = 'a b' }",
      "test.lua: name must be 1 to 47 letters, digits, _ or -, a letter or digit first, "
        .. "got 'a b'" },
    { "return { params = 1 }", "test.lua: params must be a table, got number" },
    { "return { params = { x = 1 } }",
      "test.lua: params.x must be a table such as { default = 10, min = 1, max = 100 }, "
        .. "got number" },
    { "return { params = { ['a b'] = {} } }",
      "test.lua: params: 'a b' is not a name (letters, digits and _)" },
    { "return { params = { x = { defualt = 1 } } }",
      "test.lua: unknown key 'defualt' in params.x; did you mean 'default'?" },
    { "return { params = { x = { min = 1 } } }",
      "test.lua: params.x needs a default that is a number, true or false, or a string, "
        .. "and a type of boolean, integer, number, string" },
    { "return { params = { x = { default = 1, min = 'a' } } }",
      "test.lua: params.x.min must be a number, and is for numbers only" },
    { "return { params = { x = { default = 'a', max = 1 } } }",
      "test.lua: params.x.max must be a number, and is for numbers only" },
    { "return { params = { x = { default = 'a', choices = {} } } }",
      "test.lua: params.x.choices must be a list of values" },
    { "return { params = { x = { default = 'c', choices = { 'a', 'b' } } } }",
      "test.lua: params.x: the default c is not one of a, b" },
    { "return { params = { x = { default = 1, min = 5, max = 9 } } }",
      "test.lua: params.x: the default 1 is not number from 5 to 9" },
    { "return { params = { x = { default = 1.5, type = 'integer' } } }",
      "test.lua: params.x: the default 1.5 is not integer" },
  } do
    it("says: " .. case[2], function()
      assert.equal(case[2], load_failure(case[1]))
    end)
  end

  it("names parameters that are unknown or out of range", function()
    local source = "return { params = { fast = { default = 5, max = 9 } } }"
    assert.equal("parameter fast is 10; expected number of at most 9",
      load_failure(source, { params = { fast = 10 } }))
    assert.equal('parameter fast is "5"; expected number of at most 9',
      load_failure(source, { params = { fast = "5" } }))
    assert.equal("unknown parameter 'fats'; did you mean 'fast'? (there are: fast)",
      load_failure(source, { params = { fats = 1 } }))
    assert.equal("unknown parameter 'x' (the strategy has none)",
      load_failure("return {}", { params = { x = 1 } }))
  end)
end)

describe("a strategy that loads", function()
  it("may have keys of its own, and subscriptions without a callback", function()
    local run = load [[
      return {
        version = 3, state = {}, subscribe = { book = true, trades = true, bars = { "1m" } },
        on_start = function(ctx) ctx:log("started") end,
      }
    ]]
    run:start()
    run:trade { price = 1 }
    run:bar { close = 1 }
    assert.same({ "started" }, run.logs)
  end)

  it("is named after its file unless it says otherwise", function()
    assert.equal("test", load("return {}").name)
    assert.equal("mine", load("return { name = 'mine' }").name)
    assert.equal("odd_name", testing.load("dir/_odd name.lua", { source = "return {}" }).name)
  end)

  it("keeps callbacks out of reach of metatables", function()
    local run = load [[
      return setmetatable({}, { __index = function() error("looked") end })
    ]]
    run:start()
    assert.same({}, run.logs)
  end)
end)

describe("misuse of ctx", function()
  for _, case in ipairs {
    { "ctx:buy(1)", "ctx:buy{...} expects a table with price and qty, got number" },
    { "ctx:sell()", "ctx:sell{...} expects a table with price and qty, got nil" },
    { "ctx:buy{ symbol='ETHUSDT', qty=1 }", "ctx:buy: price must be a number, got nil" },
    { "ctx:sell{ symbol='ETHUSDT', price=1 }", "ctx:sell: qty must be a number, got nil" },
    { "ctx:buy{ symbol='ETHUSDT', price=0/0, qty=1 }",
      "ctx:buy: price must be a finite number, got nan" },
    { "ctx:buy{ symbol='ETHUSDT', price=1, qty=-1/0 }",
      "ctx:buy: qty must be a finite number, got -inf" },
    { "ctx:buy{ symbol='ETHUSDT', price='1', qty=1 }",
      "ctx:buy: price must be a number, got string" },
    { "ctx:buy{ price=1, qty=1 }",
      "ctx:buy: symbol is needed, because there are 2 instruments (ETHUSDT, BTCUSDT)" },
    { "ctx:buy{ symbol='ETHUSD', price=1, qty=1 }",
      "ctx:buy: there is no instrument 'ETHUSD'; did you mean 'ETHUSDT'? "
        .. "(there are: ETHUSDT, BTCUSDT)" },
    { "ctx:buy{ symbol={}, price=1, qty=1 }",
      "ctx:buy: there is no instrument 'table' (there are: ETHUSDT, BTCUSDT)" },
    { "ctx:buy{ symbol='ETHUSDT', pirce=1, qty=1 }",
      "ctx:buy: unknown field 'pirce'; did you mean 'price'?" },
    { "ctx:buy{ symbol='ETHUSDT', price=1, qty=1, type='lmit' }",
      "ctx:buy: type must be one of limit, market, stop, stop_limit, got 'lmit'" },
    { "ctx:buy{ symbol='ETHUSDT', price=1, qty=1, tif='day' }",
      "ctx:buy: tif must be one of fok, gtc, ioc, post_only, got 'day'" },
    { "ctx:buy{ symbol='ETHUSDT', type='stop', qty=1 }",
      "ctx:buy: trigger must be a number, got nil" },
    { "ctx:buy{ symbol='ETHUSDT', price=1, qty=1, reduce_only=1 }",
      "ctx:buy: reduce_only must be true or false, got number" },
    { "ctx:amend('1', { price=1 })",
      "ctx:amend: the order id must be the number that ctx:buy or ctx:sell gave, got string" },
    { "ctx:amend(1.5, { price=1 })", "ctx:amend: 1.5 is not an order id" },
    { "ctx:amend(1, {})", "ctx:amend: give price, qty or both" },
    { "ctx:amend(1)", "ctx:amend(id, {...}) expects a table with price or qty, got nil" },
    { "ctx:amend(1, { price=0/0 })", "ctx:amend: price must be a finite number, got nan" },
    { "ctx:cancel()",
      "ctx:cancel: the order id must be the number that ctx:buy or ctx:sell gave, got nil" },
    { "ctx:cancel(0/0)", "ctx:cancel: nan is not an order id" },
    { "ctx:cancel(-1)", "ctx:cancel: -1 is not an order id" },
    { "ctx:cancel(1e300)", "ctx:cancel: 1e+300 is not an order id" },
    { "ctx:cancel_all('X')",
      "ctx:cancel_all: there is no instrument 'X' (there are: ETHUSDT, BTCUSDT)" },
    { "ctx:after('1')", "ctx:after: the delay must be a number, got string" },
    { "ctx:after(-1, 'x')", "ctx:after: the delay must be from 0 to 3e12 ms, got -1" },
    { "ctx:after(1, {})", "ctx:after: the tag must be a string or a number, got table" },
    { "for i = 1, 65 do ctx:after(i) end",
      "more than 64 orders, timers, log lines and metrics in one callback" },
    { "ctx:metric('a b', 1)",
      "ctx:metric: the name must be letters, digits and _ (at most 64), got 'a b'" },
    { "ctx:metric({}, 1)",
      "ctx:metric: the name must be letters, digits and _ (at most 64), got 'table'" },
    { "ctx:metric('a', 0/0)", "ctx:metric: the value must be a finite number, got nan" },
    { "ctx:log_level('loud', 1)",
      "ctx:log_level: the level must be one of debug, error, info, warn, got 'loud'" },
    { "ctx:postion()", "ctx has no 'postion'; did you mean 'position'?" },
    { "local x = ctx.nwo_ms", "ctx has no 'nwo_ms'; did you mean 'now_ms'?" },
    { "local x = ctx.params.fast", "ctx.params has no 'fast'" },
    { "ctx.state = 1", "ctx.state cannot be set: keep your own state in locals of the script" },
    { "local x = trade.pirce", "trade has no 'pirce'; did you mean 'price'?" },
    { "local x = ctx:book('ETHUSDT').bids", "book has no 'bids'; did you mean 'bid'?" },
    { "local x = ctx:position('ETHUSDT').size", "position has no 'size'" },
    { "ctx:book('ETHUSDT'):level('left', 1)",
      "book:level: the side must be 'bid' or 'ask', got 'left'" },
    { "ctx:book('ETHUSDT'):level('bid', 0)",
      "book:level: the level must be a whole number from 1 to 200, got 0" },
    { "ctx:book('ETHUSDT'):depth('bid', 1e9)",
      "book:depth: the level must be a whole number from 1 to 200, got 1000000000" },
    { "ctx:round_price(1, 'up', 'ETHUSDT')",
      "ctx:round_price: the side must be 'buy', 'sell' or nil, got 'up'" },
    { "ctx:round_qty(1/0, 'ETHUSDT')",
      "ctx:round_qty: the quantity must be a finite number, got inf" },
    { "ctx:qty_for(0, 1, 'ETHUSDT')",
      "ctx:qty_for: notional and price must be above 0, got 0 and 1" },
  } do
    it(case[1], function()
      local message, run = misuse(case[1])
      assert.equal("test.lua:5: " .. case[2], message)
      assert.same({}, run:take())
    end)
  end

  it("names the caller's line inside a coroutine and behind pcall", function()
    -- coroutine.wrap puts the line of its own call before it.
    assert.equal("test.lua:9: test.lua:7: ctx:cancel: -1 is not an order id", (misuse [[
      local co = coroutine.wrap(function()

        ctx:cancel(-1)
      end)
      co()
    ]]))
    assert.equal("test.lua:5: ctx:cancel: -1 is not an order id",
      (misuse "local ok, message = pcall(function() ctx:cancel(-1) end) error(message, 0)"))
  end)

  it("is refused while the script loads, restores or saves", function()
    local run = load "return { on_save = function(ctx) ctx:buy { price = 1, qty = 1 } end }"
    local ok, message = pcall(run.save, run)
    assert.is_false(ok)
    assert.equal("test.lua:1: ctx:buy: only from on_start on, not while the script loads, "
      .. "restores or saves", message)
  end)

  it("after without on_timer, and too many timers", function()
    local run = load "return { on_start = function(ctx) ctx:after(1) end }"
    local ok, message = pcall(run.start, run)
    assert.is_false(ok)
    assert.equal("test.lua:1: ctx:after: the strategy has no on_timer", message)
    run = load [[
      return {
        subscribe = { trades = true }, on_timer = function() end,
        on_trade = function(ctx) for i = 1, 60 do ctx:after(1) end end,
      }
    ]]
    for _ = 1, 17 do
      run:trade { price = 1 }
    end
    ok, message = pcall(run.trade, run, { price = 1 })
    assert.is_false(ok)
    assert.equal("test.lua:3: ctx:after: more than 1024 timers are pending", message)
    run:wait(1)
    run.io.intent_count = 0
    run:trade { price = 1 }
  end)
end)

describe("ctx", function()
  it("sends what is off the step as refused, and what is huge as out of range", function()
    local run = load [[
      return {
        on_start = function(ctx)
          ctx:buy { price = 100.005, qty = 1 }
          ctx:buy { price = 100, qty = 0.00051 }
          ctx:buy { price = 0.1 + 0.2, qty = 0.003 }
          ctx:buy { price = -1e300, qty = 1e300 }
        end,
      }
    ]]
    run:start()
    local intents = run:take()
    assert.equal("price_not_on_tick", intents[1].off_step)
    assert.equal("qty_not_on_lot", intents[2].off_step)
    assert.equal(0.3, intents[3].price)
    assert.equal(-9e16, intents[4].price)
    assert.equal(9e15, intents[4].qty)
  end)

  it("rounds prices towards the passive side and quantities towards zero", function()
    local run = load([[
      return { on_start = function(ctx)
        ctx:log(ctx:round_price(100.037, "buy"), ctx:round_price(100.031, "sell"),
          ctx:round_price(100.037), ctx:round_price(100.05, "buy"),
          ctx:round_price(100.05, "sell"))
        ctx:log(ctx:round_qty(1.2349), ctx:round_qty(-1.2349), ctx:round_qty(-0.0004))
        ctx:log(ctx:qty_for(250, 100), ctx:qty_for(0.01, 100))
      end }
    ]], { instruments = { { tick = 0.05, lot = 0.001, min_qty = 0.01 } } })
    run:start()
    assert.same({ "100 100.05 100.05 100.05 100.05", "1.234 -1.234 0", "2.5 0.01" }, run.logs)
  end)

  it("takes the quantity of inverse contracts in quote currency", function()
    local run = load("return { on_start = function(ctx) ctx:log(ctx:qty_for(250.5, 40000)) end }",
      { instruments = { { tick = 0.5, lot = 1, kind = "inverse" } } })
    run:start()
    assert.same({ "250" }, run.logs)
  end)

  it("cancels all orders, or those of one symbol", function()
    local run = load([[
      return {
        subscribe = { trades = true },
        on_start = function(ctx)
          for _, symbol in ipairs(ctx.symbols) do
            ctx:buy { symbol = symbol, price = 1, qty = 1 }
            ctx:sell { symbol = symbol, price = 2, qty = 1 }
          end
        end,
        on_trade = function(ctx, trade)
          ctx:log(ctx:cancel_all(trade.symbol), ctx:cancel_all())
        end,
      }
    ]], { instruments = two })
    run:start()
    run:take()
    run:trade { symbol = "BTCUSDT", price = 1 }
    assert.same({ "2 4" }, run.logs)
    local intents = run:take()
    assert.equal(6, #intents)
    assert.same({ kind = "cancel", id = 3 }, intents[1])
    assert.same({ kind = "cancel", id = 4 }, intents[2])
    assert.same({}, run:orders())
  end)

  it("counts log lines beyond its limit and cuts long ones", function()
    local run = load [[
      return { on_start = function(ctx)
        ctx:log(("x"):rep(2000))
        for i = 1, 40 do ctx:log(i) end
        ctx:buy { price = 1, qty = 1 }
      end }
    ]]
    run:start()
    assert.equal(1024, #run.logs[1])
    assert.truthy(run.logs[1]:find("x%[cut%]$"))
    assert.equal(33, #run.logs)
    assert.equal("9 more log lines were dropped", run.logs[33])
    assert.equal(1, #run:take())
  end)
end)

describe("on_save", function()
  for _, case in ipairs {
    { "return 5", "on_save must return a table or nothing, got number" },
    { "return { a = { b = print } }", "on_save: saved.a.b: a function cannot be written as JSON" },
    { "return { a = 0/0 }", "on_save: saved.a: nan cannot be written as JSON" },
    { "return { -1/0 }", "on_save: saved[1]: -inf cannot be written as JSON" },
    { "local t = {} t.x = t return t", "on_save: saved.x: the table contains itself" },
    { "return { 1, 2, x = 3 }", "on_save: saved: mixes names and numbers as keys; use one kind" },
    { "return { [5] = 1 }",
      "on_save: saved: the list has holes; use names as keys, such as tostring(id)" },
    { "return { [1.5] = 1 }", "on_save: saved: a key is a number that is not 1, 2, 3 ...; "
        .. "keys must be names, or 1, 2, 3 ..." },
    { "return { [true] = 1 }",
      "on_save: saved: a key is a boolean; keys must be names, or 1, 2, 3 ..." },
    { "return { s = '\\255' }", "on_save: saved.s: the string is not UTF-8 text" },
    { "return { s = '\\237\\160\\128' }", "on_save: saved.s: the string is not UTF-8 text" },
  } do
    it("refuses: " .. case[1], function()
      local run = load("return { on_save = function() " .. case[1] .. " end }")
      local ok, message = pcall(run.save, run)
      assert.is_false(ok)
      assert.equal("test.lua: " .. case[2], message)
    end)
  end

  it("gives back what it was given", function()
    local value = {
      text = "quote \" back \\ line \n tab \t nul \0 euro \226\130\172",
      numbers = { 0.1, -5, 1e300 }, yes = true, no = false, deep = { { { x = 1 } } },
      big = 2 ^ 53 - 1,
    }
    local run = load("return { on_save = function() return value end,\n"
      .. "on_restore = function(_, saved) value = saved end }", { saved = value })
    assert.same(value, run:save())
  end)
end)
