-- original.lua: the rules of the Python system, exactly, so that a user can migrate and compare.
--
-- The same input gives the same decision, its weaknesses included: looking after every run promotes
-- a quarter of pure noise, and a decayed sum below zero kills most edges sooner or later. The
-- default policy is guarded.lua.
--
-- Invariants
--   * Metrics, order of evaluation and weights are those of the original; nothing is repaired. A
--     missing profit counts as 0, drawdown is in currency, the holdout blocks nothing.
--   * It reads every run it is given; the original's storage handed it the newest 100.
--
-- Knows nothing of other processes.

local stats = require "hean.stats"

local format, max, min, sort = string.format, math.max, math.min, table.sort

local DAY = 86400

local policy = {
  name = "original",
  -- The original's constructor defaults. Its scale_min_runs (5) and regime windows (3, compared
  -- with the number of runs) decide nothing.
  params = {
    kill_fail_rate = 0.7,
    kill_negative_runs = 10,
    kill_drawdown = 0.25,
    core_runs = 20,
    core_fail_rate = 0.3,
    sample_runs = 10,
    half_life_days = 30,
    holdout_days = 7,
    holdout_training_runs = 5,
    holdout_runs = 2,
    holdout_share = 0.5,
    weight_small = 0.01,
    weight_fail_rate = 0.5,
    weight_share = 0.5,
    weight_max = 0.5,
  },
}
local params = policy.params

local function profit(run)
  return run.metrics.capital_delta or 0
end

-- Runs at the same time stay in the order given.
local function in_time_order(deltas, times)
  local order, result = {}, {}
  for i = 1, #times do
    order[i] = i
  end
  sort(order, function(a, b)
    return times[a] < times[b] or (times[a] == times[b] and a < b)
  end)
  for i = 1, #order do
    result[i] = deltas[order[i]]
  end
  return result
end

-- Completed and failed runs, in time order for the drawdown; the sums are in the order given.
local function update(entry, process, now)
  local runs = process.runs
  local deltas, times, wins, losses, roi, hours = {}, {}, 0, 0, 0, 0
  local last, sorted, sum = nil, true, 0
  for i = 1, #runs do
    local run = runs[i]
    if run.status == "COMPLETED" or run.status == "FAILED" then
      local n = #deltas + 1
      deltas[n], times[n] = profit(run), run.time
      sum = sum + deltas[n] * 2 ^ (-(now - run.time) / DAY / params.half_life_days)
      sorted = sorted and (n == 1 or run.time >= times[n - 1])
      wins = wins + (run.status == "COMPLETED" and 1 or 0)
      losses = losses + (run.status == "FAILED" and 1 or 0)
      roi = roi + (run.metrics.roi or 0)
      hours = hours + (run.metrics.time_hours or 0)
      if last == nil or run.time > runs[last].time then
        last = i
      end
    end
  end
  local count = #deltas
  entry.runs_count, entry.wins, entry.losses = count, wins, losses
  entry.pnl_sum = sum
  entry.max_dd = stats.drawdown(sorted and deltas or in_time_order(deltas, times))
  entry.avg_roi = count > 0 and roi / count or 0
  entry.fail_rate = count > 0 and losses / count or 0
  entry.time_efficiency = hours > 0 and sum / hours or 0
  if last then
    entry.last_run_at = process.started_at(last)
  end
end

-- Every run counts here, ended or not.
local function holdout_failed(runs, now)
  if #runs < params.sample_runs then
    return false
  end
  local cutoff = now - params.holdout_days * DAY
  local training, recent, training_sum, recent_sum = 0, 0, 0, 0
  for i = 1, #runs do
    if runs[i].time < cutoff then
      training, training_sum = training + 1, training_sum + profit(runs[i])
    else
      recent, recent_sum = recent + 1, recent_sum + profit(runs[i])
    end
  end
  if training < params.holdout_training_runs or recent < params.holdout_runs then
    return false
  end
  local before, after = training_sum / training, recent_sum / recent
  if before > 0 and (after < 0 or after < before * params.holdout_share) then
    return true, before, after
  end
  return false
end

-- The state and the reason for it, in the original's order.
local function evaluate(entry, runs, now)
  if entry.fail_rate > params.kill_fail_rate then
    return "KILLED", format("FAIL_RATE: %d of %d runs failed, %.4g > %.4g", entry.losses,
      entry.runs_count, entry.fail_rate, params.kill_fail_rate)
  elseif entry.runs_count >= params.kill_negative_runs and entry.pnl_sum < 0 then
    return "KILLED", format("NEGATIVE_PNL: decayed sum %.10g < 0 after %d runs", entry.pnl_sum,
      entry.runs_count)
  elseif entry.max_dd > params.kill_drawdown then
    return "KILLED", format("DRAWDOWN: %.10g > %.4g", entry.max_dd, params.kill_drawdown)
  elseif entry.state == "KILLED" or entry.state == "PAUSED" then
    return entry.state, "STATE_FROZEN: " .. entry.state
  elseif entry.runs_count >= params.core_runs and entry.avg_roi > 0
    and entry.fail_rate < params.core_fail_rate then
    return "CORE", format("STABLE: %d runs, mean roi %.10g > 0, fail rate %.4g < %.4g",
      entry.runs_count, entry.avg_roi, entry.fail_rate, params.core_fail_rate)
  end
  if entry.state == "TESTING" then
    if entry.runs_count < params.sample_runs then
      return "TESTING", format("INSUFFICIENT_RUNS: %d of %d", entry.runs_count,
        params.sample_runs)
    end
    local failed, before, after = holdout_failed(runs, now)
    if failed then
      return "TESTING", format("HOLDOUT_COLLAPSE: mean of %d days %.10g, before %.10g",
        params.holdout_days, after, before)
    end
  elseif entry.state == "NEW" and entry.runs_count > 0 then
    return "TESTING", format("FIRST_RUN: %d runs", entry.runs_count)
  end
  return entry.state, "UNCHANGED: no rule applies"
end

local factors = { CORE = 2, TESTING = 1, NEW = 0.5 }

local function weight_of(entry)
  if entry.state == "KILLED" or entry.state == "PAUSED" then
    return 0
  elseif entry.runs_count == 0 then
    return params.weight_small
  end
  local weight = params.weight_small
  if entry.avg_roi > 0 and entry.fail_rate < params.weight_fail_rate then
    weight = params.weight_share * min(max(entry.avg_roi * (1 - entry.fail_rate), 0), 1)
  end
  return min(weight * (factors[entry.state] or 1), params.weight_max)
end

function policy.evaluate(process, context)
  local entry, runs = process.entry, process.runs
  update(entry, process, context.now)
  local state, reason = evaluate(entry, runs, context.now)
  entry.state = state
  entry.weight = weight_of(entry)
  return { process_id = entry.process_id, state = state, weight = entry.weight,
    reasons = { reason }, entry = entry }
end

return policy
