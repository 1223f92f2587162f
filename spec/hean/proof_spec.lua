-- A small budget of the proof: one universe in each of the five worlds. `make selector-proof` runs
-- all of it and checks the targets.
local guarded = require "hean.policy.guarded"
local keen = require "hean.policy.keen"
local simulation = require "proof.simulation"
local stats = require "hean.stats"
local tables = require "proof.tables"
local worlds = require "proof.worlds"

local STRONG = 3 -- the number of the edge of 0.5

describe("the proof's worlds", function()
  for _, world in ipairs(worlds.names) do
    it("have the mean and deviation they promise: " .. world, function()
      local rois = worlds.generate(world, 5, 100)
      local noise, edges = stats.moments(), stats.moments()
      for i = 1, #rois do
        for day = 1, 100 do
          assert.is_true(rois[i][day] >= -worlds.LIMIT)
          if i <= worlds.NOISE then
            stats.moments_add(noise, rois[i][day])
          elseif i > worlds.NOISE + (STRONG - 1) * worlds.EDGES then
            stats.moments_add(edges, rois[i][day])
          end
        end
      end
      local sd = stats.shape(noise).sd
      assert.is_true(math.abs(noise.mean) < (world == "clones" and 0.06 or 0.015) * sd)
      assert.is_true(math.abs(edges.mean / sd - 0.5) < 0.1)
      assert.is_true(world == "pennies" or math.abs(sd / worlds.SIGMA - 1) < 0.1)
    end)
  end
end)

describe("one universe of", function()
  for _, world in ipairs(worlds.names) do
    it(world .. ": luck stays out, edges come in", function()
      local counts = {}
      local rois, buckets = worlds.generate(world, 20261122, simulation.days)
      for name, policy in pairs { guarded = guarded, keen = world == "gaussian" and keen or nil } do
        simulation.guarded(counts, world, name, rois, buckets, STRONG,
          simulation.params(policy.params, false))
        local function count(quantity, day)
          return counts[("%s|%s|0.5|%s|%d"):format(world, name, quantity, day)]
        end
        assert.is_true(count("core_noise", 500) <= 3)
        assert.is_true(count("probation_noise", 500) <= 0.08 * worlds.NOISE)
        assert.is_true(count("killed_noise", 365) >= 0.8 * worlds.NOISE)
        assert.is_true(count("core_edge", 365) >= 8)
        assert.is_true(count("killed_edge", 365) <= 2)
      end
    end)
  end
end)

describe("the original", function()
  it("promotes a quarter of the noise in the same universe", function()
    local counts = {}
    simulation.original(counts, "gaussian", (worlds.generate("gaussian", 20261122, 100)))
    local share = counts["gaussian|original|0.3|core_noise|100"] / worlds.NOISE
    assert.is_true(share > 0.2 and share < 0.35)
  end)
end)

describe("the targets", function()
  it("are missed where nothing was measured", function()
    local printed = print
    _G.print = function() end -- luacheck: ignore 122
    local missed = tables.print {}
    _G.print = printed -- luacheck: ignore 122
    assert.is_true(missed >= 40)
  end)
end)
