-- stats.lua: the statistics that decide which processes live.
--
-- Invariants
--   * No function returns NaN. Where a statistic is undefined the result is nil and a reason
--     ("INSUFFICIENT_RUNS", "ZERO_VARIANCE", ...), so that a gate which needs it fails closed.
--   * Sharpe ratios are per run, never annualised; kurtosis is raw (3 for a normal).
--   * Moments come from one pass of Welford and Pebay updates, never from raw power sums.
--   * No clock, no randomness: the same numbers give the same result.
--
-- Knows nothing of processes, states or policies. erfc, lgamma and log1p come from the C library.

local ffi = require "ffi"
ffi.cdef [[ double erfc(double); double lgamma(double); double log1p(double); ]]
local erfc, lgamma, log1p = ffi.C.erfc, ffi.C.lgamma, ffi.C.log1p
local abs, exp, floor, log, max, min = math.abs, math.exp, math.floor, math.log, math.max, math.min
local sqrt, sort = math.sqrt, table.sort
local huge, pi = math.huge, math.pi

local M = {}

M.log1p = log1p

function M.is_finite(x)
  return type(x) == "number" and x - x == 0
end

-- ---- distributions ----

-- erfc and never 1 - Phi: the far tails keep their digits.
function M.normal_cdf(x)
  return 0.5 * erfc(-x / sqrt(2))
end
local normal_cdf = M.normal_cdf

local function normal_pdf(x)
  return exp(-0.5 * x * x) / sqrt(2 * pi)
end

-- For 0 < p < 1; nil otherwise. A seed good to three digits (Hastings), then Halley steps on the
-- residual of the smaller tail.
function M.normal_quantile(p)
  if not (p > 0 and p < 1) then
    return nil
  end
  local tail = min(p, 1 - p)
  local t = sqrt(-2 * log(tail))
  local x = -(t - (2.515517 + 0.802853 * t + 0.010328 * t * t)
    / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t))
  for _ = 1, 3 do
    local u = (normal_cdf(x) - tail) / normal_pdf(x)
    x = x - u / (1 + x * u / 2)
  end
  return p > 0.5 and -x or x
end
local normal_quantile = M.normal_quantile

local function guard(value)
  return abs(value) < 1e-300 and 1e-300 or value
end

-- The continued fraction of the incomplete beta function, by Lentz.
local function beta_fraction(x, a, b)
  local c = 1
  local d = 1 / guard(1 - (a + b) * x / (a + 1))
  local h = d
  for m = 1, 500 do
    local even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / guard(1 + even * d)
    c = guard(1 + even / c)
    h = h * d * c
    local odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / guard(1 + odd * d)
    c = guard(1 + odd / c)
    h = h * d * c
    if abs(d * c - 1) < 1e-16 then
      break
    end
  end
  return h
end

-- Regularised incomplete beta I_x(a, b), a and b above 0.
function M.beta_cdf(x, a, b)
  if x <= 0 then
    return 0
  elseif x >= 1 then
    return 1
  end
  local front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
  if x > (a + 1) / (a + b + 2) then
    return 1 - front * beta_fraction(1 - x, b, a) / b
  end
  return front * beta_fraction(x, a, b) / a
end
local beta_cdf = M.beta_cdf

-- P(T > t) of Student's t with nu degrees of freedom.
function M.t_tail(t, nu)
  local half = 0.5 * beta_cdf(nu / (nu + t * t), nu / 2, 0.5)
  return t >= 0 and half or 1 - half
end
local t_tail = M.t_tail

-- ---- moments and Sharpe ratio ----

function M.moments()
  return { n = 0, mean = 0, m2 = 0, m3 = 0, m4 = 0 }
end

function M.moments_add(m, x)
  local before = m.n
  local n = before + 1
  local d = x - m.mean
  local q = d / n
  local q2 = q * q
  local t = d * q * before
  m.n = n
  m.mean = m.mean + q
  m.m4 = m.m4 + t * q2 * (n * n - 3 * n + 3) + 6 * q2 * m.m2 - 4 * q * m.m3
  m.m3 = m.m3 + t * q * (n - 2) - 3 * q * m.m2
  m.m2 = m.m2 + t
end

function M.moments_of(list)
  local m = M.moments()
  for i = 1, #list do
    M.moments_add(m, list[i])
  end
  return m
end

