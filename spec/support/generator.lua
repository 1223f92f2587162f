-- generator.lua: the deterministic numbers of the reference vectors and of the simulations.
--
-- A 64-bit linear congruential generator; uint64_t is the C type, whose arithmetic wraps exactly.

local ffi = require "ffi"
local rshift = require("bit").rshift
local cos, log, pi, sqrt = math.cos, math.log, math.pi, math.sqrt

local M = {}

-- A function that gives 0 <= u < 1.
function M.uniform(seed)
  local state = ffi.new("uint64_t[1]", seed)
  return function()
    state[0] = state[0] * 6364136223846793005ULL + 1442695040888963407ULL
    return tonumber(rshift(state[0], 11)) * 2 ^ -53
  end
end

-- Nearly normal, from twelve uniforms in order: no function of the C library, so that every machine
-- has the same digits.
function M.normal12(uniform)
  local sum = 0
  for _ = 1, 12 do
    sum = sum + uniform()
  end
  return sum - 6
end

-- Normal to the tails (Box and Muller), two uniforms.
function M.normal(uniform)
  return sqrt(-2 * log(1 - uniform())) * cos(2 * pi * uniform())
end

-- n values of f(z, i).
function M.series(seed, n, f)
  local uniform = M.uniform(seed)
  local list = {}
  for i = 1, n do
    list[i] = f(M.normal12(uniform), i)
  end
  return list
end

-- rows x columns of f(z, column), row by row.
function M.matrix(seed, rows, columns, f)
  local uniform = M.uniform(seed)
  local matrix = {}
  for r = 1, rows do
    matrix[r] = {}
    for c = 1, columns do
      matrix[r][c] = f(M.normal12(uniform), c)
    end
  end
  return matrix
end

return M
