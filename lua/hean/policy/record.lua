-- record.lua: the track record of one process, run by run: what policies look at.
--
-- Invariants
--   * `evidence` and what it rests on belong to one epoch: a change of code or parameters, or a
--     demotion, starts it anew. `risk` (drawdown, losses, failures) never starts anew.
--   * A run without a finite roi counts nowhere but among the faults: a missing return is not 0.
--   * Adding a run costs the same however long the record is.
--
-- Knows nothing of states and rules.

local stats = require "hean.stats"

local floor, max, min, sort = math.floor, math.max, math.min, table.sort

local M = {}

local DAY = 86400

-- ---- buckets ----

-- The dimensions of the regime gate, each with its number of buckets. 24 hours are too many for
-- less than 500 runs, hence four sessions of six hours UTC.
M.dimensions = { "volatility", "spread", "session" }
local sizes = { volatility = 3, spread = 3, session = 4 }

-- Low below 1 %, medium, high from 3 %.
function M.volatility_bucket(v)
  return v < 0.01 and 1 or v < 0.03 and 2 or 3
end

-- Tight below 5 basis points, normal, wide from 15.
function M.spread_bucket(bps)
  return bps < 5 and 1 or bps < 15 and 2 or 3
end

function M.session_bucket(time)
  return floor(time / 21600) % 4 + 1
end

local function buckets(size)
  local sums, counts = {}, {}
  for i = 1, size do
    sums[i], counts[i] = 0, 0
  end
  return { sums = sums, counts = counts }
end

local function bucket_add(dimension, bucket, roi)
  dimension.sums[bucket] = dimension.sums[bucket] + roi
  dimension.counts[bucket] = dimension.counts[bucket] + 1
end

-- ---- the record ----

-- The part of one epoch. It is also its own moments (n, mean, m2, m3, m4).
function M.epoch()
  local epoch = stats.moments()
  epoch.times, epoch.rois, epoch.volatilities, epoch.spreads = {}, {}, {}, {}
  epoch.W, epoch.V2, epoch.fresh_mean, epoch.fresh_time = 0, 0, 0, 0
  epoch.step, epoch.factor = -1, 1 -- the last distance between two runs, and its decay
  epoch.weighed, epoch.watched, epoch.sorted = 0, 0, 0
  for i = 1, #M.dimensions do
    local name = M.dimensions[i]
    epoch[name] = buckets(sizes[name])
  end
  return epoch
end

function M.risk()
  return { sum = 0, peak = 0, drawdown = 0, worst = 0, low = 0, completed = 0, failed = 0 }
end

-- Drawdown in fractions of the allocated capital, as roi is.
function M.risk_add(risk, roi)
  local sum = risk.sum + roi
  local peak = max(risk.peak, sum)
  risk.sum, risk.peak, risk.drawdown = sum, peak, peak - sum
  risk.worst = max(risk.worst, peak - sum)
  risk.low = min(risk.low, roi)
end

-- A run that is not older than those before it. Volatility and spread may be nil.
function M.add(epoch, time, roi, volatility, spread, half_life_days)
  stats.moments_add(epoch, roi)
  local n = epoch.n
  epoch.times[n], epoch.rois[n] = time, roi
  local step = time - epoch.fresh_time
  if step ~= epoch.step then
    epoch.step, epoch.factor = step, 2 ^ (-step / (half_life_days * DAY))
  end
  local factor = n > 1 and epoch.factor or 0
  epoch.fresh_time = time
  epoch.W = epoch.W * factor + 1
  epoch.V2 = epoch.V2 * factor * factor + 1
  epoch.fresh_mean = epoch.fresh_mean + (roi - epoch.fresh_mean) / epoch.W
  epoch.volatilities[n], epoch.spreads[n] = volatility or false, spread or false
end