-- What the moments say: sd (ddof 1), sharpe, and skew and kurtosis of the population (ddof 0, so
-- that the variance of the Sharpe ratio cannot turn negative).
function M.shape(m)
  local n = m.n
  if n < 2 then
    return nil, "INSUFFICIENT_RUNS"
  elseif not (m.m2 > 0) then
    return nil, "ZERO_VARIANCE"
  end
  local sd = sqrt(m.m2 / (n - 1))
  local variance = m.m2 / n
  return {
    n = n, mean = m.mean, sd = sd, sharpe = m.mean / sd,
    skew = (m.m3 / n) / (variance * sqrt(variance)), kurtosis = (m.m4 / n) / (variance * variance),
  }
end

-- The bracket of the variance of a Sharpe ratio `sharpe` with autocorrelation rho (0: none).
-- nil: the moments contradict each other (excess kurtosis in place of raw, or two-point data).
local function variance_bracket(sharpe, skew, kurtosis, rho)
  rho = rho or 0
  local a = (1 + rho) / (1 - rho)
  local b = 1 + rho / (1 - rho) + rho * rho / (1 - rho * rho)
  local c = (1 + rho * rho) / (1 - rho * rho)
  local bracket = a - b * skew * sharpe + c * (kurtosis - 1) / 4 * sharpe * sharpe
  if not (bracket > 0) then
    return nil, "MOMENTS_INCONSISTENT"
  end
  return bracket
end

-- Standard error under independent normal runs (Lo), T runs.
function M.sharpe_error_normal(sharpe, n)
  return sqrt((1 + sharpe * sharpe / 2) / n)
end

-- Standard error with skew and kurtosis (Mertens); the divisor is T - 1 unless another is given.
function M.sharpe_error(sharpe, n, skew, kurtosis, divisor)
  divisor = divisor or n - 1
  if not (divisor > 0) then
    return nil, "INSUFFICIENT_RUNS"
  end
  local bracket, problem = variance_bracket(sharpe, skew, kurtosis)
  if not bracket then
    return nil, problem
  end
  return sqrt(bracket / divisor)
end

-- Probabilistic Sharpe ratio, the variance at the observed Sharpe ratio (2012).
function M.psr_wald(sharpe, n, skew, kurtosis, benchmark)
  local se, problem = M.sharpe_error(sharpe, n, skew, kurtosis)
  if not se then
    return nil, problem
  end
  return normal_cdf((sharpe - (benchmark or 0)) / se)
end

-- Probabilistic Sharpe ratio, the variance at the benchmark (2025).
function M.psr_null(sharpe, n, skew, kurtosis, benchmark, rho)
  benchmark = benchmark or 0
  if n < 2 then
    return nil, "INSUFFICIENT_RUNS"
  end
  local bracket, problem = variance_bracket(benchmark, skew, kurtosis, rho)
  if not bracket then
    return nil, problem
  end
  return normal_cdf((sharpe - benchmark) / sqrt(bracket / n))
end

-- Runs needed before psr_wald(benchmark) reaches 1 - alpha; infinite without an excess.
function M.min_track_record(sharpe, skew, kurtosis, benchmark, alpha)
  benchmark = benchmark or 0
  if not (sharpe > benchmark) then
    return huge
  end
  local bracket, problem = variance_bracket(sharpe, skew, kurtosis)
  if not bracket then
    return nil, problem
  end
  local z = normal_quantile(1 - (alpha or 0.05)) / (sharpe - benchmark)
  return 1 + bracket * z * z
end

-- The same with the variance at the benchmark.
function M.min_track_record_null(sharpe, skew, kurtosis, benchmark, alpha)
  benchmark = benchmark or 0
  if not (sharpe > benchmark) then
    return huge
  end
  local bracket, problem = variance_bracket(benchmark, skew, kurtosis)
  if not bracket then
    return nil, problem
  end
  local z = normal_quantile(1 - (alpha or 0.05)) / (sharpe - benchmark)
  return bracket * z * z
end

-- Runs that a one-sided test of level alpha needs to find `sharpe` with the given power.
function M.runs_for_power(sharpe, alpha, power)
  if not (sharpe > 0) then
    return huge
  end
  return ((normal_quantile(1 - alpha) + normal_quantile(power)) / sharpe) ^ 2
end

-- ---- how many were tried ----

local EULER = 0.5772156649015329

