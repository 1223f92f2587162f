-- opportunity_scanner.lua: everything that the other functions found, ranked by one score.
--
-- Input   opportunities { id, source, expected_profit_usd, time_hours, risk_factor, complexity,
--         confidence, process_id }, outcomes { [process_id or source] = { runs, successes,
--         expected_profit_usd, actual_profit_usd } }
-- Output  outputs.ranked, best first: the opportunity with confidence as calibrated, and its score
--
--   score = profit * confidence / (hours * risk * complexity)
--
-- Confidence is calibrated by what came of earlier ones: times the share of runs that succeeded and
-- the share of the promised profit that arrived (at most twice), once there are five runs; what has
-- no record keeps its own confidence. Never over 1, never under 0.

local RUNS_MIN = 5
local ACCURACY_MAX = 2
local DENOMINATOR_MIN = 1e-6

local function calibrate(opportunity, outcomes)
  local record = outcomes[opportunity.process_id or ""] or outcomes[opportunity.source]
  local confidence = opportunity.confidence
  if record and (record.runs or 0) >= RUNS_MIN then
    confidence = confidence * record.successes / record.runs
    if (record.expected_profit_usd or 0) > 0 then
      confidence = confidence
        * math.min(record.actual_profit_usd / record.expected_profit_usd, ACCURACY_MAX)
    end
  end
  return math.max(0, math.min(1, confidence))
end

return function(input)
  local ranked, outcomes = {}, input.outcomes or {}
  for _, opportunity in ipairs(input.opportunities or {}) do
    local row = {}
    for key, value in pairs(opportunity) do
      row[key] = value
    end
    row.confidence = calibrate(opportunity, outcomes)
    row.score = opportunity.expected_profit_usd * row.confidence
      / math.max(DENOMINATOR_MIN,
        opportunity.time_hours * opportunity.risk_factor * opportunity.complexity)
    ranked[#ranked + 1] = row
  end
  table.sort(ranked, function(a, b)
    if a.score ~= b.score then
      return a.score > b.score
    end
    return a.id < b.id
  end)
  -- They are the run's already, from the steps that found them.
  return { outputs = { ranked = ranked }, opportunities = {}, metrics = { found = #ranked } }
end
