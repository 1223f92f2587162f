-- universe.lua: the deterministic universes: 1,000 processes without an edge and 10 with one.
local generator = require "support.generator"
local guarded = require "hean.policy.guarded"
local original = require "hean.policy.original"
local record = require "hean.policy.record"

local M = { NOISE = 1000, EDGES = 10, DAYS = 365, LIMIT = 0.06 }

-- rois[process][day] and buckets[process][day] (1 to 3), the edge s per run in the last ten.
function M.generate(seed, s)
  local uniform = generator.uniform(seed)
  local rois, buckets, sum = {}, {}, 0
  for p = 1, M.NOISE + M.EDGES do
    local edge = p > M.NOISE and s or 0
    local r, b = {}, {}
    for day = 1, M.DAYS do
      local z = generator.normal12(uniform)
      local u = uniform()
      r[day] = math.max(0.02 * (z + edge), -M.LIMIT)
      b[day] = u < 0.5 and 1 or u < 0.85 and 2 or 3
      sum = sum + r[day]
    end
    rois[p], buckets[p] = r, b
  end
  return rois, buckets, sum
end

-- Volatilities that fall into the three buckets.
local volatility = { 0.005, 0.02, 0.05 }

-- The parameters under which the reference counts were made: no row but 3, 6, 9 to 12 and 14, one
-- dimension of regimes without a smallest count.
function M.reference_params()
  local params = {}
  for key, value in pairs(guarded.params) do
    params[key] = value
  end
  params.bets, params.shares = { 0.9, 0.45, 0.225 }, { 0.5, 0.3, 0.2 }
  params.drawdown_derisk = math.huge
  params.decay_run_length = nil
  params.regime_runs_min, params.regime_buckets_min = 0, 0
  params.regime_dimensions = { "volatility" }
  return params
end

-- Calls visit(day, index, process, code of the rows after the run) as days go by.
function M.guarded(rois, buckets, params, visit)
  local processes, total = {}, #rois
  for i = 1, total do
    processes[i] = guarded.process({ process_id = i, state = "TESTING", loss_limit = M.LIMIT },
      params)
  end
  for day = 1, M.DAYS do
    local now = day * 86400
    for i = 1, total do
      local p = processes[i]
      if p.state ~= "KILLED" then
        record.risk_add(p.risk, rois[i][day])
        guarded.add(p, now, now, rois[i][day], volatility[buckets[i][day]], nil,
          guarded.promising(p))
        guarded.after_run(p)
      end
    end
    local p_max = guarded.discoveries(processes, params)
    for i = 1, total do
      local p = processes[i]
      if p.state ~= "KILLED" then
        guarded.after_day(p, now, p_max)
      end
      visit(day, i, p)
    end
  end
end

-- The original sees the newest 100 runs after every run, as its storage gave them to it.
function M.original(rois, visit)
  for i = 1, #rois do
    local state = "NEW"
    local runs = {}
    for day = 1, M.DAYS do
      if state ~= "KILLED" then
        runs[#runs + 1] = { status = "COMPLETED", time = day * 86400,
          metrics = { capital_delta = rois[i][day], roi = rois[i][day] } }
        if #runs > 100 then
          table.remove(runs, 1)
        end
        state = original.evaluate({ entry = { process_id = i, state = state }, runs = runs,
          started_at = tostring }, { now = day * 86400 }).state
      end
      visit(day, i, state)
    end
  end
end

return M
