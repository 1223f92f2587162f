-- guarded.lua: the default policy: promotion that luck and many looks cannot buy.
--
-- NEW -> TESTING -> PROBATION -> CORE, and KILLED or PAUSED. PROBATION is TESTING that may scale:
-- it trades with capital, but all such processes together only with a small part of it.
--
-- The rows below are evaluated in order and the first that applies decides. 1 to 7 look at one
-- process, 8 to 15 at all of them together:
--   0 DATA_INVALID, CLOCK_SKEW   the run is ignored         8 INSUFFICIENT_RUNS, STALE_EVIDENCE,
--   1 STATE_FROZEN               nothing changes              ZERO_VARIANCE     hold
--   2 LOSS_LIMIT_BREACH          KILLED                     9 RECENT_NEGATIVE   hold
--   3 DRAWDOWN_KILL              KILLED                    10 HOLDOUT_COLLAPSE  hold
--   4 DRAWDOWN_DERISK            TESTING, smallest weight  11 EVIDENCE_E20      PROBATION
--   5 OPS_FAILURE                KILLED                    12 REGIME_*          hold
--   6 FUTILITY                   KILLED                    13 FAMILY_OVERFIT, DSR_BELOW   hold
--   7 DECAY_DETECTED             TESTING, evidence anew    14 BH_DISCOVERY      CORE
--                                                             (EVIDENCE_FALLEN  hold)
--                                                          15 EVIDENCE_PENDING  hold
--
-- Invariants
--   * Every process ever started counts in row 14, killed ones and former epochs included, so more
--     trials never make promotion easier.
--   * The order of the processes does not matter.
--   * A gate whose statistic is undefined is closed.
--   * A run that lost opens no gate: those of rows 8 to 12 must have been open before the losses.
--
-- Knows nothing of accounts, clocks or files.

local record = require "hean.policy.record"
local stats = require "hean.stats"

local exp, floor, format, huge, log = math.exp, math.floor, string.format, math.huge, math.log
local max, min, sort = math.max, math.min, table.sort

local policy = { name = "guarded" }

policy.params = {
  -- What one run may lose, as a fraction of its capital: the evidence rests on it, and the risk
  -- gate enforces it. Three standard deviations are usual; none may declare more than this.
  loss_limit_max = 0.25,
  -- Bets of the evidence as parts of the loss limit, and the account's shares in them.
  bets = { 0.9, 0.45, 0.225 },
  shares = { 0.5, 0.3, 0.2 },
  -- False promotions among all promotions.
  fdr = 0.10,
  -- Promotion to CORE while the evidence is at most this far (in ln E) below its maximum; nil: at
  -- any time after it. Luck falls back, an edge seldom does (policy/keen.lua).
  evidence_fall_max = nil,
  -- Small live capital from here on: a process without an edge gets there with probability 1/20.
  probation_evidence = 20,
  -- The smallest Sharpe ratio per run that is worth waiting for, and how often it may be killed.
  edge_min = 0.2,
  futility_beta = 0.05,
  -- No moment of fewer runs means anything; a burst of runs must also be spread and fresh.
  runs_min = 20,
  effective_runs_min = 10,
  fresh_runs_min = 5,
  half_life_days = 30,
  -- At 0.35 (17 standard deviations of 2 %) 4 % of healthy edges of 0.2 are lost in a year; at 0.25
  -- it would be 14 %.
  drawdown_derisk = 0.25,
  drawdown_kill = 0.35,
  -- Beta(1, 1): four failures in a row.
  ops_failure = 0.95,
  -- A week can veto a collapse; it can confirm nothing.
  holdout_days = 7,
  holdout_runs_min = 5,
  holdout_alpha = 0.05,
  -- What is left without the best bucket must be a standard error above zero: "above zero" alone
  -- lets half of the one-bucket processes through.
  regime_dimensions = { "volatility", "spread", "session" },
  regime_z = 1,
  regime_runs_min = 5,
  regime_buckets_min = 2,
  session_runs_min = 60,
  hhi_warn = 0.75,
  -- Overfitting of a family shows only with this many variants and common days.
  family_variants_min = 10,
  family_days_min = 128,
  family_blocks = 8,
  family_pbo_hold = 0.5,
  family_pbo_warn = 0.2,
  -- Deflated Sharpe ratio as a further gate: nil reports it only. 0.95 brings false promotions to
  -- 1 % and costs some 75 runs at an edge of 0.3.
  dsr_min = nil,
  dsr_doubtful = 0.95,
  -- A healthy process is demoted once in this many runs (365, 1000 or 2000); nil: never.
  decay_run_length = 1000,
  -- Prior spread of true Sharpe ratios, for sizing and for the reference of decay.
  prior_tau = 0.2,
  -- Too few neighbours say nothing about autocorrelation.
  kappa_runs_min = 200,
  weight_min = 0.01,
  weight_probation = 0.02,
  weight_probation_total = 0.10,
  weight_max = 0.5,
}

