-- tables.lua: prints the counts of the proof as T1 to T5 and holds them against the targets.

local simulation = require "proof.simulation"
local worlds = require "proof.worlds"

local format, max, huge = string.format, math.max, math.huge

local M = {}

local DEATH = 350
M.death_days = { DEATH, DEATH + 14, DEATH + 30, DEATH + 60, DEATH + 90, DEATH + 120, DEATH + 180 }
M.DEATH = DEATH

-- The mean over universes of a count, in units of 1 / share.
local function mean(counts, world, rule, edge, quantity, day, share)
  local prefix = format("%s|%s|%s|", world, rule, edge)
  local universes = counts[prefix .. "universes|0"]
  if not universes then
    return nil
  end
  return (counts[prefix .. quantity .. "|" .. (day or 0)] or 0) / universes / (share or 1)
end

local function percent(x)
  return x and format(x < 0.001 and "%.3f%%" or x < 0.1 and "%.2f%%" or "%.1f%%", 100 * x) or "-"
end

local function row(name, cells)
  local line = format("%-38s", name)
  for i = 1, #cells do
    line = line .. format("%10s", cells[i])
  end
  print(line)
end

local function head(title, days)
  print("\n" .. title)
  local cells = {}
  for i, day in ipairs(days or simulation.checkpoints) do
    cells[i] = type(day) == "number" and "n=" .. day or day
  end
  row("", cells)
end

-- One row over the checkpoints.
local function over_days(counts, name, world, rule, edge, quantity, share)
  local cells = {}
  for i, day in ipairs(simulation.checkpoints) do
    cells[i] = percent(mean(counts, world, rule, edge, quantity, day, share))
  end
  row(name, cells)
end

-- ---- T1 to T5 ----

local function noise_table(counts)
  head("T1  processes without an edge, gaussian world (with edges of 0.3), share of 1,000")
  for _, v in ipairs {
    { "original: ever CORE", "original", "core" }, { "original: in CORE now", "original", "now" },
    { "original: killed", "original", "killed" },
    { "PSR(0) >= 0.95, every run: ever", "others", "psr" },
    { "DSR >= 0.95, every run: ever", "others", "dsr" },
    { "BH 10% on t-tests, every run: ever", "others", "bh" },
    { "guarded: ever PROBATION", "guarded", "probation" },
    { "guarded: ever CORE", "guarded", "core" }, { "guarded: killed", "guarded", "killed" },
    { "keen: ever PROBATION", "keen", "probation" }, { "keen: ever CORE", "keen", "core" },
    { "keen: killed", "keen", "killed" } } do
    over_days(counts, v[1], "gaussian", v[2], 0.3, v[3] .. "_noise", worlds.NOISE)
  end
end

local function edge_tables(counts)
  for _, edge in ipairs(worlds.edges) do
    head(format("T2  processes with an edge of %.1f, gaussian world, share of 10", edge))
    for _, v in ipairs {
      { "original: ever CORE", "original", "core" }, { "original: in CORE now", "original", "now" },
      { "original: killed", "original", "killed" },
      { "DSR >= 0.95, every run: ever", "others", "dsr" },
      { "BH 10% on t-tests, one look at n", "others", "single" },
      { "guarded: ever PROBATION", "guarded", "probation" },
      { "guarded: ever CORE", "guarded", "core" }, { "guarded: killed", "guarded", "killed" },
      { "keen: ever PROBATION", "keen", "probation" }, { "keen: ever CORE", "keen", "core" },
      { "keen: killed", "keen", "killed" } } do
      over_days(counts, v[1], "gaussian", v[2], edge, v[3] .. "_edge", worlds.EDGES)
    end
  end
end

local function fdr_table(counts)
  head("T3  false share of all that were ever promoted, gaussian world")
  for _, edge in ipairs(worlds.edges) do
    for _, v in ipairs { { "original CORE", "original", "core" },
      { "PSR 0.95, every run", "others", "psr" }, { "BH t, every run", "others", "bh" },
      { "BH t, single look", "others", "single" }, { "DSR 0.95, every run", "others", "dsr" },
      { "guarded CORE", "guarded", "core" }, { "keen CORE", "keen", "core" } } do
      over_days(counts, format("%s, edge %.1f", v[1], edge), "gaussian", v[2], edge,
        v[3] .. "_fdr")
    end
  end
  print("\nDays in CORE of 500 days, a universe: without an edge / with one")
  for _, edge in ipairs(worlds.edges) do
    for _, rule in ipairs { "original", "guarded", "keen" } do
      local noise = mean(counts, "gaussian", rule, edge, "days_noise") or 0
      local edges = mean(counts, "gaussian", rule, edge, "days_edge") or 0
      print(format("  edge %.1f  %-9s %8.0f / %6.0f  (%.0f%% with an edge)", edge, rule, noise,
        edges, 100 * edges / max(noise + edges, 1)))
    end
  end
end

-- The worst false share of a rule in a world, over edges and days.
local function worst_fdr(counts, world, rule)
  local worst
  for _, edge in ipairs(worlds.edges) do
    for _, day in ipairs(simulation.checkpoints) do
      local fdr = mean(counts, world, rule, edge, "core_fdr", day)
      worst = fdr and max(worst or 0, fdr)
    end
  end
  return worst
end

