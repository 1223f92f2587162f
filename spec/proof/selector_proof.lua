-- selector_proof.lua: do the policies keep luck out and let edges in?  make selector-proof
--
-- Lets them run through simulated universes of 1,000 processes without an edge and 10 with one,
-- 500 days each, in five worlds (worlds.lua), prints what they did as the tables T1 to T5 and
-- checks the acceptance targets (tables.lua). Exits with 1 when one is missed. README.md has the
-- figures.
--
--   luajit spec/proof/selector_proof.lua [UNIVERSES [UNIVERSES_OF_OTHER_WORLDS [WORKERS]]]
--
-- Every universe is a function of its seed: the tables do not depend on the number of workers.

package.path = "lua/?.lua;spec/?.lua;" .. package.path

local guarded = require "hean.policy.guarded"
local keen = require "hean.policy.keen"
local simulation = require "proof.simulation"
local tables = require "proof.tables"
local worlds = require "proof.worlds"

local SEED = 20261122
local FULL, DEATHS = 30, 20 -- universes of T5

local function run_universe(counts, world, seed, full)
  local rois, buckets = worlds.generate(world, seed, simulation.days)
  simulation.original(counts, world, rois)
  for which = 1, #worlds.edges do
    local plain = simulation.params(guarded.params, false)
    simulation.guarded(counts, world, "guarded", rois, buckets, which, plain)
    simulation.guarded(counts, world, "keen", rois, buckets, which,
      simulation.params(keen.params, false))
    simulation.others(counts, world, rois, which)
    if world == "ar1" then
      simulation.guarded(counts, world, "untempered", rois, buckets, which, plain, 1)
    end
    for _, run_length in ipairs(full and { 1000, 2000 } or {}) do
      simulation.guarded(counts, world, "full" .. run_length, rois, buckets, which,
        simulation.params(guarded.params, true, { decay_run_length = run_length }))
    end
  end
end

local function run_death(counts, seed)
  local rois, buckets = worlds.generate("gaussian", seed, tables.death_days[#tables.death_days],
    tables.DEATH)
  for which = 2, #worlds.edges do
    simulation.guarded(counts, "gaussian", "death", rois, buckets, which,
      simulation.params(guarded.params, true), nil, tables.death_days)
  end
end

-- The share of one worker: every workers-th universe.
local function work(worker, workers, universes, others)
  local counts = {}
  for index, world in ipairs(worlds.names) do
    local total = index == 1 and universes or others
    for u = worker, total, workers do
      run_universe(counts, world, SEED + 1000000 * index + u, index == 1 and u <= FULL)
    end
  end
  for u = worker, math.min(DEATHS, others), workers do
    run_death(counts, SEED + u)
  end
  for key, value in pairs(counts) do
    print(("%s %.17g"):format(key, value))
  end
end

local function gather(workers, universes, others)
  local pipes, counts = {}, {}
  for worker = 1, workers do
    pipes[worker] = assert(io.popen(("%s %s %d %d %d %d"):format(arg[-1], arg[0], universes, others,
      workers, worker)))
  end
  for worker = 1, workers do
    for line in pipes[worker]:lines() do
      local key, value = line:match("^(%S+) (%S+)$")
      counts[key] = (counts[key] or 0) + tonumber(value)
    end
    pipes[worker]:close()
  end
  return counts
end

local universes, others = tonumber(arg[1] or 200), tonumber(arg[2] or 60)
local workers, worker = tonumber(arg[3] or 2), tonumber(arg[4])
if worker then
  work(worker, workers, universes, others)
else
  local missed = tables.print(gather(workers, universes, others))
  print(missed == 0 and "\nall targets met" or ("\n%d targets missed"):format(missed))
  os.exit(missed == 0 and 0 or 1)
end