-- The best of n standard normal trials is expected here.
function M.expected_maximum(n)
  if n <= 1 then
    return 0
  end
  return (1 - EULER) * normal_quantile(1 - 1 / n) + EULER * normal_quantile(1 - 1 / (n * exp(1)))
end

-- Years of backtest below which the best of n trials shows `sharpe` (annual) by luck alone.
function M.min_backtest_years(n, sharpe)
  return (M.expected_maximum(n) / sharpe) ^ 2
end

-- Spread of the trials' Sharpe ratios (ddof 1), never below pure estimation noise when the trials
-- are few or alike: a spread smaller than that is a sign of clones. `runs` are their lengths.
function M.trial_variance(sharpes, runs)
  local count = #sharpes
  local noise, usable = 0, 0
  for i = 1, count do
    if runs[i] > 1 then
      noise = noise + 1 / (runs[i] - 1)
      usable = usable + 1
    end
  end
  noise = usable > 0 and noise / usable or 0
  local m = M.moments_of(sharpes)
  return max(count > 1 and m.m2 / (count - 1) or 0, noise)
end

-- Deflated Sharpe ratio: psr_wald against the best that `trials` trials show by luck. Also returns
-- that benchmark and, where the trials do not differ, "TRIAL_VARIANCE_ZERO".
function M.deflated_sharpe(sharpe, n, skew, kurtosis, trials, variance)
  if not (variance >= 0) then
    return nil, "TRIAL_VARIANCE_INVALID"
  end
  local benchmark = sqrt(variance) * M.expected_maximum(trials)
  local dsr, problem = M.psr_wald(sharpe, n, skew, kurtosis, benchmark)
  if not dsr then
    return nil, problem
  end
  return dsr, benchmark, variance == 0 and "TRIAL_VARIANCE_ZERO" or nil
end

-- ---- probability of backtest overfitting (CSCV) ----

-- Sums per block and column; squares are of the distance from the column's mean, so that an offset
-- costs no digits.
local function block_sums(matrix, rows, columns, blocks)
  local length = floor(rows / blocks)
  local used = length * blocks
  local centre, sums, squares = {}, {}, {}
  for c = 1, columns do
    local total = 0
    for r = 1, used do
      total = total + matrix[r][c]
    end
    centre[c] = total / used
  end
  for b = 1, blocks do
    local s, q = {}, {}
    for c = 1, columns do
      local sum, square = 0, 0
      for r = (b - 1) * length + 1, b * length do
        local d = matrix[r][c] - centre[c]
        sum = sum + d
        square = square + d * d
      end
      s[c], q[c] = sum, square
    end
    sums[b], squares[b] = s, q
  end
  return centre, sums, squares, used / 2
end

-- Sharpe ratio per column over the given blocks, 0 where it is undefined.
local function block_sharpes(out, chosen, count, centre, sums, squares, n, s, q)
  local columns = #centre
  for c = 1, columns do
    s[c], q[c] = 0, 0
  end
  for i = 1, count do
    local bs, bq = sums[chosen[i]], squares[chosen[i]]
    for c = 1, columns do
      s[c] = s[c] + bs[c]
      q[c] = q[c] + bq[c]
    end
  end
  for c = 1, columns do
    local sum = s[c]
    local spread = q[c] - sum * sum / n
    if spread > 1e-13 * q[c] then -- else the column stands still and rounding is all there is
      out[c] = (centre[c] + sum / n) / sqrt(spread / (n - 1))
    else
      out[c] = 0
    end
  end
end

-- The next choice of half the blocks, in lexicographic order; false after the last.
local function next_choice(chosen, blocks)
  local half = #chosen
  for i = half, 1, -1 do
    if chosen[i] < blocks - half + i then
      chosen[i] = chosen[i] + 1
      for j = i + 1, half do
        chosen[j] = chosen[j - 1] + 1
      end
      return true
    end
  end
  return false
end

local function complement(chosen, blocks, out)
  local at, count = 1, 0
  for b = 1, blocks do
    if chosen[at] == b then
      at = at + 1
    else
      count = count + 1
      out[count] = b
    end
  end
end

-- The winner in sample, and its mid-rank out of sample (1: worst).
local function winner_rank(inside, outside)
  local columns = #inside
  local best = 1
  for c = 2, columns do
    if inside[c] > inside[best] then
      best = c
    end
  end
  local below, equal = 0, 0
  local value = outside[best]
  for c = 1, columns do
    if outside[c] < value then
      below = below + 1
    elseif outside[c] == value then
      equal = equal + 1
    end
  end
  return best, below + (equal + 1) / 2
