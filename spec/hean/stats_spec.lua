-- The reference vectors: published ones and those of independent implementations.
local generator = require "support.generator"
local stats = require "hean.stats"

local function near(expected, actual, tolerance)
  assert.is_number(actual)
  local limit = math.max((tolerance or 1e-9) * math.abs(expected), 1e-12)
  if actual ~= actual or math.abs(actual - expected) > limit then
    error(("expected %.12g, got %.12g"):format(expected, actual), 2)
  end
end

local series = {
  A = generator.series(42, 60, function(z) return 0.001 + 0.02 * z end),
  B = generator.series(7, 250, function(z) return 0.0015 + 0.010 * z - 0.004 * (z * z - 1) end),
  C = generator.series(2026, 30, function(z) return 0.004 + 0.02 * z end),
  H = generator.series(314, 120, function(z, i) return 0.02 * (z + (i <= 60 and 0.5 or -0.3)) end),
  P = { 0.02, -0.01, 0.03, 0.00, -0.02, 0.04, 0.01, -0.03, 0.02, 0.05 },
}
do
  local y, all = 0, {}
  generator.series(11, 600, function(z)
    y = 0.3 * y + z
    all[#all + 1] = y
  end)
  series.G = { unpack(all, 101) }
end

local function scaled(list, sigma, first, last)
  local z = {}
  for i = first or 1, last or #list do
    z[#z + 1] = list[i] / sigma
  end
  return z
end

local function shape(name)
  return assert(stats.shape(stats.moments_of(series[name])))
end

describe("the generator", function()
  it("gives the reference numbers", function()
    local uniform = generator.uniform(42)
    near(0.5682303266439076, uniform(), 1e-15)
    near(0.2254634289477513, uniform(), 1e-15)
    near(0.41283831882951183, uniform(), 1e-15)
    near(-0.03696131691, series.A[1])
    near(-0.01891065652, series.A[60])
    near(-0.003703878034, series.B[250])
    near(-1.015751745, series.G[1])
    near(0.2801791471, series.G[500])
    near(0.0003567411348, series.H[120])
  end)

  it("gives normal numbers", function()
    local uniform, m = generator.uniform(1), stats.moments()
    for _ = 1, 100000 do
      stats.moments_add(m, generator.normal(uniform))
    end
    local s = stats.shape(m)
    assert.is_true(math.abs(s.mean) < 0.01 and math.abs(s.sd - 1) < 0.01)
    assert.is_true(math.abs(s.kurtosis - 3) < 0.1)
  end)
end)

describe("distributions", function()
  it("know their tails", function()
    near(0.001349898032, stats.normal_cdf(-3))
    near(0.06680720127, stats.normal_cdf(-1.5))
    near(0.6914624613, stats.normal_cdf(0.5))
    near(-4.753424309, stats.normal_quantile(1e-6))
    near(-1.644853627, stats.normal_quantile(0.05))
    near(2.326347874, stats.normal_quantile(0.99))
    near(0, stats.normal_quantile(0.5))
    near(-37.0471, stats.normal_quantile(1e-300), 1e-6)
    near(0.25, stats.t_tail(1, 1))
    near(0.03827641189, stats.t_tail(2, 9))
    near(0.01087020558, stats.t_tail(2.5, 19))
    near(0.000500663692, stats.t_tail(3.5, 49))
    near(0.8580544716, stats.t_tail(-1.2, 5))
    near(0.05, stats.t_tail(1.833112933, 9), 1e-8)
    near(0.05, stats.t_tail(1.734063607, 18), 1e-8)
    near(0.05, stats.t_tail(1.660551217, 98), 1e-8)
  end)

  it("are defined at their edges", function()
    assert.is_nil(stats.normal_quantile(0))
    assert.is_nil(stats.normal_quantile(1))
    assert.is_nil(stats.normal_quantile(0 / 0))
    near(0.5, stats.t_tail(0, 3))
    assert.equal(0, stats.beta_cdf(0, 2, 3))
    assert.equal(1, stats.beta_cdf(1, 2, 3))
  end)
end)

describe("moments and Sharpe ratio", function()
  local vectors = {
    A = { 0.002128286317, 0.01990222347, 0.1069371128, -0.3645404173, 2.512444805 },
    B = { 0.0008723432244, 0.01198518684, 0.07278511683, -1.906720278, 7.601768621 },
    C = { 0.0018671884, 0.01890898547, 0.09874609102, 0.3703579725, 3.60148363 },
    P = { 0.011, 0.02601281735, 0.4228684594, -0.1149788073, 1.920446181 },
    H = { 0.0009813306525, 0.02153761991, 0.04556356072, 0.4955300991, 3.069476181 },
  }
  for name, v in pairs(vectors) do
    it("agree with the vectors of " .. name, function()
      local s = shape(name)
      near(v[1], s.mean)
      near(v[2], s.sd)
      near(v[3], s.sharpe)
      near(v[4], s.skew)
      near(v[5], s.kurtosis)
    end)
  end

  it("agree with a published example", function()
    local list = {}
    for i, x in ipairs { 0.259, 0.198, 0.364, -0.081, 0.057, 0.055, 0.188, 0.317, 0.24, 0.184,
      -0.01, 0.526 } do
      list[i] = x - 0.05
    end
    near(0.834363921, stats.shape(stats.moments_of(list)).sharpe)
  end)

  it("are refused without two runs or without variance", function()
    assert.same({ nil, "INSUFFICIENT_RUNS" }, { stats.shape(stats.moments()) })
    assert.same({ nil, "INSUFFICIENT_RUNS" }, { stats.shape(stats.moments_of { 1 }) })
    assert.same({ nil, "ZERO_VARIANCE" }, { stats.shape(stats.moments_of { 0.1, 0.1, 0.1 }) })
  end)

  it("keep their digits under a large offset", function()
    local list = {}
    for i = 1, 60 do
      list[i] = series.A[i] + 1000
    end
    near(shape("A").sd, stats.shape(stats.moments_of(list)).sd, 1e-9)
  end)
end)

describe("standard error of the Sharpe ratio", function()
  it("agrees with the vectors", function()
    local a, b = shape("A"), shape("B")
    near(0.1294679995, stats.sharpe_error_normal(a.sharpe, 60))
    near(0.1329780667, stats.sharpe_error(a.sharpe, 60, a.skew, a.kurtosis))
    near(0.13186526, stats.sharpe_error(a.sharpe, 60, a.skew, a.kurtosis, 60))
    near(0.06332926138, stats.sharpe_error_normal(b.sharpe, 250))
    near(0.06788616628, stats.sharpe_error(b.sharpe, 250, b.skew, b.kurtosis))
    near(0.1027608231, stats.sharpe_error(0.7079, 134, -0.2250, 2.9570))
    near(0.1550065473, stats.sharpe_error(0.8183, 134, -1.4455, 7.0497))
    local sharpe = 0.036 / 0.079
    near(0.328588594, stats.sharpe_error(sharpe, 24, -2.448, 10.164, 24))
    near(0.214459545, stats.sharpe_error(sharpe, 24, 0, 3, 24))
  end)

  it("refuses moments that contradict each other", function()
    assert.same({ nil, "MOMENTS_INCONSISTENT" }, { stats.sharpe_error(2, 50, 3, 1) })
    assert.same({ nil, "INSUFFICIENT_RUNS" }, { stats.sharpe_error(0.1, 1, 0, 3) })
  end)
end)

describe("probabilistic Sharpe ratio", function()
  local vectors = {
    A = { 0.7893509049, 0.6657360318, 0.6688953752, 0.8283313143, 0.2054106031 },
    B = { 0.8581768554, 0.6314277329, 0.6344198841, 1.150833745, 0.1254522911 },
    C = { 0.7053975085, 0.6050982407, 0.606141864, 0.5408546152, 0.2963691542 },
    P = { 0.8878612648, 0.858037375, 0.8800831791, 1.337227482, 0.1069800566 },
  }
  for name, v in pairs(vectors) do
    it("agrees with the vectors of " .. name, function()
      local s = shape(name)
      near(v[1], stats.psr_wald(s.sharpe, s.n, s.skew, s.kurtosis))
      near(v[2], stats.psr_wald(s.sharpe, s.n, s.skew, s.kurtosis, 0.05))
      near(v[3], stats.psr_null(s.sharpe, s.n, s.skew, s.kurtosis, 0.05))
      local t = s.sharpe * math.sqrt(s.n)
      near(v[4], t)
      near(v[5], stats.t_tail(t, s.n - 1))
    end)
  end

  it("agrees with the published examples", function()
    near(0.9816749191, stats.psr_wald(0.458, 24, 0, 3))
    near(0.9133610839, stats.psr_wald(0.458, 24, -2.448, 10.164))
    near(0.9132343069, stats.psr_wald(1.585 / math.sqrt(12), 24, -2.448, 10.164))
    near(0.9572778803, stats.psr_wald(1.14, 250, 0, 3, 1))
    local sharpe = 0.036 / 0.079
    near(0.9872072613, stats.psr_null(sharpe, 24, -2.448, 10.164))
    near(0.9391476251, stats.psr_null(sharpe, 24, -2.448, 10.164, 0.1))
    near(0.9487647826, stats.psr_null(0.2, 100, 0, 3, 0, 0.2))
    near(0.7823707266, stats.psr_null(0.2, 100, -1, 6, 0.1, 0.2))
  end)

  it("is refused without two runs", function()
    assert.same({ nil, "INSUFFICIENT_RUNS" }, { stats.psr_wald(0.1, 1, 0, 3) })
    assert.same({ nil, "INSUFFICIENT_RUNS" }, { stats.psr_null(0.1, 1, 0, 3) })
  end)
end)

describe("minimum track record length", function()
  it("agrees with the vectors", function()
    for name, runs in pairs { A = 247.8366512, B = 587.0453993, C = 270.0813115,
      P = 17.48839377 } do
      local s = shape(name)
      near(runs, stats.min_track_record(s.sharpe, s.skew, s.kurtosis))
    end
    local function years(annual, benchmark, per_year, skew, kurtosis)
      local root = math.sqrt(per_year)
      return stats.min_track_record(annual / root, skew or 0, kurtosis or 3, benchmark / root)
        / per_year
    end
    near(2.731187802, years(2, 1, 250))
    near(2.828833587, years(2, 1, 52))
    near(3.239800696, years(2, 1, 12))
    near(4.991258224, years(2, 1, 12, -0.72, 5.78))
    near(27.3529202, years(3, 2.5, 12, -0.72, 5.78))
    near(228.7349791, stats.min_track_record(1.14, 0, 3, 1))
    near(0.7152156943, stats.min_track_record(0.7079, -0.2250, 2.9570) / 12)
    near(1.159302661, stats.min_track_record(0.8183, -1.4455, 7.0497) / 12)
    near(13.02877832, stats.min_track_record_null(0.036 / 0.079, -2.448, 10.164))
  end)

  it("is infinite without an excess", function()
    assert.equal(math.huge, stats.min_track_record(0.1, 0, 3, 0.1))
    assert.equal(math.huge, stats.min_track_record(-1, 0, 3))
  end)

  it("is where psr_wald reaches its level", function()
    local n = stats.min_track_record(0.2, -0.5, 4)
    near(0.95, stats.psr_wald(0.2, n, -0.5, 4))
  end)

  it("plans tests and backtests", function()
    for sharpe, runs in pairs { [0.05] = 2473.022893, [0.1] = 618.2557232, [0.2] = 154.5639308,
      [0.3] = 68.69508036, [0.5] = 24.73022893 } do
      near(runs, stats.runs_for_power(sharpe, 0.05, 0.8))
    end
    assert.equal(math.huge, stats.runs_for_power(0, 0.05, 0.8))
    near(4.998087004, stats.min_backtest_years(45, 1))
  end)
end)

describe("deflated Sharpe ratio", function()
  it("expects the best of N trials here", function()
    for n, expected in pairs { [2] = 0.5197553443, [5] = 1.192594001, [10] = 1.574598301,
      [20] = 1.900707951, [50] = 2.276303093, [100] = 2.530602893, [200] = 2.765523905,
      [500] = 3.052527575, [1000] = 3.255121514, [1010] = 3.257950097, [10000] = 3.860664856 } do
      near(expected, stats.expected_maximum(n))
    end
    assert.equal(0, stats.expected_maximum(1))
    assert.equal(0, stats.expected_maximum(0))
  end)

  it("agrees with the published examples", function()
    local sharpe = 2.5 / math.sqrt(250)
    local dsr, benchmark = stats.deflated_sharpe(sharpe, 1250, -3, 10, 100, 0.5 / 250)
    near(0.9003968344, dsr)
    near(1.789406466, benchmark * math.sqrt(250))
    near(0.9505017069, (stats.deflated_sharpe(sharpe, 1250, -3, 10, 46, 0.5 / 250)))
    near(0.9504908167, (stats.deflated_sharpe(sharpe, 1250, 0, 3, 88, 0.5 / 250)))
    local m = stats.moments_of { 3.5, 1.01, 1.02 }
    near(0.9583658117, (stats.deflated_sharpe(1.14, 250, 0, 3, 3, m.m2 / 3)), 1e-9)
    near(0.1523751236, (stats.deflated_sharpe(1.14, 250, 0, 3, 3, m.m2 / 2)), 1e-9)
  end)

  it("agrees with the vectors", function()
    for name, expected in pairs { A = 0.1489149829, B = 0.242396725, P = 0.3042995341 } do
      local s = shape(name)
      near(expected, (stats.deflated_sharpe(s.sharpe, s.n, s.skew, s.kurtosis, 20, 1 / s.n)))
    end
    local sharpes = { 0.30, 0.10, -0.05, 0.22, 0.00 }
    near(0.02148, stats.trial_variance(sharpes, { 50, 50, 50, 50, 50 }))
    local dsr, benchmark = stats.deflated_sharpe(0.3, 50, 0, 3, 5, 0.02148)
    near(0.8043907733, dsr)
    near(0.1747872538, benchmark)
  end)

  it("takes clones for noise and not for certainty", function()
    near(1 / 49, stats.trial_variance({ 0.2, 0.2, 0.2 }, { 50, 50, 50 }))
    near(1 / 49, stats.trial_variance({ 0.2 }, { 50 }))
    assert.equal(0, stats.trial_variance({}, {}))
  end)

  it("is the probabilistic one for a single trial, and says when trials do not differ", function()
    local dsr, benchmark = stats.deflated_sharpe(0.2, 50, 0, 3, 1, 0.02)
    assert.equal(0, benchmark)
    near(stats.psr_wald(0.2, 50, 0, 3), dsr)
    assert.equal("TRIAL_VARIANCE_ZERO", (select(3, stats.deflated_sharpe(0.2, 50, 0, 3, 9, 0))))
    assert.same({ nil, "TRIAL_VARIANCE_INVALID" },
      { stats.deflated_sharpe(0.2, 50, 0, 3, 9, 0 / 0) })
  end)
end)

describe("probability of backtest overfitting", function()
  local SM = { { 1, 2, -1 }, { 2, -1, 0 }, { 0, 1, 3 }, { -1, 2, 1 }, { 3, 0, -2 }, { 1, 1, 2 },
    { -2, 3, 0 }, { 2, -1, 4 } }
  local MD = generator.matrix(99, 160, 12, function(z, c)
    return 0.01 * z + (c == 4 and 0.002 or 0)
  end)
  local ME = generator.matrix(100, 64, 6, function(z) return 0.01 * z end)
  local vectors = {
    { "SM", SM, 4, 6, 1, -0.7324081924, -0.4023681857, 0.6059773679, 1 / 3, -0.3888888889,
      -0.3215427222, { 0, -1.098612289, -1.098612289, 0, -1.098612289, -1.098612289 } },
    { "ME over 4", ME, 4, 6, 1 / 3, 0.305430244, 0.5588218327, -0.07414911756, 0.5,
      -0.1944444444, 0, { -0.2876820725, 0.2876820725, -0.2876820725, 0.9162907319 } },
    { "ME over 8", ME, 8, 70, 0.5285714286, -0.1989132528, -0.764866764, 0.1565217161,
      0.5142857143, -0.1476190476, -0.01636668079, {} },
    { "MD", MD, 8, 70, 0, 2.48490665, -0.9986751716, 0.7866905486, 0, 0, 0, {} },
  }
  for _, v in ipairs(vectors) do
    it("agrees with the vectors of " .. v[1], function()
      local r = assert(stats.pbo(v[2], v[3], true))
      assert.equal(v[4], r.splits)
      near(v[5], r.pbo)
      near(v[6], r.mean_logit)
      near(v[7], r.slope)
      near(v[8], r.intercept)
      near(v[9], r.loss)
      local first, second = stats.dominance(r.chosen, r.all)
      near(v[10], first)
      near(v[11], second)
      for i, logit in ipairs(v[12]) do
        near(logit, r.logits[i])
      end
    end)
  end

  it("drops the first rows that fill no block", function()
    local longer = { { 9, -9, 9 } }
    for i = 1, #SM do
      longer[i + 1] = SM[i]
    end
    near(stats.pbo(SM, 4).mean_logit, stats.pbo(longer, 4).mean_logit)
  end)

  it("counts a column that stands still as no edge", function()
    local r = stats.pbo({ { 1, 0.1 }, { 2, 0.1 }, { 1, 0.1 }, { 2, 0.1 } }, 2)
    assert.equal(0, r.pbo)
  end)

  it("refuses what is no family or cannot be split", function()
    assert.same({ nil, "FAMILY_TOO_SMALL" }, { stats.pbo({}, 4) })
    assert.same({ nil, "FAMILY_TOO_SMALL" }, { stats.pbo({ { 1 }, { 2 } }, 2) })
    assert.same({ nil, "BLOCKS_INVALID" }, { stats.pbo(SM, 3) })
    assert.same({ nil, "BLOCKS_INVALID" }, { stats.pbo(SM, 8) })
  end)
end)

describe("false discovery rate", function()
  local p = { 0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240,
    0.4262, 0.5719, 0.6528, 0.7590, 1 }

  it("agrees with the paper's example", function()
    assert.same({ 0.0095, 4, 15 }, { stats.bh(p, 0.05) })
    assert.same({ 0.0459, 9, 15 }, { stats.bh(p, 0.10) })
    local expected = { 0.0015, 0.003, 0.0095, 0.035625, 0.0603, 0.06385714286, 0.06385714286,
      0.0645, 0.0765, 0.486, 0.5811818182, 0.714875, 0.7532307692, 0.8132142857, 1 }
    for i, value in ipairs(stats.bh_adjusted(p)) do
      near(expected[i], value)
    end
    local by = stats.bh_adjusted(p, stats.by_factor(15))
    for i, value in ipairs { 0.00497734349, 0.00995468698, 0.03152317544, 0.1182119079 } do
      near(value, by[i])
    end
  end)

  it("counts what was never tested", function()
    assert.same({ 0.0019, 3, 30 }, { stats.bh(p, 0.05, 15) })
  end)

  it("lets ties share a fate, and takes no number for evidence", function()
    assert.same({ 0.02, 2, 4 }, { stats.bh({ 0.02, 0.02, 0 / 0, -1 }, 0.05) })
    assert.same({ nil, 0, 0 }, { stats.bh({}, 0.05) })
    assert.same({ 1, 1 }, stats.bh_adjusted { 0 / 0, 7 })
  end)

  it("works on e-values", function()
    assert.equal(3, (stats.e_bh({ 400, 90, 60, 12, 3, 1, 0.5, 0.2, 0.1, 0.05 }, 0.1)))
    assert.equal(2, (stats.e_bh({ 400, 90, 30, 12, 3, 1, 0.5, 0.2, 0.1, 0.05 }, 0.1)))
    assert.equal(0, (stats.e_bh({ 0 / 0, 1 }, 0.1)))
  end)
end)

describe("predictive t", function()
  local function split(list, at, last)
    local before, after = stats.moments(), stats.moments()
    for i = 1, last or #list do
      stats.moments_add(i <= at and before or after, list[i])
    end
    local t, nu = stats.predictive_t(before, after)
    return t, t and stats.t_tail(-t, nu) or nu
  end

  it("agrees with the vectors", function()
    local t, tail = split(series.P, 7)
    near(0.1754116039, t)
    near(0.5674426287, tail)
    t, tail = split(series.H, 60, 67)
    near(-2.076025674, t)
    near(0.02092560856, tail)
    t, tail = split(series.H, 60)
    near(-4.906098502, t)
    near(1.502303521e-06, tail)
  end)

  it("is refused without two runs on each side or without variance", function()
    assert.same({ nil, "INSUFFICIENT_RUNS" }, { split({ 1, 2, 3 }, 2) })
    assert.same({ nil, "ZERO_VARIANCE" }, { split({ 1, 1, 1, 1 }, 2) })
  end)
end)

describe("sequential tests", function()
  local H20 = scaled(series.H, 0.02)

  it("refute an edge at the boundary of the sheet", function()
    local beta = math.log(0.05)
    for _, v in ipairs { { 0.1, 20, -1.4479 }, { 0.2, 20, -0.6489 }, { 0.2, 500, 0.0700 },
      { 0.3, 50, -0.0497 }, { 0.5, 200, 0.2200 } } do
      assert.is_true(stats.futility_margin(v[3] - 0.0001, v[2], v[1]) <= beta)
      assert.is_true(stats.futility_margin(v[3] + 0.0001, v[2], v[1]) > beta)
    end
    near(stats.futility_margin(-0.1, 50, 0.2) / 2, stats.futility_margin(-0.1, 50, 0.2, 2))
  end)

  it("decide between an edge and none", function()
    local decision, run, ratio = stats.sprt(H20, 0.2, 0.05, 0.05)
    assert.same({ "H1", 30 }, { decision, run })
    near(3.165444393, ratio)
    decision, run, ratio = stats.sprt(scaled(series.H, 0.02, 61), 0.2, 0.05, 0.05)
    assert.same({ "H0", 39 }, { decision, run })
    near(-3.01474454, ratio)
    assert.is_nil((stats.sprt({ 0.1 }, 0.2, 0.05, 0.05)))
  end)

  local function cusum(z, s_ref, limit, at)
    local value, first, seen = 0, nil, nil
    for i = 1, #z do
      value = stats.cusum(value, z[i], s_ref)
      first = first or (value > limit and i or nil)
      seen = i == at and value or seen
    end
    return first, seen, value
  end

  it("notice a drop by CUSUM", function()
    local first, at60, last = cusum(H20, 0.5, 8.5851, 60)
    assert.equal(71, first)
    near(1.103478291, at60)
    near(39.64370689, last)
    near(18.00142379, (select(2, cusum(H20, 0.5, 8.5851, 80))))
    first, at60 = cusum(scaled(series.A, 0.02), 0.5, 8.5851, 60)
    assert.equal(52, first)
    near(8.687184411, at60)
  end)

  it("know the alarm limits between and beyond the tabulated edges", function()
    near(8.5851, stats.cusum_limit(0.5, 1000))
    near(19.7421, stats.cusum_limit(0.01, 1000))
    near(5.0707, stats.cusum_limit(7, 1000))
    near((14.7640 + 19.7421) / 2, stats.cusum_limit(math.sqrt(0.02), 1000))
    near(10.6711, stats.cusum_limit(0.2, 365))
    near(9.9312, stats.cusum_limit(0.5, 2000))
    assert.is_nil(stats.cusum_limit(0.5, 999))
  end)

  it("notice a drop by Page-Hinkley", function()
    local alarm, value, last = stats.page_hinkley(H20, 0.1, 8, 20)
    assert.equal(64, alarm)
    near(9.611129645, value)
    near(35.66609079, last)
    alarm, value, last = stats.page_hinkley(scaled(series.A, 0.02), 0.1, 8, 20)
    assert.same({}, { alarm, value })
    near(3.529874872, last)
  end)

  it("notice a drop by an e-detector", function()
    local run, value = stats.e_detector(H20, 0.5, 1000)
    assert.equal(71, run)
    near(1161.230647, value)
    run, value = stats.e_detector(scaled(series.A, 0.02), 0.5, 1000)
    assert.equal(51, run)
    near(1102.691376, value)
  end)
end)

describe("anytime-valid evidence", function()
  local bets, shares = { 0.9, 0.45, 0.225 }, { 0.5, 0.3, 0.2 }
  local function run(list, limit, kappa, last)
    local e = stats.evidence(limit, bets, shares, kappa)
    for i = 1, last or #list do
      stats.evidence_add(e, list[i])
    end
    return e
  end

  it("agrees with the vectors", function()
    near(0.07078185766, run(series.H, 0.06, 1, 1).log_e)
    near(0.5351371611, run(series.H, 0.06, 1, 10).log_e)
    local e = run(series.H, 0.06, 1, 60)
    near(5.422239119, e.log_e)
    near(5.422239119, e.log_e_max)
    near(6.055493204, e.w1)
    near(3.661141627, e.w2)
    near(2.007643021, e.w3)
    near(3.482318693, run(series.H, 0.06, 1.5, 60).log_e)
    near(0.7645529761, run(series.P, 0.06).log_e)
    e = run(series.A, 0.10)
    near(0.221955626, e.log_e)
    near(0.7421159792, e.log_e_max)
  end)

  it("does not depend on the order of the runs, and caps gains at three limits", function()
    near(run({ 0.01, -0.02, 0.03 }, 0.06).log_e, run({ 0.03, 0.01, -0.02 }, 0.06).log_e)
    near(run({ 0.18 }, 0.06).log_e, run({ 5 }, 0.06).log_e)
  end)

  it("ends for good when the loss limit did not hold", function()
    local e = run({ 0.05, -0.07, 0.05 }, 0.06)
    assert.is_true(e.broken)
    assert.equal(-math.huge, e.log_e)
    assert.is_true(e.log_e_max > 0)
  end)

  it("tempers by the pooled autocorrelation", function()
    local products, squares, correction = stats.lag_sums(series.G)
    local kappa, r = stats.kappa(products, squares)
    near(0.3228869396, r)
    near(1.953716472, kappa)
    assert.same({ 1, 0 }, { stats.kappa(-1, 2) })
    assert.same({ 1, 0 }, { stats.kappa(0, 0) })
    near(1 / 500, correction / squares)
    assert.same({ 0, 0, 0 }, { stats.lag_sums { 1, 2 } })
    assert.same({ 0, 0, 0 }, { stats.lag_sums { 1, 1, 1 } })
  end)
end)

describe("shrinkage", function()
  it("of rates agrees with the vectors", function()
    local above, mean = stats.beta_posterior(7, 3, 2, 2, 0.5)
    near(0.8665771484, above)
    near(0.6428571429, mean)
    near(0.08333333333, (select(2, stats.beta_posterior(0, 5, 0.5, 0.5, 0.5))))
    near(0.05, (stats.beta_posterior(0, 5, 0.5, 0.5, 0.3057455847)), 1e-8)
    near(0.9375, (stats.beta_posterior(3, 0, 1, 1, 0.5)))
    near(0.96875, (stats.beta_posterior(4, 0, 1, 1, 0.5)))
    near(0.9672851562, (stats.beta_posterior(8, 2, 1, 1, 0.5)))
  end)

  it("of means agrees with the vectors", function()
    local location, scale, nu, positive = stats.nig(stats.moments_of(series.P), 0, 4, 2, 0.0008)
    near(0.007857142857, location)
    near(0.006403010407, scale)
    assert.equal(14, nu)
    near(0.8799898096, positive)
    location, scale, nu, positive = stats.nig(stats.moments_of(series.A), 0, 20, 3, 0.0012)
    near(0.001596214738, location)
    assert.is_true(scale > 0 and nu == 66)
    near(0.7634474876, positive)
  end)

  it("bounds the probability of a loss that has not happened yet", function()
    for n, bound in pairs { [10] = 0.2588655509, [20] = 0.1391083407, [30] = 0.09503385286,
      [59] = 0.04950760989 } do
      near(0.95, stats.beta_cdf(bound, 1, n))
    end
  end)

  it("across processes agrees with the vectors", function()
    local tau2 = stats.sharpe_prior({ 0.30, 0.10, -0.05, 0.22, 0.00 }, { 50, 50, 50, 50, 50 })
    near(0.01018, tau2)
    near(0.1011928429, stats.shrunken_sharpe(0.30, 50, tau2))
    assert.equal(0, stats.sharpe_prior({ 0.01 }, { 50 }))
    assert.equal(0, stats.sharpe_prior({}, {}))
    assert.equal(0, stats.shrunken_sharpe(0.3, 50, 0))
  end)
end)

describe("weights that halve with age", function()
  it("agree with the vectors", function()
    local w = stats.weighted({ 0, 2, 5, 11, 20, 30, 45, 60, 75, 90 },
      { 0.05, 0.02, -0.03, 0.01, 0.04, -0.02, 0, 0.03, -0.01, 0.02 }, 30)
    near(5.656603314, w.W)
    near(7.639907494, w.n_eff)
    near(0.01300360734, w.mean)
    near(0.0008757616804, w.variance)
    near(0.4394109527, w.sharpe)
    near(-0.2285319975, w.skew)
    near(1.809954695, w.kurtosis)
    near(0.01070653446, w.se)
    near(1.214548684, w.mean / w.se)
    near(0.1329792502, stats.t_tail(w.mean / w.se, w.n_eff - 1))
    near(0.8555863358, stats.psr_wald(w.sharpe, w.n_eff, w.skew, w.kurtosis))
    near(0.07355624839, w.sum)
    near(33.20511314, stats.weighted({ 0, 10, 20, 30, 40 }, { 10, 10, 10, 10, 10 }, 30).sum)
  end)

  it("count daily runs as the table says", function()
    for n, v in pairs { [1] = { 1, 1 }, [5] = { 4.994668796, 4.776757052 },
      [10] = { 9.95619271, 9.032363787 }, [11] = { 10.94165533, 9.826064313 },
      [100] = { 70.93911135, 39.43897501 }, [365] = { 86.52790462, 43.77325366 } } do
      local ages, x = {}, {}
      for i = 1, n do
        ages[i], x[i] = i - 1, i % 2
      end
      local w = stats.weighted(ages, x, 30)
      near(v[1], w.n_eff)
      near(v[2], w.W)
    end
  end)

  it("are defined at their edges", function()
    assert.same({ W = 0, sum = 0, skewed = 0 }, stats.weighted({}, {}, 30))
    local w = stats.weighted({ -5 }, { 0.1 }, 30)
    assert.same({ 1, 1, 0.1 }, { w.skewed, w.n_eff, w.mean })
    assert.is_nil(w.variance)
    w = stats.weighted({ 1e6, 1e6 }, { 1, 2 }, 30) -- weights below the smallest number
    assert.same({ 0, nil }, { w.W, w.mean })
    w = stats.weighted({ 60, 60, 60 }, { 1, 2, 3 }, 30)
    near(3, w.n_eff)
    near(0.75, w.W)
    assert.is_nil(stats.weighted({ 1, 2 }, { 3, 3 }, 30).variance)
  end)
end)

describe("buckets", function()
  local pnl = { 5, -2, 4, 3, -1, 6, 2, -3, 1, 4, -2, 3 }
  local sd = stats.shape(stats.moments_of(pnl)).sd

  it("agree with the vectors", function()
    near(3.025147129, sd)
    local c = stats.concentration { 11, -4, 13 }
    near(0.5034722222, c.hhi)
    near(1.986206897, c.effective)
    near(0.2552083333, c.normalised)
    near(0.6896709284, c.entropy)
    near(1.993059566, c.effective_entropy)
    local z, rest, runs, best = stats.leave_best_out({ 11, -4, 13 }, { 3, 5, 4 }, sd)
    near(0.8181002869, z)
    assert.same({ 7, 8, 3 }, { rest, runs, best })
    c = stats.concentration { 15, -4, 9 }
    near(0.53125, c.hhi)
    near(1.937819241, c.effective_entropy)
    near(0.5843573478, (stats.leave_best_out({ 15, -4, 9 }, { 4, 5, 3 }, sd)))
    c = stats.concentration { 120, 60, 20, 0, -30 }
    near(0.46, c.hhi)
    near(2.173913043, c.effective)
    near(0.8979457249, c.entropy)
    near(2.454555596, c.effective_entropy)
  end)

  it("are refused where nothing was earned or one bucket is all there is", function()
    assert.same({ nil, "NO_PROFIT" }, { stats.concentration { -1, 0 } })
    assert.same({ nil, "NO_PROFIT" }, { stats.leave_best_out({ 1, -2 }, { 3, 3 }, 1) })
    assert.same({ nil, "NO_PROFIT" }, { stats.leave_best_out({}, {}, 1) })
    assert.same({ nil, "SINGLE_BUCKET" }, { stats.leave_best_out({ 3, 0 }, { 3, 0 }, 1) })
    assert.same({ nil, "ZERO_VARIANCE" }, { stats.leave_best_out({ 3, 1 }, { 3, 2 }, 0) })
    assert.equal(1, stats.concentration({ 5 }).normalised)
  end)
end)

describe("drawdown", function()
  it("counts from a peak that starts at zero", function()
    assert.same({ 3, 2 }, { stats.drawdown { 1, 2, -3, 1 } })
    assert.same({ 1, 1 }, { stats.drawdown { -1 } })
    assert.same({ 0, 0 }, { stats.drawdown {} })
  end)
end)
