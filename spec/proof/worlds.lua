-- worlds.lua: the five worlds of the proof: returns of processes without and with an edge.
--
-- A process runs once a day. Returns have a mean of 0 (without an edge) and a standard deviation of
-- SIGMA, and never fall below -LIMIT; the cut is made good so that the mean stays 0.

local generator = require "support.generator"
local stats = require "hean.stats"

local log, max, sqrt = math.log, math.max, math.sqrt

local M = { NOISE = 1000, EDGES = 10, SIGMA = 0.02, LIMIT = 0.06, edges = { 0.2, 0.3, 0.5 } }

M.names = { "gaussian", "t4", "pennies", "clones", "ar1" }

-- What cutting at three standard deviations adds to the mean, given the tail beyond x.
local function cut_gain(tail)
  local sum, step = 0, 0.001
  for i = 0, 200000 do
    sum = sum + tail(3 + (i + 0.5) * step) * step
  end
  return sum
end

local NORMAL_GAIN = cut_gain(function(x) return stats.normal_cdf(-x) end)
local T4_GAIN = cut_gain(function(x) return stats.t_tail(x * sqrt(2), 4) end)

local function cut(z, gain, edge)
  return max(M.SIGMA * (z - gain + edge), -M.LIMIT)
end

-- Each world: a function that fills list[1..days] for one process.
local makers = {}

function makers.gaussian(uniform)
  return function(list, days, edge)
    for day = 1, days do
      list[day] = cut(generator.normal(uniform), NORMAL_GAIN, edge)
    end
  end
end

-- Student's t with four degrees of freedom, scaled to a variance of 1.
function makers.t4(uniform)
  return function(list, days, edge)
    for day = 1, days do
      local chi2 = -2 * log((1 - uniform()) * (1 - uniform()))
      list[day] = cut(generator.normal(uniform) / sqrt(chi2 / 4) / sqrt(2), T4_GAIN, edge)
    end
  end
end

-- Small gains, and now and then the whole limit is lost; an edge raises the gains alone.
function makers.pennies(uniform)
  local gain = M.LIMIT * 0.05 / 0.95
  local sd = sqrt(0.05 * M.LIMIT * M.LIMIT + 0.95 * gain * gain * 1.09)
  return function(list, days, edge)
    for day = 1, days do
      local won = gain * (1 + 0.3 * generator.normal(uniform)) + edge * sd / 0.95
      list[day] = uniform() < 0.05 and -M.LIMIT or max(won, -M.LIMIT)
    end
  end
end

-- Fifty groups of twenty processes that are nearly the same; edges stand alone.
function makers.clones(uniform)
  local common = {}
  return function(list, days, edge, index)
    if index <= M.NOISE and index % 20 == 1 then
      for day = 1, days do
        common[day] = generator.normal(uniform)
      end
    end
    for day = 1, days do
      local z = generator.normal(uniform)
      if index <= M.NOISE then
        z = sqrt(0.8) * common[day] + sqrt(0.2) * z
      end
      list[day] = cut(z, NORMAL_GAIN, edge)
    end
  end
end

function makers.ar1(uniform)
  return function(list, days, edge)
    local z = generator.normal(uniform)
    for day = 1, days do
      z = 0.2 * z + sqrt(0.96) * generator.normal(uniform)
      list[day] = cut(z, NORMAL_GAIN, edge)
    end
  end
end

-- rois and buckets of the noise, then of ten processes for each of M.edges, which lose their edge
-- after the day `death` (nil: never).
function M.generate(world, seed, days, death)
  local uniform = generator.uniform(seed)
  local make = makers[world](uniform)
  local rois, buckets = {}, {}
  for i = 1, M.NOISE + M.EDGES * #M.edges do
    local edge = i > M.NOISE and M.edges[math.ceil((i - M.NOISE) / M.EDGES)] or 0
    local r, b = {}, {}
    make(r, days, edge, i)
    for day = (death or days) + 1, days do
      r[day] = max(r[day] - M.SIGMA * edge, -M.LIMIT)
    end
    for day = 1, days do
      local u = uniform()
      b[day] = u < 0.5 and 1 or u < 0.85 and 2 or 3
    end
    rois[i], buckets[i] = r, b
  end
  return rois, buckets
end

return M