end

-- Least squares of y on x: slope and intercept; a slope of 0 where x stands still.
local function regression(x, y)
  local n = #x
  local mx, my = 0, 0
  for i = 1, n do
    mx, my = mx + x[i] / n, my + y[i] / n
  end
  local sxx, sxy = 0, 0
  for i = 1, n do
    sxx = sxx + (x[i] - mx) * (x[i] - mx)
    sxy = sxy + (x[i] - mx) * (y[i] - my)
  end
  local slope = sxx > 0 and sxy / sxx or 0
  return slope, my - slope * mx
end

-- Smallest difference between the distribution functions of `all` and `chosen` (lists of values),
-- and the smallest running integral of it: first and second order dominance where not negative.
function M.dominance(chosen, all)
  local a, b = {}, {}
  for i = 1, #chosen do
    a[i] = chosen[i]
  end
  for i = 1, #all do
    b[i] = all[i]
  end
  sort(a)
  sort(b)
  local i, j, first, second, area, difference = 0, 0, huge, 0, 0, 0
  local last = min(a[1], b[1])
  while i < #a or j < #b do
    local x = min(a[i + 1] or huge, b[j + 1] or huge)
    area = area + difference * (x - last)
    second = min(second, area)
    while i < #a and a[i + 1] <= x do
      i = i + 1
    end
    while j < #b and b[j + 1] <= x do
      j = j + 1
    end
    difference = j / #b - i / #a
    first = min(first, difference)
    last = x
  end
  return first, second
end