local function world_table(counts)
  head("T4  all worlds, n=365", { "noise", "noise", "worst", "power", "power", "power", "killed",
    "killed" })
  row("", { "PROBATION", "CORE", "FDR", "0.2", "0.3", "0.5", "0.2", "0.3" })
  for _, world in ipairs(worlds.names) do
    for _, rule in ipairs { "original", "guarded", "untempered", "keen" } do
      if worst_fdr(counts, world, rule) then
        local cells = { percent(mean(counts, world, rule, 0.3, "probation_noise", 365,
          worlds.NOISE)), percent(mean(counts, world, rule, 0.3, "core_noise", 365, worlds.NOISE)),
          percent(worst_fdr(counts, world, rule)) }
        for _, v in ipairs { { 0.2, "core" }, { 0.3, "core" }, { 0.5, "core" }, { 0.2, "killed" },
          { 0.3, "killed" } } do
          cells[#cells + 1] = percent(mean(counts, world, rule, v[1], v[2] .. "_edge", 365,
            worlds.EDGES))
        end
        row(world .. " " .. rule, cells)
      end
    end
    row(world .. " DSR 0.95, every run", { "", percent(mean(counts, world, "others", 0.3,
      "dsr_noise", 365, worlds.NOISE)) })
  end
end

local function full_table(counts)
  head("T5  guarded with derisking and decay: share of edges in CORE, noise in CORE", { "n=100",
    "n=200", "n=365", "n=500", "noise365", "FDR500", "demoted" })
  for _, rule in ipairs { "full1000", "full2000" } do
    for _, edge in ipairs(worlds.edges) do
      local cells = {}
      for i, day in ipairs { 100, 200, 365, 500 } do
        cells[i] = percent(mean(counts, "gaussian", rule, edge, "now_edge", day, worlds.EDGES))
      end
      cells[5] = format("%.2f", mean(counts, "gaussian", rule, edge, "now_noise", 365) or 0)
      cells[6] = percent(mean(counts, "gaussian", rule, edge, "core_fdr", 500))
      cells[7] = format("%.2f", mean(counts, "gaussian", rule, edge, "demotions", 0,
        worlds.EDGES) or 0)
      row(format("ARL0 %s, edge %.1f", rule:sub(5), edge), cells)
    end
  end
  local days = {}
  for i, day in ipairs(M.death_days) do
    days[i] = "+" .. day - DEATH
  end
  head(format("    edges that end at run %d: share in CORE so many runs later", DEATH), days)
  for which = 2, #worlds.edges do
    local cells = {}
    for i, day in ipairs(M.death_days) do
      cells[i] = percent(mean(counts, "gaussian", "death", worlds.edges[which], "now_edge", day,
        worlds.EDGES))
    end
    row(format("edge %.1f", worlds.edges[which]), cells)
  end
end

-- ---- targets ----

-- Power in the gaussian world: edge, day, target, and what the reference implementation reached.
local powers = { { 0.5, 100, 0.80, 0.832 }, { 0.3, 200, 0.62, 0.661 }, { 0.3, 365, 0.94, 0.962 },
  { 0.2, 365, 0.38, 0.419 }, { 0.2, 500, 0.65, 0.688 } }

-- What the rule must reach: { text, value, limit, at_least }.
local function targets_of(counts, rule)
  local list = {}
  local function want(text, value, limit, at_least)
    list[#list + 1] = { text, value or (at_least and -huge or huge), limit, at_least }
  end
  for _, world in ipairs(worlds.names) do
    want(format("(a) false share of CORE, %s", world), worst_fdr(counts, world, rule), 0.10)
  end
  for _, world in ipairs(worlds.names) do
    want(format("(b) noise ever PROBATION, %s", world), mean(counts, world, rule, 0.3,
      "probation_noise", 500, worlds.NOISE), 0.05)
  end
  for _, v in ipairs(powers) do
    want(format("(c) edges of %.1f in CORE by n=%d (reference %s)", v[1], v[2], percent(v[4])),
      mean(counts, "gaussian", rule, v[1], "core_edge", v[2], worlds.EDGES), v[3], true)
  end
  for _, edge in ipairs(worlds.edges) do
    want(format("(d) edges of %.1f killed by n=365", edge), mean(counts, "gaussian", rule, edge,
      "killed_edge", 365, worlds.EDGES), 0.06)
  end
  want("(d) noise killed by n=365", mean(counts, "gaussian", rule, 0.3, "killed_noise", 365,
    worlds.NOISE), 0.90, true)
  want("(e) noise in CORE before n=50, pennies", mean(counts, "pennies", rule, 0.3, "core_noise",
    50, worlds.NOISE), 0)
  want("    noise ever CORE", mean(counts, "gaussian", rule, 0.3, "core_noise", 500,
    worlds.NOISE), 0.001)
  return list
end

-- Prints the targets of a rule; returns how many were missed.
local function check(counts, rule)
  local missed = 0
  print(format("\nTargets of %s", rule))
  for _, t in ipairs(targets_of(counts, rule)) do
    local met = t[4] and t[2] >= t[3] or not t[4] and t[2] <= t[3]
    missed = missed + (met and 0 or 1)
    print(format("  %-6s %-58s %8s %s %s", met and "met" or "MISSED", t[1], percent(t[2]),
      t[4] and ">=" or "<=", percent(t[3])))
  end
  return missed
end

function M.print(counts)
  noise_table(counts)
  edge_tables(counts)
  fdr_table(counts)
  world_table(counts)
  full_table(counts)
  return check(counts, "guarded") + check(counts, "keen")
end

return M