-- Not exposed to market regimes.
local regime_free = { EARN = true, CAMPAIGN = true, BONUS = true, DATA = true, ACCESS = true }

-- ---- a process ----

-- entry as in the input; epoch_time and promoted_time are its times in seconds or nil.
function policy.process(entry, params, kappa, loss_limit)
  local declared = entry.loss_limit or loss_limit
  return {
    id = entry.process_id, entry = entry, state = entry.state, params = params,
    loss_limit = min(declared or huge, params.loss_limit_max), declared = declared ~= nil,
    exempt = regime_free[entry.type] or false, regime = entry.regime,
    epochs = entry.epoch or 0, epoch = record.epoch(), risk = record.risk(), kappa = kappa or 1,
    s_ref = entry.s_ref, sigma_ref = entry.sigma_ref, cusum = 0,
    log_e_max = 0,
  }
end

local function new_evidence(p)
  return stats.evidence(p.loss_limit, p.params.bets, p.params.shares, p.kappa)
end

-- The evidence starts anew; what was known until now stays in `former` for the report.
local function restart(p)
  p.former = { epoch = p.epoch, evidence = p.evidence, s_ref = p.s_ref, cusum = p.cusum }
  p.state, p.epochs, p.epoch = "TESTING", p.epochs + 1, record.epoch()
  p.evidence, p.log_e_max = nil, 0
  p.s_ref, p.sigma_ref, p.cusum = nil, nil, 0
  p.blocked, p.blocked_regime = nil, nil
end

-- The reference that decay is measured against: shrunken, since what was selected looks too good.
local function promote(p, state)
  local shape = stats.shape(p.epoch)
  local tau = p.params.prior_tau
  p.state, p.promoted, p.cusum, p.epoch.watched = state, true, 0, p.epoch.n
  p.sigma_ref = shape.sd
  p.s_ref = min(max(stats.shrunken_sharpe(shape.sharpe, shape.n, tau * tau), 0.1), 1)
end

-- ---- gates ----

-- Rows 8 to 10: the code of the first that is closed, or nil.
local function closed_gate(p, now)
  local epoch, params = p.epoch, p.params
  if epoch.n < params.runs_min then
    return "INSUFFICIENT_RUNS"
  end
  local fresh, effective = record.freshness(epoch, now, params.half_life_days)
  if effective < params.effective_runs_min then
    return "INSUFFICIENT_RUNS"
  elseif fresh < params.fresh_runs_min then
    return "STALE_EVIDENCE"
  elseif not (epoch.m2 > 0) then
    return "ZERO_VARIANCE"
  elseif not (epoch.fresh_mean > 0) then
    return "RECENT_NEGATIVE"
  end
  local _, collapsed = record.holdout(epoch, now, params.holdout_days, params.holdout_runs_min,
    params.holdout_alpha)
  if collapsed then
    return "HOLDOUT_COLLAPSE"
  end
  return nil
end

-- One dimension of row 12: the code if it is closed, and z where it is defined.
local function regime_of(p, dimension)
  local params, filled, known = p.params, 0, 0
  local counts = dimension.counts
  for i = 1, #counts do
    known = known + counts[i]
    filled = filled + (counts[i] >= params.regime_runs_min and 1 or 0)
  end
  if known == 0 then
    return "REGIME_UNKNOWN"
  end
  local z, why = stats.leave_best_out(dimension.sums, counts,
    p.epoch.n > 1 and math.sqrt(p.epoch.m2 / (p.epoch.n - 1)) or 0)
  if filled < params.regime_buckets_min or why == "SINGLE_BUCKET" then
    return "REGIME_SINGLE_BUCKET", z
  elseif not z or z < params.regime_z then
    return "REGIME_CONCENTRATED", z
  end
  return nil, z
end