-- matrix[row][column]: P&L of the variants of one family, a row per period in time order. Splits
-- the rows into `blocks` (even) blocks and lets every half choose the best variant for the other.
-- With `details` the logits, and the values for `dominance`, are kept.
function M.pbo(matrix, blocks, details)
  local rows = #matrix
  local columns = rows > 0 and #matrix[1] or 0
  if columns < 2 then
    return nil, "FAMILY_TOO_SMALL"
  elseif blocks < 2 or blocks % 2 ~= 0 or rows / blocks < 2 then
    return nil, "BLOCKS_INVALID"
  end
  local centre, sums, squares, n = block_sums(matrix, rows, columns, blocks)
  local half = blocks / 2
  local chosen, rest, inside, outside, s, q = {}, {}, {}, {}, {}, {}
  for i = 1, half do
    chosen[i] = i
  end
  local x, y, logits, all = {}, {}, {}, {}
  local splits, overfit, losses, logit_sum = 0, 0, 0, 0
  repeat
    complement(chosen, blocks, rest)
    block_sharpes(inside, chosen, half, centre, sums, squares, n, s, q)
    block_sharpes(outside, rest, half, centre, sums, squares, n, s, q)
    local best, rank = winner_rank(inside, outside)
    local omega = rank / (columns + 1)
    local logit = log(omega / (1 - omega))
    splits = splits + 1
    overfit = overfit + (logit <= 0 and 1 or 0)
    losses = losses + (outside[best] < 0 and 1 or 0)
    logit_sum = logit_sum + logit
    x[splits], y[splits] = inside[best], outside[best]
    if details then
      logits[splits] = logit
      for c = 1, columns do
        all[#all + 1] = outside[c]
      end
    end
  until not next_choice(chosen, blocks)
  local slope, intercept = regression(x, y)
  return {
    pbo = overfit / splits, splits = splits, mean_logit = logit_sum / splits, slope = slope,
    intercept = intercept, loss = losses / splits, logits = logits, chosen = y, all = all,
  }
end

-- ---- false discovery rate ----

local function valid_p(p)
  return p >= 0 and p <= 1 and p or 1 -- NaN fails both comparisons
end

-- Benjamini-Hochberg at level q over the p-values given and `untested` further ones of 1. Returns
-- the largest p that is rejected (nil: none), how many are, and m. Ties share a fate.
function M.bh(p, q, untested)
  local m = #p + (untested or 0)
  local small = {}
  for i = 1, #p do
    local value = valid_p(p[i])
    if value <= q then -- no larger one can be rejected
      small[#small + 1] = value
    end
  end
  sort(small)
  for k = #small, 1, -1 do
    if small[k] <= q * k / m then
      return small[k], k, m
    end
  end
  return nil, 0, m
end

-- Adjusted p-values in the order given; `factor` is 1, or M.by_factor(#p) for any dependence.
function M.bh_adjusted(p, factor)
  local m = #p
  local order = {}
  for i = 1, m do
    order[i] = i
  end
  sort(order, function(a, b)
    local pa, pb = valid_p(p[a]), valid_p(p[b])
    return pa < pb or (pa == pb and a < b)
  end)
  local adjusted, least = {}, 1
  for k = m, 1, -1 do
    least = min(least, (factor or 1) * valid_p(p[order[k]]) * m / k)
    adjusted[order[k]] = least
  end
  return adjusted
end

-- Benjamini-Yekutieli: the sum of 1/i.
function M.by_factor(m)
  local sum = 0
  for i = 1, m do
    sum = sum + 1 / i
  end
  return sum
end

-- e-BH: how many of the e-values (the largest) are rejected at level alpha, and the smallest one.
function M.e_bh(e, alpha)
  local sorted = {}
  for i = 1, #e do
    sorted[i] = e[i] == e[i] and e[i] or 0
  end
  sort(sorted, function(a, b) return a > b end)
  for k = #sorted, 1, -1 do
    if sorted[k] >= #e / (alpha * k) then
      return k, sorted[k]
    end
  end
  return 0, nil
end

-- ---- holdout ----

-- Predictive t: do the newest runs (moments) collapse against the older ones? Returns t and the
-- degrees of freedom; its lower tail is t_tail(-t, nu).
function M.predictive_t(training, holdout)
  local nu = training.n + holdout.n - 2
  if training.n < 2 or holdout.n < 2 then
    return nil, "INSUFFICIENT_RUNS"
  end
  local pooled = (training.m2 + holdout.m2) / nu
  if not (pooled > 0) then
    return nil, "ZERO_VARIANCE"
  end
  local t = (holdout.mean - training.mean) / sqrt(pooled * (1 / holdout.n + 1 / training.n))
  return t, nu
end

-- ---- sequential tests ----

-- Wald's test of "Sharpe ratio s" against "none", one-sided for futility: the margin is at or
-- below ln(beta) when the edge s is refuted. kappa tempers for autocorrelation.
function M.futility_margin(sharpe, n, s, kappa)
  return n * s * (sharpe - s / 2) / (kappa or 1)
end

-- Both boundaries, over z = x / sigma. Returns "H1", "H0" or nil, the run, and the log ratio.
function M.sprt(z, s, alpha, beta)
  local upper, lower = log((1 - beta) / alpha), log(beta / (1 - alpha))
  local ratio = 0
  for i = 1, #z do
    ratio = ratio + s * z[i] - s * s / 2
    if ratio >= upper then
      return "H1", i, ratio
    elseif ratio <= lower then
      return "H0", i, ratio
    end
  end
  return nil, #z, ratio
end

-- CUSUM for a drop from s_ref to no edge: the next value after z = x / sigma_ref.
function M.cusum(value, z, s_ref)
  return max(0, value + s_ref / 2 - z)
end

-- Alarm limits for an in-control run length, from the integral equation (120 Gauss-Legendre
-- nodes).
local cusum_edges = { 0.1, 0.2, 0.3, 0.5, 1.0 }
local cusum_limits = {
  [365] = { 13.3713, 10.6711, 8.8943, 6.6825, 4.0822 },
  [1000] = { 19.7421, 14.7640, 11.8696, 8.5851, 5.0707 },
  [2000] = { 24.9436, 17.8464, 14.0346, 9.9312, 5.7574 },
}

-- The limit for s_ref (held to 0.1 .. 1), linear in ln s_ref between the tabulated edges. nil: no
-- table for this run length.
function M.cusum_limit(s_ref, run_length)
  local limits = cusum_limits[run_length]
  if not limits then
    return nil
  end
  local s = min(max(s_ref, 0.1), 1)
  local i = 1
  while i < 4 and s > cusum_edges[i + 1] do
    i = i + 1
  end
  local low, high = log(cusum_edges[i]), log(cusum_edges[i + 1])
  return limits[i] + (limits[i + 1] - limits[i]) * (log(s) - low) / (high - low)
end

-- Page-Hinkley for a drop, in units of sigma. Returns the first alarm (or nil), the statistic
-- there, and its last value.
function M.page_hinkley(z, delta, lambda, n_min)
  local mean, sum, top, alarm, at_alarm = 0, 0, 0, nil, nil
  for i = 1, #z do
    mean = mean + (z[i] - mean) / i
    sum = sum + z[i] - mean + delta
    top = max(top, sum)
    if not alarm and i >= n_min and top - sum > lambda then
      alarm, at_alarm = i, top - sum
    end
  end
  return alarm, at_alarm, top - sum
end

-- Shiryaev-Roberts e-detector of the same drop. Returns the first run with R > limit, and R there.
function M.e_detector(z, s_ref, limit)
  local r = 0
  for i = 1, #z do
    r = (1 + r) * exp(-s_ref * (z[i] - s_ref / 2))
    if r > limit then
      return i, r
    end
  end
  return nil, r
end

-- ---- anytime-valid evidence ----

-- The wealth of an account that bets fixed fractions on the process; at most 1/alpha with
-- probability 1 - alpha for ever, whatever the distribution, if no run loses more than
-- `loss_limit`. `bets` and `shares` (of the account, summing to 1) have three items each. kappa
-- tempers for autocorrelation.
function M.evidence(loss_limit, bets, shares, kappa)
  return {
    loss_limit = loss_limit, kappa = kappa or 1, broken = false, log_e = 0, log_e_max = 0,
    b1 = bets[1], b2 = bets[2], b3 = bets[3],
    s1 = log(shares[1]), s2 = log(shares[2]), s3 = log(shares[3]),
    w1 = 0, w2 = 0, w3 = 0,
  }
end

function M.evidence_add(e, x)
  if e.broken then
    return
  end
  local y = min(x / e.loss_limit, 3) -- a capped gain only lowers the evidence
  local w1 = e.w1 + log1p(max(e.b1 * y, -1))
  local w2 = e.w2 + log1p(max(e.b2 * y, -1))
  local w3 = e.w3 + log1p(max(e.b3 * y, -1))
  e.w1, e.w2, e.w3 = w1, w2, w3
  if e.b1 * y <= -1 or e.b2 * y <= -1 or e.b3 * y <= -1 then -- the limit did not hold
    e.broken, e.log_e = true, -huge
    return
  end
  local kappa = e.kappa
  local a, b, c = e.s1 + w1 / kappa, e.s2 + w2 / kappa, e.s3 + w3 / kappa
  local top = max(a, b, c)
  local log_e = top + log(exp(a - top) + exp(b - top) + exp(c - top))
  e.log_e = log_e
  if log_e > e.log_e_max then
    e.log_e_max = log_e
  end
end

-- Sums for the lag-1 autocorrelation that many series share: products of neighbours and squares of
-- the demeaned list, and what to add to the products for the 1/n that demeaning costs.
function M.lag_sums(list)
  local n = #list
  local m = M.moments_of(list)
  if n < 3 or not (m.m2 > 0) then
    return 0, 0, 0
  end
  local products = 0
  for i = 2, n do
    products = products + (list[i] - m.mean) * (list[i - 1] - m.mean)
  end
  return products, m.m2, m.m2 / n
end

-- kappa of the pooled autocorrelation, and the autocorrelation (not below 0: a negative one is no
-- reason to believe more).
function M.kappa(products, squares)
  if not (squares > 0) then
    return 1, 0
  end
  local r = min(max(products / squares, 0), 0.95)
  return (1 + r) / (1 - r), r
end

-- ---- shrinkage ----

-- P(p > c) and the mean of a rate p after wins and losses, under a Beta(a, b) prior.
function M.beta_posterior(wins, losses, a, b, c)
  local x, y = a + wins, b + losses
  return 1 - beta_cdf(c, x, y), x / (x + y)
end

-- Normal-inverse-gamma posterior of the mean: its location and scale, degrees of freedom and
-- P(mu > 0). For sizing, never for promotion.
function M.nig(m, m0, k0, a0, b0)
  local n = m.n
  local kn = k0 + n
  local location = (k0 * m0 + n * m.mean) / kn
  local an = a0 + n / 2
  local bn = b0 + m.m2 / 2 + k0 * n * (m.mean - m0) ^ 2 / (2 * kn)
  local scale = sqrt(bn / (an * kn))
  return location, scale, 2 * an, t_tail(-location / scale, 2 * an)
end

-- Variance of the true Sharpe ratios across processes: what the observed ones show beyond 1/n.
function M.sharpe_prior(sharpes, runs)
  local count = #sharpes
  if count == 0 then
    return 0
  end
  local sum = 0
  for i = 1, count do
    sum = sum + sharpes[i] * sharpes[i] - 1 / runs[i]
  end
  return max(0, sum / count)
end

-- Toward 0 and not toward the others: an untested process has no edge.
function M.shrunken_sharpe(sharpe, n, tau2)
  return sharpe * tau2 / (tau2 + 1 / n)
end

-- ---- weights that halve with age ----

-- Statistics of x under weights 2^(-age / half_life). A negative age counts as 0 and is told by
-- `skewed`. W is the count of runs as if fresh, n_eff Kish's effective number.
function M.weighted(ages, x, half_life)
  local w, w2, mean, m2, skewed, sum = 0, 0, 0, 0, 0, 0
  local weights = {}
  for i = 1, #x do
    local age = ages[i]
    if age < 0 then
      age, skewed = 0, skewed + 1
    end
    local weight = 2 ^ (-age / half_life)
    weights[i] = weight
    if weight > 0 then
      local d = x[i] - mean
      w, w2, sum = w + weight, w2 + weight * weight, sum + weight * x[i]
      mean = mean + weight * d / w
      m2 = m2 + weight * d * (x[i] - mean)
    end
  end
  local result = { W = w, sum = sum, skewed = skewed }
  if not (w > 0 and w2 > 0) then
    return result
  end
  result.mean, result.n_eff = mean, min(max(w * w / w2, 1), #x)
  local free = w - w2 / w
  if #x < 2 or not (m2 > 0) or not (free > 0) then
    return result
  end
  result.variance = m2 / free
  result.sharpe = mean / sqrt(result.variance)
  result.se = sqrt(result.variance / result.n_eff)
  local c3, c4 = 0, 0
  for i = 1, #x do
    local d = x[i] - mean
    c3, c4 = c3 + weights[i] * d * d * d, c4 + weights[i] * d * d * d * d
  end
  local spread = m2 / w
  result.skew, result.kurtosis = c3 / w / spread ^ 1.5, c4 / w / spread ^ 2
  return result
end

-- ---- buckets ----

-- Concentration of positive profit over a list of bucket sums: Herfindahl index, its normalised
-- form over K buckets, and the entropy. nil where nothing was earned.
function M.concentration(sums)
  local total, buckets = 0, #sums
  for i = 1, buckets do
    total = total + max(sums[i], 0)
  end
  if not (total > 0) then
    return nil, "NO_PROFIT"
  end
  local hhi, entropy = 0, 0
  for i = 1, buckets do
    local share = max(sums[i], 0) / total
    hhi = hhi + share * share
    if share > 0 then
      entropy = entropy - share * log(share)
    end
  end
  return {
    hhi = hhi, effective = 1 / hhi, entropy = entropy, effective_entropy = exp(entropy),
    normalised = buckets > 1 and (hhi - 1 / buckets) / (1 - 1 / buckets) or 1,
  }
end

-- Does the profit survive without its best bucket? z of the rest, the rest, its runs and the index
-- of the best. `sums` and `counts` per bucket, sd of one run.
function M.leave_best_out(sums, counts, sd)
  local total, runs, best = 0, 0, nil
  for i = 1, #sums do
    total, runs = total + sums[i], runs + counts[i]
    if counts[i] > 0 and (best == nil or sums[i] > sums[best]) then
      best = i
    end
  end
  if best == nil or not (total > 0) then
    return nil, "NO_PROFIT"
  elseif runs == counts[best] then
    return nil, "SINGLE_BUCKET"
  elseif not (sd and sd > 0) then
    return nil, "ZERO_VARIANCE"
  end
  local rest, rest_runs = total - sums[best], runs - counts[best]
  return rest / (sd * sqrt(rest_runs)), rest, rest_runs, best
end

-- ---- drawdown ----

-- Largest fall of the running sum from its peak, the peak starting at 0; and the fall now.
function M.drawdown(list)
  local sum, peak, worst = 0, 0, 0
  for i = 1, #list do
    sum = sum + list[i]
    peak = max(peak, sum)
    worst = max(worst, peak - sum)
  end
  return worst, peak - sum
end

return M
