-- The rules of guarded, row by row, at their thresholds and in their order.
local generator = require "support.generator"
local guarded = require "hean.policy.guarded"
local stats = require "hean.stats"

local NOW, DAY = 1790000000, 86400
local LIMIT = 0.06

-- A run a day, the newest an hour old; volatility and spread go round their buckets.
local function runs_of(rois)
  local runs = {}
  for i, roi in ipairs(rois) do
    runs[i] = { index = i, name = "r" .. i, status = "COMPLETED",
      time = NOW - 3600 - (#rois - i) * DAY,
      metrics = { roi = roi, volatility = ({ 0.005, 0.02, 0.05 })[i % 3 + 1],
        spread_bps = ({ 2, 7, 20 })[i % 3 + 1] } }
  end
  return runs
end

local function process(rois, entry)
  local e = { process_id = "p", state = "TESTING", loss_limit = LIMIT }
  for key, value in pairs(entry or {}) do
    e[key] = value
  end
  local p = { entry = e, runs = runs_of(rois), promoted_time = e.promoted_time }
  function p.run_id(i)
    for _, run in ipairs(p.runs) do
      if run.index == i then
        return run.name
      end
    end
  end
  return p
end

-- Decisions by process id.
local function decide_all(list, policy, context)
  policy = policy or guarded
  context = context or { now = NOW, now_text = "now" }
  local records = {}
  for i, p in ipairs(list) do
    records[i] = policy.evaluate(p, context)
  end
  local by_id = {}
  for _, decision in ipairs(policy.decide(records, context)) do
    by_id[decision.process_id] = decision
  end
  return by_id
end

local function decide(p, policy, context)
  return decide_all({ p }, policy, context).p
end

local function code_of(decision)
  return decision.reasons[1]:match("^[A-Z0-9_]+")
end

local function expect(state, code, decision)
  assert.same({ state, code }, { decision.state, code_of(decision) })
  assert.equal(state, decision.entry.state)
end

-- n returns that swing by `swing` around `mean`.
local function swinging(n, mean, swing)
  local rois = {}
  for i = 1, n do
    rois[i] = mean + (i % 2 == 0 and swing or -swing)
  end
  return rois
end

local function appended(rois, ...)
  local list = { unpack(rois) }
  for _, roi in ipairs { ... } do
    list[#list + 1] = roi
  end
  return list
end

local function copy(value)
  if type(value) ~= "table" then
    return value
  end
  local result = {}
  for key, item in pairs(value) do
    result[key] = copy(item)
  end
  return result
end

local strong = swinging(40, 0.02, 0.01)

local function with(changes)
  return guarded.with("changed", changes)
end

describe("guarded: a run that does not count", function()
  it("is one without a finite return: a fault, not a zero", function()
    local p = process(strong)
    p.runs[3].metrics.roi = nil
    p.runs[4].metrics.roi = 0 / 0
    p.runs[5].metrics.roi = -math.huge
    p.runs[7].duplicate = true
    local decision = decide(p)
    expect("PROBATION", "EVIDENCE_E20", decision)
    assert.equal(36, decision.entry.n)
    assert.equal("DATA_INVALID: 4 runs twice or without a roi", decision.reasons[2])
    assert.equal(39, decision.entry.completed)
  end)

  it("is one of the future", function()
    local p = process(strong)
    p.runs[40].time = NOW + 1
    local decision = decide(p)
    assert.equal(39, decision.entry.n)
    assert.equal("CLOCK_SKEW: 1 runs start later than now", decision.reasons[2])
    p.runs[40].time = NOW
    assert.equal(40, decide(p).entry.n)
  end)

  it("is one that has not ended, without being a fault", function()
    local p = process(strong)
    p.runs[1].status, p.runs[2].status, p.runs[3].status = "RUNNING", "PENDING", "CANCELLED"
    local decision = decide(p)
    assert.equal(37, decision.entry.n)
    assert.equal(1, #decision.reasons)
  end)
end)

describe("guarded: rows about one process", function()
  it("1 leave frozen states alone, whatever happened", function()
    for _, state in ipairs { "KILLED", "PAUSED" } do
      for _, rois in ipairs { {}, strong, { -0.2 }, swinging(60, -0.01, 0.01) } do
        local decision = decide(process(rois, { state = state }))
        expect(state, "STATE_FROZEN", decision)
        assert.equal(0, decision.weight)
      end
    end
  end)

  it("2 kill when a run lost more than its limit", function()
    expect("PROBATION", "EVIDENCE_E20", decide(process(appended(strong, -LIMIT, 0.02))))
    expect("PROBATION", "EVIDENCE_E20",
      decide(process(appended(strong, -LIMIT * (1 + 5e-10), 0.02))))
    expect("KILLED", "LOSS_LIMIT_BREACH", decide(process(appended(strong, -LIMIT * (1 + 2e-9)))))
    expect("KILLED", "LOSS_LIMIT_BREACH", decide(process { -0.0601 }))
    expect("NEW", "INSUFFICIENT_RUNS", decide(process({}, { state = "NEW" })))
  end)

  it("2 take no declared limit above the largest, and that one where none is declared", function()
    local function limit(entry, context)
      local p = process({ 0.01 }, entry)
      if entry.none then
        p.entry.loss_limit = nil
      end
      return decide(p, nil, context)
    end
    local wide = limit({ loss_limit = 0.9 }).entry
    assert.same({ 0.9, 0.25 }, { wide.loss_limit, wide.loss_limit_used })
    local decision = limit { none = true }
    assert.equal(0.25, decision.entry.loss_limit_used)
    assert.is_nil(decision.entry.loss_limit) -- still undeclared next time
    assert.truthy(decision.reasons[2]:match("^LOSS_LIMIT_UNDECLARED: "))
    assert.equal(0.1, limit({ none = true },
      { now = NOW, now_text = "now", loss_limit = 0.1 }).entry.loss_limit_used)
  end)

  -- Falls in steps that the loss limit allows.
  local function fallen(depth)
    local rois = { 0.03, 0.02, 0.03 }
    while depth > 1e-12 do
      rois[#rois + 1] = -math.min(depth, 0.05)
      depth = depth - 0.05
    end
    return rois
  end

  it("3 kill above a drawdown of 0.35, not at it", function()
    local policy = with { drawdown_kill = 0.375, drawdown_derisk = 0.25 }
    local rois = { 0.03125, -0.03125, -0.03125, -0.03125, -0.03125, -0.03125, -0.03125, -0.03125,
      -0.03125, -0.03125, -0.03125, -0.03125, -0.03125 } -- exact in binary: 0.375
    expect("TESTING", "DRAWDOWN_DERISK", decide(process(rois), policy))
    expect("KILLED", "DRAWDOWN_KILL", decide(process(appended(rois, -2 ^ -40)), policy))
    expect("TESTING", "DRAWDOWN_DERISK", decide(process(fallen(0.349))))
    expect("KILLED", "DRAWDOWN_KILL", decide(process(fallen(0.351))))
    -- It does not matter that it recovered.
    expect("KILLED", "DRAWDOWN_KILL", decide(process(appended(fallen(0.351), 0.2, 0.2))))
  end)

  it("4 derisk above a drawdown of 0.25 now, and let a demoted process earn its place again",
    function()
      expect("TESTING", "INSUFFICIENT_RUNS", decide(process(fallen(0.249))))
      local decision = decide(process(fallen(0.251)))
      expect("TESTING", "DRAWDOWN_DERISK", decision)
      assert.equal(0, decision.entry.epoch)
      expect("TESTING", "INSUFFICIENT_RUNS", decide(process(appended(fallen(0.251), 0.01))))
      decision = decide(process(fallen(0.251), { state = "CORE" }))
      expect("TESTING", "DRAWDOWN_DERISK", decision)
      assert.same({ 1, "now", 0.01 },
        { decision.entry.epoch, decision.entry.epoch_started_at, decision.weight })
    end)

  it("5 kill when most runs fail: four of four, not three", function()
    local function failing(failed, completed)
      local p = process(swinging(failed + completed, 0.001, 0.01))
      for i = 1, failed do
        p.runs[i].status = "FAILED"
      end
      return decide(p)
    end
    expect("TESTING", "INSUFFICIENT_RUNS", failing(3, 0))
    expect("KILLED", "OPS_FAILURE", failing(4, 0))
    expect("KILLED", "OPS_FAILURE", failing(8, 2))
    expect("TESTING", "INSUFFICIENT_RUNS", failing(7, 3))
    -- Failures count even where they left no return.
    local p = process { 0.01, 0.01, 0.01, 0.01 }
    for i = 1, 4 do
      p.runs[i].status, p.runs[i].metrics.roi = "FAILED", nil
    end
    expect("KILLED", "OPS_FAILURE", decide(p))
  end)

  it("6 kill when an edge of 0.2 is refuted, from 20 runs on", function()
    -- The Sharpe ratio at which n runs refute an edge of 0.2.
    local function refuted(n, above)
      local sharpe = 0.1 + math.log(0.05) / (n * 0.2) + above
      local sd = stats.shape(stats.moments_of(swinging(n, 0, 0.01))).sd
      return decide(process(swinging(n, sharpe * sd, 0.01)))
    end
    for _, n in ipairs { 20, 40, 100 } do
      expect("KILLED", "FUTILITY", refuted(n, -1e-6))
      assert.equal("TESTING", refuted(n, 1e-6).state)
    end
    expect("TESTING", "INSUFFICIENT_RUNS", decide(process(swinging(19, -0.012, 0.01))))
    expect("TESTING", "ZERO_VARIANCE", decide(process(swinging(25, -0.001, 0))))
  end)

  it("7 demote when the edge is gone since the promotion, at the limit of the CUSUM", function()
    -- One run since the promotion, whose z makes the CUSUM what is asked for.
    local function promoted(cusum, state)
      local rois = appended(strong, 0.01 * (0.25 - cusum))
      local p = process(rois, { state = state, s_ref = 0.5, sigma_ref = 0.01, loss_limit = 0.25 })
      p.promoted_time = p.runs[40].time
      return decide(p)
    end
    local limit = stats.cusum_limit(0.5, 1000)
    for _, state in ipairs { "CORE", "PROBATION" } do
      assert.equal(state, promoted(limit - 1e-6, state).state)
      local decision = promoted(limit + 1e-6, state)
      expect("TESTING", "DECAY_DETECTED", decision)
      assert.equal(1, decision.entry.epoch)
      assert.is_nil(decision.entry.s_ref)
      assert.is_nil(decision.entry.promoted_at)
    end
    assert.are_not.equal("DECAY_DETECTED", code_of(promoted(limit + 1, "TESTING")))
  end)

  it("decide in this order", function()
    local p = process({}, { state = "PAUSED", s_ref = 0.5, sigma_ref = 0.01 })
    local rois = { -0.07 } -- breach
    for i = 2, 9 do
      rois[i] = -0.06 -- drawdown 0.55
    end
    for i = 10, 40 do
      rois[i] = -0.004 + (i % 2) * 0.001 -- futile, no decay left to find
    end
    local order = { "STATE_FROZEN", "LOSS_LIMIT_BREACH", "DRAWDOWN_KILL", "DRAWDOWN_DERISK",
      "OPS_FAILURE", "FUTILITY", "DECAY_DETECTED", "HOLDOUT_COLLAPSE" }
    local repair = {
      function(e) e.state = "CORE" end,
      function() rois[1] = -0.06 end,
      function() for i = 1, 6 do rois[i] = 0.001 end end,
      function() for i = 7, 9 do rois[i] = 0.001 end end,
      function(_, fail) fail.off = true end,
      function() for i = 10, 24 do rois[i] = 0.02 + (i % 2) * 0.01 end end,
      function(e) e.state = "TESTING" end,
    }
    local fail = {}
    for step, code in ipairs(order) do
      p.runs = runs_of(rois)
      p.promoted_time = p.runs[1].time
      for i = 1, 30 do
        p.runs[i].status = fail.off and "COMPLETED" or "FAILED"
      end
      local entry = {}
      for key, value in pairs(p.entry) do
        entry[key] = value
      end
      assert.equal(code, code_of(decide { entry = entry, runs = p.runs, run_id = p.run_id,
        promoted_time = p.promoted_time }))
      if repair[step] then
        repair[step](p.entry, fail)
      end
    end
  end)
end)

describe("guarded: rows about evidence", function()
  it("8 want 20 runs, spread and fresh", function()
    local rois = swinging(20, 0.02, 0.01)
    expect("TESTING", "INSUFFICIENT_RUNS", decide(process(swinging(19, 0.02, 0.01))))
    expect("PROBATION", "EVIDENCE_E20", decide(process(rois)))
    -- Twenty runs, most of them so old that few count.
    local p = process(rois)
    for i = 1, 12 do
      p.runs[i].time = NOW - (400 + i) * DAY
    end
    expect("TESTING", "INSUFFICIENT_RUNS", decide(p))
    -- A burst that is over: W falls below 5.
    p = process(rois)
    local W = decide(process(rois)).entry.W
    local days = 30 * math.log(W / 5) / math.log(2)
    expect("PROBATION", "EVIDENCE_E20", decide(p, nil, { now = NOW + (days - 0.01) * DAY }))
    expect("TESTING", "STALE_EVIDENCE",
      decide(process(rois), nil, { now = NOW + (days + 0.01) * DAY }))
  end)

  it("8 take gains without variance for no evidence", function()
    expect("TESTING", "ZERO_VARIANCE", decide(process(swinging(30, 0.02, 0))))
  end)

  it("9 want a decayed mean above zero", function()
    local policy = with { drawdown_derisk = 1, drawdown_kill = 1 }
    local rois, seen = swinging(80, 0.02, 0.01), {}
    for day = 80, 41, -1 do -- more and more of the newest runs lose
      rois[day] = -0.0165 + (day % 2) * 0.001
      local decision = decide(process(rois), policy)
      local negative = decision.entry.decayed_mean <= 0
      assert.equal(negative, code_of(decision) == "RECENT_NEGATIVE")
      seen[negative] = decision.entry.mean > 0
    end
    assert.same({ [true] = true, [false] = true }, seen) -- the plain mean was positive throughout
  end)

  it("10 hold when the last week collapses, at its 5 % quantile", function()
    local policy = with { runs_min = 20 }
    local function week(mean)
      local rois = swinging(40, 0.02, 0.01)
      for i = 34, 40 do
        rois[i] = mean + (i % 2 == 0 and 0.01 or -0.01)
      end
      return decide(process(rois), policy)
    end
    local low, high = -0.02, 0.02
    for _ = 1, 60 do -- the mean of the week at which the gate closes
      local middle = (low + high) / 2
      if code_of(week(middle)) == "HOLDOUT_COLLAPSE" then
        low = middle
      else
        high = middle
      end
    end
    expect("TESTING", "HOLDOUT_COLLAPSE", week(low))
    expect("PROBATION", "EVIDENCE_E20", week(high))
    local before, after = stats.moments(), stats.moments()
    for i = 1, 40 do
      local swing = i % 2 == 0 and 0.01 or -0.01
      stats.moments_add(i < 34 and before or after, (i < 34 and 0.02 or high) + swing)
    end
    local t, nu = stats.predictive_t(before, after)
    assert.is_true(math.abs(stats.t_tail(-t, nu) - 0.05) < 1e-6)
    assert.is_true(math.abs(week(high).entry.holdout_t - t) < 1e-9)
  end)

  it("10 need five runs in the week", function()
    local function recent(count)
      local rois = appended(strong, unpack(swinging(count, -0.01, 0.001)))
      local p = process(rois)
      for i = 1, #rois do
        p.runs[i].time = i > 40 and NOW - (#rois - i + 1) * 3600 or NOW - (48 - i) * DAY
      end
      return decide(p)
    end
    assert.is_nil(recent(4).entry.holdout_t)
    assert.is_number(recent(5).entry.holdout_t)
    expect("TESTING", "HOLDOUT_COLLAPSE", recent(5))
  end)

  it("11 give PROBATION from evidence of 20", function()
    local e_max = decide(process(strong)).entry.ln_e_max
    local function at(evidence)
      return decide(process(strong), with { probation_evidence = evidence })
    end
    expect("PROBATION", "EVIDENCE_E20", at(math.exp(e_max) * (1 - 1e-9)))
    assert.equal("TESTING", at(math.exp(e_max) * (1 + 1e-9)).state)
    local decision = decide(process(strong))
    assert.same({ "now", 0.02 }, { decision.entry.promoted_at, decision.weight })
    assert.is_true(decision.entry.s_ref >= 0.1 and decision.entry.s_ref <= 1)
  end)

  local function probation(change, entry)
    local p = process(strong, entry or {})
    p.entry.state = "PROBATION"
    for i, run in ipairs(p.runs) do
      change(run.metrics, i)
    end
    return p
  end

  it("12 hold what one bucket earned", function()
    local single = decide(probation(function(m) m.volatility = 0.02 end))
    expect("PROBATION", "REGIME_SINGLE_BUCKET", single)
    -- Five runs in a second bucket are enough, four are not.
    local function second(count)
      return decide(probation(function(m, i) m.volatility = i <= count and 0.02 or 0.05 end))
    end
    expect("PROBATION", "REGIME_SINGLE_BUCKET", second(4))
    expect("CORE", "BH_DISCOVERY", second(5))
    expect("PROBATION", "REGIME_UNKNOWN", decide(probation(function(m) m.spread_bps = nil end)))
    local concentrated = decide(probation(function(m, i)
      m.volatility = m.roi > 0.02 and 0.05 or (i % 4 == 1 and 0.02 or 0.005)
      m.roi = m.roi > 0.02 and 0.04 or (i % 4 == 1 and 0.01 or -0.01)
    end))
    expect("PROBATION", "REGIME_CONCENTRATED", concentrated)
  end)

  it("12 hold below a z of 1, not at it", function()
    local z = decide(probation(function() end)).entry.z_volatility
    assert.is_true(z > 1)
    expect("CORE", "BH_DISCOVERY", decide(probation(function() end), with { regime_z = z }))
    expect("PROBATION", "REGIME_CONCENTRATED",
      decide(probation(function() end), with { regime_z = z * (1 + 1e-12) }))
  end)

  it("12 exempt what is not exposed, and test what is declared for one regime on sessions",
    function()
      local function one(m) m.volatility, m.spread_bps = 0.02, nil end
      expect("CORE", "BH_DISCOVERY", decide(probation(one, { type = "EARN" })))
      expect("PROBATION", "REGIME_SINGLE_BUCKET", decide(probation(one, { type = "TRADING" })))
      local function calm(m) m.volatility = 0.005 end
      -- All runs start at the same hour of the day.
      expect("PROBATION", "REGIME_SINGLE_BUCKET",
        decide(probation(calm, { regime = "volatility" })))
      local p = probation(calm, { regime = "volatility" })
      for i, run in ipairs(p.runs) do
        run.time = run.time - (i % 2) * 12 * 3600
      end
      expect("CORE", "BH_DISCOVERY", decide(p))
    end)

  it("12 look at sessions from 60 runs on", function()
    local rois = swinging(60, 0.02, 0.01)
    expect("PROBATION", "REGIME_SINGLE_BUCKET", decide(process(rois, { state = "PROBATION" })))
    rois[60] = nil
    expect("CORE", "BH_DISCOVERY", decide(process(rois, { state = "PROBATION" })))
  end)

  -- Twelve variants over `days` days; the first has what `best` says.
  local function family(days, variants, best)
    local list, uniform = {}, generator.uniform(9)
    for v = 1, variants do
      local rois = {}
      for i = 1, days do
        rois[i] = math.max(0.01 * generator.normal12(uniform) + (v == 1 and best(i) or 0), -LIMIT)
      end
      list[v] = process(rois, { process_id = v == 1 and "p" or "v" .. v, family = "f",
        state = "PROBATION", type = "EARN" })
    end
    return list
  end

  it("13 hold a family whose best variant is luck", function()
    -- In every eighth of the days another variant shines: the winner of one half is the worst of
    -- the other.
    local list = family(160, 12, function() return 0.02 end)
    for v = 1, 12 do
      for i = 1, 160 do
        local shine = math.floor((i - 1) / 20) == (v - 1) % 8
        list[v].runs[i].metrics.roi = (shine and 0.05 or 0.01) + (i % 2) * 0.001
      end
    end
    local policy = with { kappa_runs_min = math.huge } -- such blocks are autocorrelated
    local decision = decide_all(list, policy).p
    expect("PROBATION", "FAMILY_OVERFIT", decision)
    assert.is_true(decision.entry.family_pbo > 0.5)
    -- Nine variants, or 127 days, say nothing.
    expect("CORE", "BH_DISCOVERY", decide_all({ unpack(copy(list), 1, 9) }, policy).p)
    for v = 1, 12 do
      list[v].runs = { unpack(list[v].runs, 34, 160) }
    end
    assert.is_nil(decide_all(list).p.entry.family_pbo)
  end)

  it("13 let a family pass whose best variant stays the best", function()
    local decision = decide_all(family(160, 12, function() return 0.015 end)).p
    expect("CORE", "BH_DISCOVERY", decision)
    assert.is_true(decision.entry.family_pbo < 0.2)
  end)

  it("13 ask the deflated Sharpe ratio where that is in doubt, or where the owner wants it",
    function()
      local list = family(160, 12, function() return 0.015 end)
      local doubtful = with { family_pbo_warn = 0, dsr_doubtful = 1.1 }
      expect("PROBATION", "DSR_BELOW", decide_all(list, doubtful).p)
      local dsr = decide(process(strong, { state = "PROBATION" })).entry.dsr
      assert.is_number(dsr)
      expect("CORE", "BH_DISCOVERY", decide(process(strong, { state = "PROBATION" }),
        with { dsr_min = dsr }))
      expect("PROBATION", "DSR_BELOW", decide(process(strong, { state = "PROBATION" }),
        with { dsr_min = dsr + 1e-9 }))
    end)

  it("14 promote what Benjamini-Hochberg finds among all that were ever started", function()
    local decision = decide(process(strong, { state = "PROBATION" }))
    expect("CORE", "BH_DISCOVERY", decision)
    local p = decision.entry.p
    local function started(m)
      return decide(process(strong, { state = "PROBATION" }), nil,
        { now = NOW, now_text = "now", started = m })
    end
    expect("CORE", "BH_DISCOVERY", started(math.floor(0.10 / p)))
    expect("PROBATION", "EVIDENCE_PENDING", started(math.ceil(0.10 / p)))
    -- A former epoch is a trial as well.
    local e = math.exp(decision.entry.ln_e_max)
    expect("CORE", "BH_DISCOVERY", decide(process(strong, { state = "PROBATION" }),
      with { fdr = 1 / e }))
    expect("PROBATION", "EVIDENCE_PENDING", decide(process(strong, { state = "PROBATION",
      epoch = 1 }), with { fdr = 1 / e }))
  end)

  it("14 count killed processes with the evidence they had", function()
    local list = { process(swinging(24, 0.02, 0.01), { state = "PROBATION" }) }
    for i = 1, 400 do
      list[i + 1] = process({}, { process_id = "k" .. i, state = "KILLED" })
    end
    expect("PROBATION", "EVIDENCE_PENDING", decide_all(list).p)
    for i = 1, 40 do
      list[i + 1] = process(strong, { process_id = "k" .. i, state = "KILLED" })
    end
    expect("CORE", "BH_DISCOVERY", decide_all(list).p)
  end)

  it("14 let keen wait until the evidence is back near its maximum", function()
    local keen = require "hean.policy.keen"
    local p = process(appended(strong, -0.004, 0), { state = "PROBATION" })
    local function at(limit)
      return decide(copy(p), with { evidence_fall_max = limit })
    end
    local fall = at(nil).entry.ln_e_max - at(nil).entry.ln_e
    assert.is_true(fall > 0.01)
    expect("CORE", "BH_DISCOVERY", at(nil))
    expect("CORE", "BH_DISCOVERY", at(fall + 1e-9))
    expect("PROBATION", "EVIDENCE_FALLEN", at(fall - 1e-9))
    -- Who is in CORE already stays there.
    p.entry.state = "CORE"
    expect("CORE", "BH_DISCOVERY", at(0))
    assert.equal(1, keen.params.evidence_fall_max)
  end)

  it("15 say how many runs are to go", function()
    local context = { now = NOW, now_text = "now", started = 100 }
    local decision = decide(process(swinging(40, 0.008, 0.02)), nil, context)
    expect("TESTING", "EVIDENCE_PENDING", decision)
    local e = decision.entry
    assert.is_true(math.abs(e.runs_needed - (e.ln_e_needed - e.ln_e) / (e.ln_e / 40)) < 1e-9)
    assert.is_nil(decide(process(swinging(40, 0.0005, 0.02))).entry.runs_needed)
  end)

  it("keep a CORE process that no longer stands out", function()
    expect("CORE", "EVIDENCE_PENDING", decide(process(swinging(40, 0.008, 0.02),
      { state = "CORE", s_ref = 0.2, sigma_ref = 0.02 }), with { fdr = 0.01 }))
  end)
end)

describe("guarded: epochs", function()
  it("start anew with other code, and the former one stays a trial", function()
    local decision = decide(process(strong, { state = "CORE", version = "b", epoch_version = "a" }))
    expect("TESTING", "INSUFFICIENT_RUNS", decision)
    assert.same({ 1, "now", "b" }, { decision.entry.epoch, decision.entry.epoch_started_at,
      decision.entry.epoch_version })
    assert.truthy(decision.reasons[2]:match("^EPOCH_STARTED: "))
    expect("PROBATION", "EVIDENCE_E20", decide(process(strong, { version = "a",
      epoch_version = "a" })))
    assert.equal("a", decide(process(strong, { version = "a" })).entry.epoch_version)
  end)

  it("count only their own runs, but every loss", function()
    local p = process(appended(strong, -LIMIT, 0.02))
    p.epoch_time = p.runs[40].time
    local decision = decide(p)
    assert.equal(2, decision.entry.n)
    assert.equal(-LIMIT, decision.entry.worst_roi)
    assert.is_true(decision.entry.max_drawdown >= LIMIT)
  end)

  it("give a process that was promoted elsewhere a reference for its decay", function()
    local decision = decide(process(strong, { state = "CORE" }))
    assert.equal("CORE", decision.state)
    assert.is_number(decision.entry.s_ref)
    assert.equal("now", decision.entry.promoted_at)
  end)
end)

describe("guarded: weights", function()
  it("share one among CORE, a tenth among PROBATION, and are smallest for the others", function()
    local list = {}
    for i = 1, 4 do
      list[i] = process(swinging(40, 0.02, 0.005 * i), { process_id = "c" .. i, state = "CORE" })
    end
    for i = 1, 20 do
      list[#list + 1] = process(swinging(40, 0.006, 0.02),
        { process_id = "q" .. i, state = "PROBATION" })
    end
    list[#list + 1] = process({}, { process_id = "n", state = "NEW" })
    list[#list + 1] = process({}, { process_id = "k", state = "KILLED" })
    local by_id = decide_all(list, with { fdr = 1e-12 })
    local core, probation = 0, 0
    for id, decision in pairs(by_id) do
      core = core + (id:sub(1, 1) == "c" and decision.weight or 0)
      probation = probation + (decision.state == "PROBATION" and decision.weight or 0)
      assert.is_true(decision.weight <= 0.5)
    end
    assert.is_true(core <= 1 + 1e-12 and core > 0.5)
    assert.is_true(by_id.c1.weight >= by_id.c2.weight and by_id.c2.weight > by_id.c4.weight)
    assert.is_true(math.abs(probation - 0.10) < 1e-12)
    assert.same({ 0.01, 0 }, { by_id.n.weight, by_id.k.weight })
    assert.equal(0.5, decide(process(strong, { state = "CORE" })).weight)
  end)
end)

-- ---- properties, on random processes ----

local ranks = { KILLED = 0, PAUSED = 0, NEW = 1, TESTING = 2, PROBATION = 3, CORE = 4 }

local seed = tonumber(os.getenv("HEAN_TEST_SEED") or "") or os.time()

-- A process of 1 to 60 runs with any edge; some strong enough to be promoted.
local function random_process(uniform, id, state)
  local n = 1 + math.floor(uniform() * 60)
  local edge, rois = uniform() * 1.5 - 0.2, {}
  for i = 1, n do
    rois[i] = math.max(0.02 * (generator.normal12(uniform) + edge), -LIMIT)
  end
  local p = process(rois, { process_id = id, state = state })
  for _, run in ipairs(p.runs) do
    run.time = run.time - math.floor(uniform() * 4) * 6 * 3600
    run.metrics.volatility = uniform() * 0.05
    run.metrics.spread_bps = uniform() * 20
  end
  return p
end

describe("guarded: properties (seed " .. seed .. ")", function()
  local uniform = generator.uniform(seed)
  local states = { "NEW", "TESTING", "PROBATION" }

  it("a losing run never promotes", function()
    local promoted = 0
    for _ = 1, 1500 do
      local before = random_process(uniform, "p", states[1 + math.floor(uniform() * 3)])
      local after = copy(before)
      local roi = -LIMIT * uniform()
      after.runs[#after.runs + 1] = { index = #after.runs + 1, status = "COMPLETED", time = NOW,
        metrics = { roi = roi, volatility = uniform() * 0.05,
          spread_bps = uniform() * 20 } }
      local old = decide(before)
      promoted = promoted + (ranks[old.state] >= 3 and 1 or 0)
      local new = decide(after)
      assert.is_true(ranks[new.state] <= math.max(ranks[old.state], 2))
    end
    assert.is_true(promoted > 50) -- else nothing was tried
  end)

  it("money has no unit: scaling all P&L and capital changes nothing", function()
    for _ = 1, 50 do
      local p = random_process(uniform, "p", "TESTING")
      for _, run in ipairs(p.runs) do
        run.capital_allocated_usd = 100
        run.metrics.capital_delta = 100 * run.metrics.roi
      end
      local scaled = copy(p)
      for _, run in ipairs(scaled.runs) do
        run.capital_allocated_usd = run.capital_allocated_usd * 1000
        run.metrics.capital_delta = run.metrics.capital_delta * 1000
      end
      assert.same(decide(p), decide(scaled))
    end
  end)

  it("the order of processes and of their runs does not matter", function()
    local list = {}
    for i = 1, 200 do
      list[i] = random_process(uniform, "p" .. i, states[1 + math.floor(uniform() * 3)])
    end
    local shuffled = copy(list)
    for _, p in ipairs(shuffled) do
      for i = #p.runs, 2, -1 do
        local j = 1 + math.floor(uniform() * i)
        p.runs[i], p.runs[j] = p.runs[j], p.runs[i]
      end
    end
    for i = #shuffled, 2, -1 do
      local j = 1 + math.floor(uniform() * i)
      shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
    end
    assert.same(decide_all(list), decide_all(shuffled))
  end)

  it("more trials never make promotion easier", function()
    for _ = 1, 20 do
      local list = {}
      for i = 1, 30 do
        list[i] = random_process(uniform, "p" .. i, "PROBATION")
      end
      local strict = with { dsr_min = 0.95 }
      for _, policy in ipairs { guarded, strict } do
        local last
        for _, trials in ipairs { 0, 50, 500, 5000, 500000 } do
          local by_id = decide_all(copy(list), policy, { now = NOW, now_text = "now",
            trials = trials, started = trials })
          for id, decision in pairs(by_id) do
            assert.is_true(not last or ranks[decision.state] <= ranks[last[id].state])
          end
          last = by_id
        end
      end
    end
  end)
end)
