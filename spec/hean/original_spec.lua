-- The rules of the Python system, gate by gate, in the order in which they decide.
local original = require "hean.policy.original"

local NOW, DAY = 1790000000, 86400

-- Runs a day apart, the newest one day old, in the order given.
local function runs_of(list)
  local runs = {}
  for i, item in ipairs(list) do
    local run = { run_id = "r" .. i, status = "COMPLETED", metrics = {},
      time = NOW - (#list - i + 1) * DAY }
    for key, value in pairs(type(item) == "table" and item or { delta = item }) do
      if key == "delta" then
        run.metrics.capital_delta = value
      elseif key == "roi" or key == "time_hours" then
        run.metrics[key] = value
      else
        run[key] = value
      end
    end
    runs[i] = run
  end
  return runs
end

local function repeated(n, item)
  local list = {}
  for i = 1, n do
    list[i] = item
  end
  return list
end

local function decide(state, list)
  return original.evaluate({ entry = { process_id = "p", state = state },
    runs = runs_of(list), started_at = function(i) return "t" .. i end }, { now = NOW })
end

local function expect(state, reason, decision)
  assert.equal(state, decision.state)
  assert.equal(reason, decision.reasons[1]:match("^[A-Z_]+"))
  assert.equal(state, decision.entry.state)
  assert.equal(decision.weight, decision.entry.weight)
end

local function failed(n, of)
  local list = {}
  for i = 1, of do
    list[i] = { status = i <= n and "FAILED" or "COMPLETED", delta = 0.001, roi = 0.01 }
  end
  return list
end

describe("original", function()
  it("kills above a fail rate of 0.7, not at it", function()
    expect("KILLED", "FAIL_RATE", decide("TESTING", failed(8, 10)))
    expect("TESTING", "UNCHANGED", decide("TESTING", failed(7, 10)))
    expect("KILLED", "FAIL_RATE", decide("TESTING", failed(1, 1)))
  end)

  it("kills a negative decayed sum from ten runs on", function()
    expect("TESTING", "INSUFFICIENT_RUNS", decide("TESTING", repeated(9, -0.001)))
    expect("KILLED", "NEGATIVE_PNL", decide("TESTING", repeated(10, -0.001)))
    expect("TESTING", "UNCHANGED", decide("TESTING", repeated(10, 0)))
  end)

  it("weighs the newest runs most", function()
    local list = repeated(10, 0.01)
    for i = 6, 10 do
      list[i] = -0.0098
    end
    expect("KILLED", "NEGATIVE_PNL", decide("TESTING", list))
    local sum = 0
    for i = 1, 10 do
      sum = sum + list[i] * 2 ^ (-(10 - i + 1) / 30)
    end
    assert.is_true(math.abs(decide("TESTING", list).entry.pnl_sum - sum) < 1e-15)
  end)

  it("kills above a drawdown of 0.25 in currency, not at it", function()
    expect("TESTING", "INSUFFICIENT_RUNS", decide("TESTING", { 1, -0.25 }))
    expect("KILLED", "DRAWDOWN", decide("TESTING", { 1, -0.2500001 }))
    expect("KILLED", "DRAWDOWN", decide("TESTING", { -0.26, 1 }))
  end)

  it("takes the drawdown in time order", function()
    local list = { { delta = -0.2, time = NOW - 5 * DAY }, { delta = -0.2, time = NOW - DAY },
      { delta = 0.3, time = NOW - 3 * DAY } }
    assert.equal(0.2, decide("TESTING", list).entry.max_dd)
  end)

  it("kills a process that is paused, but leaves it alone otherwise", function()
    expect("KILLED", "DRAWDOWN", decide("PAUSED", { -1 }))
    expect("PAUSED", "STATE_FROZEN", decide("PAUSED", repeated(30, { delta = 1, roi = 0.1 })))
    expect("KILLED", "STATE_FROZEN", decide("KILLED", repeated(30, { delta = 1, roi = 0.1 })))
  end)

  it("promotes from 20 runs with a positive mean and a fail rate below 0.3", function()
    local win = { delta = 0.01, roi = 0.001 }
    expect("TESTING", "UNCHANGED", decide("TESTING", repeated(19, win)))
    expect("CORE", "STABLE", decide("TESTING", repeated(20, win)))
    expect("CORE", "STABLE", decide("NEW", repeated(20, win)))
    expect("TESTING", "UNCHANGED", decide("TESTING", repeated(20, { delta = 0.01, roi = 0 })))
    expect("CORE", "STABLE", decide("TESTING", failed(5, 20)))
    expect("TESTING", "UNCHANGED", decide("TESTING", failed(6, 20)))
  end)

  it("promotes even where the holdout collapsed: that check comes later", function()
    local list = repeated(20, { delta = 0.01, roi = 0.001 })
    for i = 15, 20 do
      list[i] = { delta = -0.001, roi = 0.001 }
    end
    expect("CORE", "STABLE", decide("TESTING", list))
  end)

  it("tests from the first run on", function()
    expect("NEW", "UNCHANGED", decide("NEW", {}))
    expect("NEW", "UNCHANGED", decide("NEW", { { status = "RUNNING" } }))
    expect("TESTING", "FIRST_RUN", decide("NEW", { 0.1 }))
  end)

  it("wants ten runs, then looks at a holdout of seven days", function()
    expect("TESTING", "INSUFFICIENT_RUNS", decide("TESTING", repeated(9, 0.1)))
    expect("TESTING", "UNCHANGED", decide("TESTING", repeated(10, 0.1)))
    local list = {}
    for i = 1, 12 do
      list[i] = { delta = i <= 5 and 0.5 or 0.25 }
    end
    -- The seventh newest run is exactly seven days old and belongs to the holdout.
    expect("TESTING", "UNCHANGED", decide("TESTING", list))
    list[12].delta = 0.24
    expect("TESTING", "HOLDOUT_COLLAPSE", decide("TESTING", list))
    for i = 6, 12 do
      list[i].delta = -0.01
    end
    expect("TESTING", "HOLDOUT_COLLAPSE", decide("TESTING", list))
  end)

  it("needs five runs before and two in the holdout", function()
    local function at(ages)
      local list = {}
      for i, age in ipairs(ages) do
        list[i] = { delta = age > 7 and 0.1 or 0.001, time = NOW - age * DAY }
      end
      return decide("TESTING", list)
    end
    expect("TESTING", "HOLDOUT_COLLAPSE", at { 12, 11, 10, 9, 8, 5, 4, 3, 2, 1 })
    expect("TESTING", "UNCHANGED", at { 11, 10, 9, 8, 6, 5, 4, 3, 2, 1 })
    expect("TESTING", "HOLDOUT_COLLAPSE", at { 16, 15, 14, 13, 12, 11, 10, 9, 2, 1 })
    expect("TESTING", "UNCHANGED", at { 17, 16, 15, 14, 13, 12, 11, 10, 9, 1 })
  end)

  it("leaves CORE only by a kill", function()
    expect("CORE", "UNCHANGED", decide("CORE", repeated(12, { delta = 0.1, roi = -1 })))
    expect("KILLED", "NEGATIVE_PNL", decide("CORE", repeated(12, { delta = -0.01, roi = 1 })))
  end)

  it("counts only runs that ended, and a missing profit as 0", function()
    local entry = decide("TESTING", { 0.1, { status = "RUNNING", delta = 9 }, { status = "FAILED" },
      { delta = 0.2, roi = 0.3, time_hours = 2 } }).entry
    assert.same({ 3, 2, 1 }, { entry.runs_count, entry.wins, entry.losses })
    assert.is_true(math.abs(entry.avg_roi - 0.1) < 1e-15)
    assert.is_true(math.abs(entry.time_efficiency - entry.pnl_sum / 2) < 1e-15)
    assert.equal("t4", entry.last_run_at)
  end)

  it("gives weights by state, return and failures", function()
    local function weight(state, list)
      return decide(state, list).weight
    end
    local good = { delta = 0.1, roi = 0.2 }
    assert.equal(0.01, weight("NEW", {}))
    assert.equal(0.01, weight("TESTING", {}))
    assert.equal(0, weight("PAUSED", repeated(5, good)))
    assert.equal(0, weight("KILLED", {}))
    assert.is_true(math.abs(weight("TESTING", repeated(5, good)) - 0.1) < 1e-12)
    assert.is_true(math.abs(weight("CORE", repeated(20, good)) - 0.2) < 1e-12)
    assert.equal(0.5, weight("CORE", repeated(20, { delta = 0.1, roi = 5 })))
    assert.equal(0.01, weight("TESTING", repeated(5, { delta = 0.1, roi = -1 })))
    assert.equal(0.02, weight("CORE", repeated(5, { delta = 0.1, roi = -1 })))
    assert.equal(0.01, weight("TESTING", failed(5, 10)))
    assert.is_true(math.abs(weight("TESTING", failed(4, 10)) - 0.5 * 0.01 * 0.6) < 1e-12)
  end)
end)