-- Does the dimension count for this process? Sessions need many runs, or stand in for the one the
-- process was declared for before its first run.
local function regime_applies(p, name)
  if p.exempt or p.regime == name then
    return false
  end
  return name ~= "session" or p.regime ~= nil or p.epoch.n >= p.params.session_runs_min
end

-- Row 12: the code of the first closed dimension, and its name.
local function closed_regime(p)
  record.sort_runs(p.epoch)
  for i = 1, #p.params.regime_dimensions do
    local name = p.params.regime_dimensions[i]
    if regime_applies(p, name) then
      local code = regime_of(p, p.epoch[name])
      if code then
        return code, name
      end
    end
  end
  return nil
end

-- ---- after a run ----

-- Takes a run of the epoch that is not older than those before it. A loss may open no gate: with
-- `look` (where a promotion is possible) the gates are looked at before it, and what is closed
-- stays closed until a run has won.
function policy.add(p, now, time, roi, volatility, spread, look)
  if roi >= 0 then
    p.blocked, p.blocked_regime = nil, nil
  elseif look then
    p.blocked = p.blocked or closed_gate(p, now)
    p.blocked_regime = p.blocked_regime or closed_regime(p)
  end
  record.add(p.epoch, time, roi, volatility, spread, p.params.half_life_days)
end

-- Is there evidence enough for any promotion?
function policy.promising(p)
  return p.log_e_max >= log(p.params.probation_evidence)
end

-- Rows 2 to 7: the code of the first that applies, or nil. The evidence is brought up to date.
function policy.after_run(p)
  local params, epoch, risk = p.params, p.epoch, p.risk
  p.evidence = p.evidence or new_evidence(p)
  record.weigh(epoch, p.evidence)
  p.log_e_max = p.evidence.log_e_max
  if risk.low < -p.loss_limit * (1 + 1e-9) then
    p.state = "KILLED"
    return "LOSS_LIMIT_BREACH"
  elseif risk.worst > params.drawdown_kill then
    p.state = "KILLED"
    return "DRAWDOWN_KILL"
  end
  local promoted = p.state == "CORE" or p.state == "PROBATION"
  if risk.drawdown > params.drawdown_derisk then
    if promoted then
      restart(p)
    end
    p.state = "TESTING"
    return "DRAWDOWN_DERISK"
  elseif risk.failed > 0
    and stats.beta_posterior(risk.failed, risk.completed, 1, 1, 0.5) > params.ops_failure then
    p.state = "KILLED"
    return "OPS_FAILURE"
  end
  local n = epoch.n
  if n >= params.runs_min and epoch.m2 > 0 then
    local sharpe = epoch.mean / math.sqrt(epoch.m2 / (n - 1))
    if stats.futility_margin(sharpe, n, params.edge_min, p.kappa) <= log(params.futility_beta) then
      p.state = "KILLED"
      return "FUTILITY"
    end
  end
  if promoted and params.decay_run_length and p.s_ref and p.sigma_ref and p.sigma_ref > 0 then
    p.cusum = record.watch(epoch, p.cusum, p.s_ref, p.sigma_ref)
    if p.cusum > stats.cusum_limit(p.s_ref, params.decay_run_length) then
      restart(p)
      return "DECAY_DETECTED"
    end
  end
  return nil
end

-- ---- after a day ----

