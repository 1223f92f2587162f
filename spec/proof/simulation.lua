-- simulation.lua: lets the policies run through a universe day by day and counts what they do.
--
-- Counts go into one flat table, "world|rule|edge|quantity|day" -> sum over universes, so that the
-- results of many workers are added up by adding numbers.

local guarded = require "hean.policy.guarded"
local original = require "hean.policy.original"
local record = require "hean.policy.record"
local stats = require "hean.stats"
local worlds = require "proof.worlds"

local format, max, sqrt = string.format, math.max, math.sqrt
local NOISE, EDGES = worlds.NOISE, worlds.EDGES

local M = { days = 500, checkpoints = { 20, 50, 100, 200, 365, 500 } }

local volatility = { 0.005, 0.02, 0.05 } -- one for each bucket

-- The parameters of a policy in a world of one dimension of regimes. Without `full` a process is
-- neither derisked nor watched for decay.
function M.params(rules, full, changes)
  local params = {}
  for key, value in pairs(rules) do
    params[key] = value
  end
  params.regime_dimensions = { "volatility" }
  if not full then
    params.drawdown_derisk, params.decay_run_length = math.huge, nil
  end
  for key, value in pairs(changes or {}) do
    params[key] = value
  end
  return params
end

local function add(counts, value, ...)
  local key = table.concat({ ... }, "|")
  counts[key] = (counts[key] or 0) + value
end

-- For each checkpoint: how many first days of noise and of edges lie before it, and the share of
-- noise among them.
local function count_ever(counts, first, prefix, quantity)
  for _, day in ipairs(M.checkpoints) do
    local noise, edges = 0, 0
    for i, when in pairs(first) do
      if when <= day then
        noise = noise + (i <= NOISE and 1 or 0)
        edges = edges + (i > NOISE and 1 or 0)
      end
    end
    add(counts, noise, prefix, quantity .. "_noise", day)
    add(counts, edges, prefix, quantity .. "_edge", day)
    add(counts, noise / max(noise + edges, 1), prefix, quantity .. "_fdr", day)
  end
end

-- Autocorrelation of the first 100 runs of all processes of the universe.
local function pooled_kappa(rois)
  local products, squares = 0, 0
  for i = 1, #rois do
    local p, s, correction = stats.lag_sums({ unpack(rois[i], 1, 100) })
    products, squares = products + p + correction, squares + s
  end
  return (stats.kappa(products, squares))
end

-- The universe with the ten processes of the edge number `which` (1 to 3).
local function members(which)
  local list = {}
  for i = 1, NOISE do
    list[i] = i
  end
  for i = 1, EDGES do
    list[NOISE + i] = NOISE + (which - 1) * EDGES + i
  end
  return list
end

local function set_of(list)
  local set = {}
  for _, item in ipairs(list) do
    set[item] = true
  end
  return set
end

-- One day of all processes: rows 2 to 7 after each run, then rows 8 to 15. Calls seen(i, p, was)
-- for each process that lives or dies today; `was` is its state in the morning.
local function live_day(day, processes, index, rois, buckets, params, seen)
  local now = day * 86400
  local before = {}
  for i = 1, #processes do
    local p = processes[i]
    before[i] = p.state
    if p.state ~= "KILLED" then
      local roi = rois[index[i]][day]
      record.risk_add(p.risk, roi)
      guarded.add(p, now, now, roi, volatility[buckets[index[i]][day]], nil, guarded.promising(p))
      guarded.after_run(p)
    end
  end
  local p_max = guarded.discoveries(processes, params)
  for i = 1, #processes do
    local p = processes[i]
    if p.state ~= "KILLED" then
      guarded.after_day(p, now, p_max)
    end
    if before[i] ~= "KILLED" then
      seen(i, p, before[i])
    end
  end
end

-- The rules of guarded with `params` in a universe with the edge number `which`. `checkpoints` are
-- the days on which it is counted who is in CORE; kappa is pooled unless it is given.
function M.guarded(counts, world, rule, rois, buckets, which, params, kappa, checkpoints)
  local prefix = format("%s|%s|%s", world, rule, worlds.edges[which])
  local days, processes, index = #rois[1], {}, members(which)
  local probation, core, killed, count_now = {}, {}, {}, set_of(checkpoints or M.checkpoints)
  local noise_days, edge_days, demotions, noise_now, edges_now = 0, 0, 0, 0, 0
  kappa = kappa or pooled_kappa(rois)
  for i = 1, #index do
    processes[i] = guarded.process({ process_id = i, state = "TESTING",
      loss_limit = worlds.LIMIT }, params, kappa)
  end
  local day
  local function seen(i, p, was)
    if p.state == "CORE" then
      core[i], probation[i] = core[i] or day, probation[i] or day
      noise_now = noise_now + (i <= NOISE and 1 or 0)
      edges_now = edges_now + (i > NOISE and 1 or 0)
    elseif p.state == "PROBATION" then
      probation[i] = probation[i] or day
    elseif p.state == "KILLED" then
      killed[i] = day
    elseif was == "CORE" and i > NOISE then
      demotions = demotions + 1
    end
  end
  for d = 1, days do
    day, noise_now, edges_now = d, 0, 0
    live_day(day, processes, index, rois, buckets, params, seen)
    noise_days, edge_days = noise_days + noise_now, edge_days + edges_now
    if count_now[day] then
      add(counts, noise_now, prefix, "now_noise", day)
      add(counts, edges_now, prefix, "now_edge", day)
    end
  end
  count_ever(counts, probation, prefix, "probation")
  count_ever(counts, core, prefix, "core")
  count_ever(counts, killed, prefix, "killed")
  add(counts, noise_days, prefix, "days_noise", 0)
  add(counts, edge_days, prefix, "days_edge", 0)
  add(counts, demotions, prefix, "demotions", 0)
  add(counts, 1, prefix, "universes", 0)