-- Brings the buckets up to the newest run. Apart from `add`: what branches with the data would make
-- a trace for every path through both.
function M.sort_runs(epoch)
  local rois = epoch.rois
  for i = epoch.sorted + 1, epoch.n do
    if epoch.volatilities[i] then
      bucket_add(epoch.volatility, M.volatility_bucket(epoch.volatilities[i]), rois[i])
    end
  end
  for i = epoch.sorted + 1, epoch.n do
    if epoch.spreads[i] then
      bucket_add(epoch.spread, M.spread_bucket(epoch.spreads[i]), rois[i])
    end
  end
  for i = epoch.sorted + 1, epoch.n do
    bucket_add(epoch.session, M.session_bucket(epoch.times[i]), rois[i])
  end
  epoch.sorted = epoch.n
end

-- Runs as if fresh, and Kish's effective number.
function M.freshness(epoch, now, half_life_days)
  if epoch.n == 0 then
    return 0, 0
  end
  local age = max(now - epoch.fresh_time, 0) / DAY
  return epoch.W * 2 ^ (-age / half_life_days), epoch.W * epoch.W / epoch.V2
end

-- Brings the evidence up to the newest run.
function M.weigh(epoch, evidence)
  for i = epoch.weighed + 1, epoch.n do
    stats.evidence_add(evidence, epoch.rois[i])
  end
  epoch.weighed = epoch.n
end

-- Brings the CUSUM of a promoted process up to the newest run and returns it.
function M.watch(epoch, value, s_ref, sigma_ref)
  for i = epoch.watched + 1, epoch.n do
    value = stats.cusum(value, epoch.rois[i] / sigma_ref, s_ref)
  end
  epoch.watched = epoch.n
  return value
end

-- The predictive t of the runs of the last days against those before, and whether its lower tail is
-- below alpha; nil where there are too few runs on either side, or no variance.
function M.holdout(epoch, now, days, runs_min, alpha)
  local cutoff = now - days * DAY
  local first = epoch.n + 1
  while first > 1 and epoch.times[first - 1] > cutoff do
    first = first - 1
  end
  local recent, before = epoch.n - first + 1, first - 1
  if recent < runs_min or before < runs_min then
    return nil
  end
  local mean, m2 = 0, 0
  for i = first, epoch.n do
    local d = epoch.rois[i] - mean
    mean = mean + d / (i - first + 1)
    m2 = m2 + d * (epoch.rois[i] - mean)
  end
  -- What is left of the moments of all runs when the recent ones are taken out.
  local mean_before = (epoch.n * epoch.mean - recent * mean) / before
  local gap = mean - mean_before
  local m2_before = max(epoch.m2 - m2 - gap * gap * recent * before / epoch.n, 0)
  local t, nu = stats.predictive_t({ n = before, mean = mean_before, m2 = m2_before },
    { n = recent, mean = mean, m2 = m2 })
  if not t then
    return nil
  end
  -- No t law has its quantile above the normal one: most runs need no beta function.
  return t, t < 0 and stats.normal_cdf(t) < alpha and stats.t_tail(-t, nu) < alpha
end

-- ---- runs as they come ----

-- The ended runs with a finite roi of a process in time order, and what was wrong with the others.
-- Operational counts go to `risk`.
function M.accept(process, now, risk)
  local runs, good, sorted = process.runs, {}, true
  local function in_order(a, b)
    return a.time < b.time or (a.time == b.time and a.index ~= b.index
      and process.run_id(a.index) < process.run_id(b.index))
  end
  local faults = { invalid = 0, future = 0 }
  for i = 1, #runs do
    local run = runs[i]
    local failed = run.status == "FAILED"
    if failed or run.status == "COMPLETED" then
      if run.duplicate then
        faults.invalid = faults.invalid + 1
      elseif run.time > now then
        faults.future = faults.future + 1
      else
        risk.failed = risk.failed + (failed and 1 or 0)
        risk.completed = risk.completed + (failed and 0 or 1)
        local roi = run.metrics.roi
        if roi and roi - roi == 0 then
          local n = #good
          sorted = sorted and (n == 0 or run.time > good[n].time)
          good[n + 1] = run
        else
          faults.invalid = faults.invalid + 1
        end
      end
    end
  end
  if not sorted then
    sort(good, in_order)
  end
  return good, faults
end

return M