-- Row 14 for a whole population: the largest p-value that is rejected (-1: none is), how many are,
-- and m. `started` may count processes that are not in the list.
function policy.discoveries(processes, params, started)
  local p_values, former = {}, 0
  for i = 1, #processes do
    former = former + processes[i].epochs
    p_values[i] = exp(-processes[i].log_e_max)
  end
  local m = max(#processes + former, started or 0)
  local p_max, count = stats.bh(p_values, params.fdr, m - #processes)
  return p_max or -1, count, m
end

-- Rows 8 to 15. `p_max` is that of `discoveries`, `family` what row 13 knows of the process's
-- family, `dsr` its deflated Sharpe ratio (nil where undefined).
function policy.after_day(p, now, p_max, family, dsr)
  local params = p.params
  local code = closed_gate(p, now)
  if code then
    return code
  elseif p.blocked then
    p.held = true
    return p.blocked
  elseif p.state ~= "PROBATION" and p.state ~= "CORE" and policy.promising(p) then
    promote(p, "PROBATION")
    return "EVIDENCE_E20"
  end
  code = closed_regime(p)
  if code then
    return code
  elseif p.blocked_regime then
    p.held = true
    return p.blocked_regime
  elseif family and family.pbo > params.family_pbo_hold then
    return "FAMILY_OVERFIT"
  end
  local dsr_min = params.dsr_min
    or (family and family.pbo >= params.family_pbo_warn and params.dsr_doubtful)
  if dsr_min and not (dsr and dsr >= dsr_min) then
    return "DSR_BELOW"
  elseif exp(-p.log_e_max) <= p_max and (p.state == "PROBATION" or p.state == "CORE") then
    if p.state ~= "CORE" then
      if p.evidence.log_e < p.log_e_max - (params.evidence_fall_max or huge) then
        return "EVIDENCE_FALLEN"
      end
      promote(p, "CORE")
    end
    return "BH_DISCOVERY"
  end
  return "EVIDENCE_PENDING"
end

-- ---- all of it, for the selector ----

local function number(x)
  return x and format("%.6g", x) or "undefined"
end

-- The numbers behind each code, from the report.
local words = {
  STATE_FROZEN = function(r) return "the state is " .. r.state end,
  LOSS_LIMIT_BREACH = function(r)
    return format("a run lost %s of its capital, the limit is %s", number(-r.worst_roi),
      number(r.loss_limit_used))
  end,
  DRAWDOWN_KILL = function(r, params)
    return format("%s > %s of the capital", number(r.max_drawdown), number(params.drawdown_kill))
  end,
  DRAWDOWN_DERISK = function(r, params)
    return format("%s > %s of the capital", number(r.drawdown), number(params.drawdown_derisk))
  end,
  OPS_FAILURE = function(r, params)
    return format("%d of %d runs failed, P(rate > 0.5) = %s > %s", r.failed,
      r.failed + r.completed, number(r.p_ops_failure), number(params.ops_failure))
  end,
  FUTILITY = function(r, params)
    return format("margin %s <= %s: an edge of %s is refuted after %d runs, Sharpe ratio %s",
      number(r.futility_margin), number(log(params.futility_beta)), number(params.edge_min), r.n,
      number(r.sharpe))
  end,
  DECAY_DETECTED = function(r)
    return format("CUSUM %s > %s since the promotion", number(r.cusum), number(r.cusum_limit))
  end,
  INSUFFICIENT_RUNS = function(r, params)
    return format("%d runs of %d, effective %s of %s", r.n, params.runs_min, number(r.n_eff),
      number(params.effective_runs_min))
  end,
  STALE_EVIDENCE = function(r, params)
    return format("%s fresh runs of %s", number(r.W), number(params.fresh_runs_min))
  end,
  ZERO_VARIANCE = function(r) return format("all %d runs returned the same", r.n) end,
  RECENT_NEGATIVE = function(r) return format("decayed mean %s <= 0", number(r.decayed_mean)) end,
  HOLDOUT_COLLAPSE = function(r, params)
    return format("t %s of the last %d days is below its %s quantile", number(r.holdout_t),
      params.holdout_days, number(params.holdout_alpha))
  end,
  EVIDENCE_E20 = function(r, params)
    return format("ln E %s >= %s", number(r.ln_e_max), number(log(params.probation_evidence)))
  end,
  REGIME_CONCENTRATED = function(r, params)
    return format("without its best bucket of %s z is %s < %s", r.regime_closed,
      number(r["z_" .. r.regime_closed]), number(params.regime_z))
  end,
  REGIME_SINGLE_BUCKET = function(r, params)
    return format("fewer than %d buckets of %s have %d runs", params.regime_buckets_min,
      r.regime_closed, params.regime_runs_min)
  end,
  REGIME_UNKNOWN = function(r) return "no run tells its " .. r.regime_closed end,
  FAMILY_OVERFIT = function(r, params)
    return format("probability of overfitting %s > %s in family %s", number(r.family_pbo),
      number(params.family_pbo_hold), r.family)
  end,
  DSR_BELOW = function(r, params)
    return format("deflated Sharpe ratio %s < %s over %d trials", number(r.dsr),
      number(params.dsr_min or params.dsr_doubtful), r.trials)
  end,
  EVIDENCE_FALLEN = function(r, params)
    return format("ln E %s is more than %s below its maximum %s", number(r.ln_e),
      number(params.evidence_fall_max), number(r.ln_e_max))
  end,
  BH_DISCOVERY = function(r)
    return format("p %s <= %s among %d processes ever started", number(r.p),
      number(r.bh_threshold), r.started)
  end,
  EVIDENCE_PENDING = function(r)
    return format("ln E %s of %s, some %s runs to go", number(r.ln_e), number(r.ln_e_needed),
      r.runs_needed and format("%.0f", r.runs_needed) or "unknown")
  end,
}

local function by_id(a, b)
  return a.id < b.id
end

-- Autocorrelation pooled over the processes of each venue; one record alone is too noisy.
local function temper(processes, params)
  local venues = {}
  for i = 1, #processes do
    local p = processes[i]
    local name = p.entry.venue or ""
    local venue = venues[name] or { products = 0, squares = 0, runs = 0 }
    local products, squares, correction = stats.lag_sums(p.epoch.rois)
    venue.products = venue.products + products + correction
    venue.squares, venue.runs = venue.squares + squares, venue.runs + p.epoch.n
    venues[name] = venue
  end
  for i = 1, #processes do
    local venue = venues[processes[i].entry.venue or ""]
    processes[i].kappa = venue.runs >= params.kappa_runs_min
      and stats.kappa(venue.products, venue.squares) or 1
  end
end

-- Returns per day that all long variants have in common, a row a day.
local function common_days(variants, params)
  local maps, count = {}, {}
  for i = 1, #variants do
    local epoch, map, days = variants[i].epoch, {}, 0
    for j = 1, epoch.n do
      local day = floor(epoch.times[j] / 86400)
      days = days + (map[day] and 0 or 1)
      map[day] = (map[day] or 0) + epoch.rois[j]
    end
    if days >= params.family_days_min then
      maps[#maps + 1] = map
      for day in pairs(map) do
        count[day] = (count[day] or 0) + 1
      end
    end
  end
  local days = {}
  for day, found in pairs(count) do
    if found == #maps then
      days[#days + 1] = day
    end
  end
  sort(days)
  local matrix = {}
  for i = 1, #days do
    local row = {}
    for j = 1, #maps do
      row[j] = maps[j][days[i]]
    end
    matrix[i] = row
  end
  return matrix, #maps
end

-- Row 13: { [family] = { pbo = ... } } of the families that are large enough.
local function families_of(processes, params)
  local variants, result = {}, {}
  for i = 1, #processes do
    local name = processes[i].entry.family
    if name then
      variants[name] = variants[name] or {}
      variants[name][#variants[name] + 1] = processes[i]
    end
  end
  for name, list in pairs(variants) do
    if #list >= params.family_variants_min then
      local matrix, columns = common_days(list, params)
      if columns >= params.family_variants_min and #matrix >= params.family_days_min then
        result[name] = stats.pbo(matrix, params.family_blocks)
      end
    end
  end
  return result
end

-- What a report may leave out, so that nothing older stays in the entry.
local optional = { "mean", "decayed_mean", "sd", "sharpe", "skew", "kurtosis", "psr_wald",
  "psr_null", "min_track_record", "futility_margin", "sharpe_shrunken", "dsr", "runs_needed",
  "holdout_t", "regime_closed", "cusum", "cusum_limit", "family_pbo", "z_volatility", "z_spread",
  "z_session", "hhi_volatility", "hhi_spread", "hhi_session" }

-- What is written down with every decision, into the entry, which goes into the next decision.
local function report(p, now, population)
  local params, risk, known = p.params, p.risk, p.former or p
  local epoch, evidence = known.epoch, known.evidence
  local r = p.entry
  for i = 1, #optional do
    r[optional[i]] = nil
  end
  r.state, r.weight, r.runs_count = p.state, p.weight, risk.completed + risk.failed
  r.completed, r.failed = risk.completed, risk.failed
  r.p_ops_failure = stats.beta_posterior(risk.failed, risk.completed, 1, 1, 0.5)
  r.worst_roi, r.drawdown, r.max_drawdown = risk.low, risk.drawdown, risk.worst
  r.n, r.epoch, r.kappa, r.loss_limit_used = epoch.n, p.epochs, p.kappa, p.loss_limit
  if epoch.n > 0 then
    r.mean, r.decayed_mean = epoch.mean, epoch.fresh_mean
  end
  r.ln_e, r.ln_e_max, r.p = evidence.log_e, evidence.log_e_max, exp(-evidence.log_e_max)
  r.bh_threshold, r.started = max(population.p_max, 0), population.m
  r.trials, r.trial_variance = population.trials, population.variance
  r.s_ref, r.sigma_ref = p.s_ref, p.sigma_ref
  if known.s_ref then
    r.cusum, r.cusum_limit = known.cusum, stats.cusum_limit(known.s_ref, params.decay_run_length
      or 0)
  end
  if p.family then
    r.family_pbo = p.family.pbo
  end
  r.W, r.n_eff = record.freshness(epoch, now, params.half_life_days)
  r.ln_e_needed = max(log(population.m / (params.fdr * max(population.count, 1))),
    log(params.probation_evidence))
  if r.ln_e > 0 then
    r.runs_needed = max(0, (r.ln_e_needed - r.ln_e) / (r.ln_e / r.n))
  end
  local shape = p.shape
  if shape then
    r.sd, r.sharpe, r.skew, r.kurtosis = shape.sd, shape.sharpe, shape.skew, shape.kurtosis
    r.psr_wald = stats.psr_wald(shape.sharpe, shape.n, shape.skew, shape.kurtosis)
    r.psr_null = stats.psr_null(shape.sharpe, shape.n, shape.skew, shape.kurtosis)
    r.min_track_record = stats.min_track_record(shape.sharpe, shape.skew, shape.kurtosis)
    r.futility_margin = stats.futility_margin(shape.sharpe, shape.n, params.edge_min, p.kappa)
    r.sharpe_shrunken = stats.shrunken_sharpe(shape.sharpe, shape.n,
      params.prior_tau * params.prior_tau)
    r.dsr = p.dsr
  end
  record.sort_runs(epoch)
  r.holdout_t = record.holdout(epoch, now, params.holdout_days, params.holdout_runs_min,
    params.holdout_alpha)
  for i = 1, #params.regime_dimensions do
    local name = params.regime_dimensions[i]
    local dimension = epoch[name]
    local _, z = regime_of(p, dimension)
    local concentration = stats.concentration(dimension.sums)
    r["z_" .. name], r["hhi_" .. name] = z, concentration and concentration.hhi
  end
  local _, closed = closed_regime(p)
  r.regime_closed = closed
  return r
end

-- What a weight is made of: the edge per unit of risk; shares of one, none above the largest.
local function weigh_all(processes, params)
  local total, probations = 0, 0
  for i = 1, #processes do
    local p = processes[i]
    if p.state == "CORE" and p.shape then
      local edge = stats.shrunken_sharpe(p.shape.sharpe, p.shape.n,
        params.prior_tau * params.prior_tau)
      p.merit = max(edge, 0) / p.shape.sd
      total = total + p.merit
    end
    probations = probations + (p.state == "PROBATION" and 1 or 0)
  end
  for i = 1, #processes do
    local p = processes[i]
    if p.state == "KILLED" or p.state == "PAUSED" then
      p.weight = 0
    elseif p.state == "CORE" then
      p.weight = total > 0 and min((p.merit or 0) / total, params.weight_max) or params.weight_min
    elseif p.state == "PROBATION" then
      p.weight = min(params.weight_probation, params.weight_probation_total / probations)
    else
      p.weight = params.weight_min
    end
  end
end

local function flags(p, r)
  local reasons = {}
  if p.changed then
    reasons[#reasons + 1] = format("EPOCH_STARTED: version %s, before it %s",
      tostring(p.entry.version), tostring(p.entry.epoch_version))
  end
  if p.faults.invalid > 0 then
    reasons[#reasons + 1] = format("DATA_INVALID: %d runs twice or without a roi", p.faults.invalid)
  end
  if p.faults.future > 0 then
    reasons[#reasons + 1] = format("CLOCK_SKEW: %d runs start later than now", p.faults.future)
  end
  if not p.declared then
    reasons[#reasons + 1] = format("LOSS_LIMIT_UNDECLARED: %s assumed; a tighter one that the "
      .. "risk gate keeps makes evidence faster", number(p.loss_limit))
  end
  for i = 1, p.frozen and 0 or #p.params.regime_dimensions do
    local name = p.params.regime_dimensions[i]
    if regime_applies(p, name) and (r["hhi_" .. name] or 0) > p.params.hhi_warn then
      reasons[#reasons + 1] = format("REGIME_HHI: %s of the profit by %s > %s",
        number(r["hhi_" .. name]), name, number(p.params.hhi_warn))
    end
  end
  return reasons
end

-- `r` is the entry with the report.
local function decision_of(p, code, r, now_text)
  local reasons = flags(p, r)
  local why = p.held and "closed before the newest losses, which open no gate"
    or words[code](r, p.params)
  table.insert(reasons, 1, code .. ": " .. why)
  r.epoch_version = r.version
  if p.former then
    r.epoch_started_at, r.promoted_at = now_text, nil
  elseif p.promoted then
    r.promoted_at = now_text
  end
  return { process_id = p.id, state = p.state, weight = p.weight, reasons = reasons,
    entry = r }
end

-- The record of one process; the rows wait until all are known.
local function evaluate(process, context, params)
  local entry = process.entry
  local p = policy.process(entry, params, nil, context.loss_limit)
  local runs
  runs, p.faults = record.accept(process, context.now, p.risk)
  p.changed = entry.epoch_version ~= nil and entry.version ~= entry.epoch_version
  local since = process.epoch_time or -huge
  local promoted_time = p.s_ref and process.promoted_time or huge
  local last_win = #runs
  while last_win > 0 and runs[last_win].metrics.roi < 0 do
    last_win = last_win - 1
  end
  for i = 1, #runs do
    local run = runs[i]
    local metrics = run.metrics
    record.risk_add(p.risk, metrics.roi)
    if run.time > since then
      policy.add(p, context.now, run.time, metrics.roi, metrics.volatility, metrics.spread_bps,
        i > last_win)
      p.epoch.watched = p.epoch.watched + (run.time <= promoted_time and 1 or 0)
    end
  end
  return p
end

-- What must hold before the rows are looked at: a process with runs is no longer new, one with
-- other code starts anew, one that was promoted elsewhere gets a reference for its decay.
local function settle(p)
  local promoted = p.state == "CORE" or p.state == "PROBATION"
  if p.changed then
    p.evidence = new_evidence(p)
    record.weigh(p.epoch, p.evidence)
    restart(p)
    p.shape = nil
  elseif p.state == "NEW" and p.epoch.n > 0 then
    p.state = "TESTING"
  elseif promoted and not p.s_ref and p.shape then
    promote(p, p.state)
  end
end

local function decide(processes, context, params)
  local now = context.now
  local order, sharpes, runs, codes = {}, {}, {}, {}
  for i = 1, #processes do
    order[i] = processes[i]
  end
  sort(order, by_id)
  temper(order, params)
  for i = 1, #order do
    local p = order[i]
    p.shape = stats.shape(p.epoch)
    if p.shape then
      sharpes[#sharpes + 1], runs[#runs + 1] = p.shape.sharpe, p.shape.n
    end
    if p.state == "KILLED" or p.state == "PAUSED" then
      p.frozen = true
    else
      settle(p)
    end
  end
  for i = 1, #order do
    local p = order[i]
    local state = p.state
    codes[p] = policy.after_run(p)
    if p.frozen then
      p.state, codes[p] = state, "STATE_FROZEN"
    end
  end
  local population = { families = families_of(order, params) }
  population.p_max, population.count, population.m = policy.discoveries(order, params,
    context.started)
  population.trials = max(population.m, context.trials or 0)
  population.variance = stats.trial_variance(sharpes, runs)
  for i = 1, #order do
    local p = order[i]
    p.family = p.entry.family and population.families[p.entry.family]
    p.dsr = p.shape and stats.deflated_sharpe(p.shape.sharpe, p.shape.n, p.shape.skew,
      p.shape.kurtosis, population.trials, population.variance) or nil
    codes[p] = codes[p] or policy.after_day(p, now, population.p_max, p.family, p.dsr)
  end
  weigh_all(order, params)
  local decisions = {}
  for i = 1, #processes do
    local p = processes[i]
    decisions[i] = decision_of(p, codes[p], report(p, now, population), context.now_text)
  end
  return decisions
end

-- The same rules with other parameters.
function policy.with(name, changes)
  local params = {}
  for key, value in pairs(policy.params) do
    params[key] = value
  end
  for key, value in pairs(changes) do
    params[key] = value
  end
  return {
    name = name, params = params,
    evaluate = function(process, context) return evaluate(process, context, params) end,
    decide = function(processes, context) return decide(processes, context, params) end,
  }
end

policy.evaluate = function(process, context) return evaluate(process, context, policy.params) end
policy.decide = function(processes, context) return decide(processes, context, policy.params) end

return policy