end

-- One process under the original: the first days as CORE and as KILLED, and the days in CORE. It
-- sees the newest 100 runs, as its storage gave them to it.
local function original_life(rois, days_in_core)
  local state, runs, core, killed = "NEW", {}, nil, nil
  for day = 1, #rois do
    local n = #runs
    if n < 100 then
      n = n + 1
    else
      for k = 2, 100 do
        runs[k - 1] = runs[k]
      end
    end
    runs[n] = { status = "COMPLETED", time = day * 86400,
      metrics = { capital_delta = rois[day], roi = rois[day] } }
    state = original.evaluate({ entry = { process_id = "p", state = state }, runs = runs,
      started_at = tostring }, { now = day * 86400 }).state
    if state == "KILLED" then
      killed = day
      break
    elseif state == "CORE" then
      core = core or day
      days_in_core[day], days_in_core.days = true, (days_in_core.days or 0) + 1
    end
  end
  return core, killed
end

-- Noise is the same whatever the edges are: it lives once.
function M.original(counts, world, rois)
  local core, killed, in_core = {}, {}, {}
  for i = 1, #rois do
    in_core[i] = {}
    core[i], killed[i] = original_life(rois[i], in_core[i])
  end
  for which, edge in ipairs(worlds.edges) do
    local prefix = format("%s|original|%s", world, edge)
    local index, c, k = members(which), {}, {}
    local noise_days, edge_days = 0, 0
    for i = 1, #index do
      c[i], k[i] = core[index[i]], killed[index[i]]
      local spent = in_core[index[i]].days or 0
      noise_days = noise_days + (i <= NOISE and spent or 0)
      edge_days = edge_days + (i > NOISE and spent or 0)
    end
    for _, day in ipairs(M.checkpoints) do
      local noise, edges = 0, 0
      for i = 1, #index do
        if in_core[index[i]][day] then
          noise = noise + (i <= NOISE and 1 or 0)
          edges = edges + (i > NOISE and 1 or 0)
        end
      end
      add(counts, noise, prefix, "now_noise", day)
      add(counts, edges, prefix, "now_edge", day)
    end
    count_ever(counts, c, prefix, "core")
    count_ever(counts, k, prefix, "killed")
    add(counts, noise_days, prefix, "days_noise", 0)
    add(counts, edge_days, prefix, "days_edge", 0)
    add(counts, 1, prefix, "universes", 0)
  end
end

-- The usual statistics on day n: who has a probabilistic Sharpe ratio of 0.95, who a deflated one,
-- and who is found by Benjamini-Hochberg over t-tests.
local function look(moments, n)
  local sharpes, errors, p_values = {}, {}, {}
  for i = 1, #moments do
    local m = moments[i]
    local variance = m.m2 / n
    local sharpe = m.mean / sqrt(m.m2 / (n - 1))
    local skew, kurtosis = m.m3 / n / (variance * sqrt(variance)), m.m4 / n / (variance * variance)
    sharpes[i] = sharpe
    errors[i] = sqrt((1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe * sharpe) / (n - 1))
    -- Among a thousand no p above 0.02 is rejected: its digits do not matter.
    local t = sharpe * sqrt(n)
    p_values[i] = t > 2 and stats.t_tail(t, n - 1) or 1
  end
  local benchmark = stats.expected_maximum(#moments) / sqrt(n) -- the trials spread as noise does
  local p_max = stats.bh(p_values, 0.10) or -1
  local z = 1.6448536269514722
  return function(i)
    return sharpes[i] >= z * errors[i], sharpes[i] - benchmark >= z * errors[i],
      p_values[i] <= p_max
  end
end

function M.others(counts, world, rois, which)
  local index, moments = members(which), {}
  local prefix = format("%s|others|%s", world, worlds.edges[which])
  local psr, dsr, bh, checkpoint = {}, {}, {}, set_of(M.checkpoints)
  for i = 1, #index do
    moments[i] = stats.moments()
  end
  for day = 1, M.days do
    for i = 1, #index do
      stats.moments_add(moments[i], rois[index[i]][day])
    end
    if day >= 20 then
      local found, noise, edges = look(moments, day), 0, 0
      for i = 1, #index do
        local has_psr, has_dsr, has_bh = found(i)
        psr[i] = psr[i] or (has_psr and day or nil)
        dsr[i] = dsr[i] or (has_dsr and day or nil)
        bh[i] = bh[i] or (has_bh and day or nil)
        noise = noise + (has_bh and i <= NOISE and 1 or 0)
        edges = edges + (has_bh and i > NOISE and 1 or 0)
      end
      if checkpoint[day] then
        add(counts, edges, prefix, "single_edge", day)
        add(counts, noise / max(noise + edges, 1), prefix, "single_fdr", day)
      end
    end
  end
  count_ever(counts, psr, prefix, "psr")
  count_ever(counts, dsr, prefix, "dsr")
  count_ever(counts, bh, prefix, "bh")
  add(counts, 1, prefix, "universes", 0)
end

return M
