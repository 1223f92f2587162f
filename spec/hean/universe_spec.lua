-- The deterministic universes, with their exact counts.
local universe = require "support.universe"

local function near(expected, actual)
  assert.is_true(math.abs(actual - expected) <= 1e-9 * math.abs(expected))
end

-- How many of the first 1,000 and of the last ten have a day in `first` that is not after `day`.
local function count(first, day)
  local noise, edges = 0, 0
  for i, when in pairs(first) do
    if when <= day then
      noise = noise + (i <= universe.NOISE and 1 or 0)
      edges = edges + (i > universe.NOISE and 1 or 0)
    end
  end
  return noise, edges
end

local universes = {
  { seed = 1, edge = 0.3, rois = { 0.003976856658, 0.0107430521, 0.001206091423 },
    sum = 31.99564783, core = "247 323 122 138 122 138 133 133 138 161", noise = {},
    guarded = { [50] = { 9, 0, 121, 3, 0, 0 }, [100] = { 22, 0, 432, 8, 0, 0 },
      [200] = { 29, 0, 756, 10, 8, 0 }, [365] = { 33, 0, 946, 10, 10, 0 } },
    original = { [20] = { 278, 278, 722, 6, 6, 4 }, [50] = { 278, 125, 875, 6, 6, 4 },
      [100] = { 278, 45, 955, 6, 6, 4 }, [200] = { 278, 4, 996, 6, 6, 4 },
      [365] = { 278, 0, 1000, 6, 6, 4 } } },
  { seed = 2, edge = 0.5, rois = { 0.0180759256, -0.04443773642, 0.02017478876 },
    sum = 56.71134871, core = "100 85 84 84 85 91 84 94 92 85", noise = { 93 },
    guarded = { [50] = { 9, 0, 104, 9, 0, 0 }, [100] = { 18, 1, 387, 10, 10, 0 },
      [200] = { 25, 1, 775, 10, 10, 0 }, [365] = { 29, 1, 938, 10, 10, 0 } },
    original = { [20] = { 270, 270, 730, 10, 10, 0 }, [50] = { 270, 109, 891, 10, 10, 0 },
      [100] = { 270, 41, 959, 10, 10, 0 }, [200] = { 270, 2, 998, 10, 10, 0 },
      [365] = { 270, 0, 1000, 10, 10, 0 } } },
  { seed = 3, edge = 0.2, rois = { 0.01217499453, 0.02038147506, -0.02085651391 },
    sum = 33.93991502, core = "280 - - - - 206 - 212 - -", noise = {},
    guarded = { [50] = { 6, 0, 125, 2, 0, 0 }, [100] = { 22, 0, 416, 5, 0, 0 },
      [200] = { 29, 0, 747, 7, 0, 0 }, [365] = { 35, 0, 932, 9, 3, 0 } },
    original = { [20] = { 256, 256, 744, 7, 7, 3 }, [50] = { 256, 114, 886, 7, 4, 6 },
      [100] = { 256, 34, 966, 7, 3, 7 }, [200] = { 256, 2, 998, 7, 1, 9 },
      [365] = { 256, 0, 1000, 7, 1, 9 } } },
}

for _, u in ipairs(universes) do
  describe(("universe %d with edges of %.1f"):format(u.seed, u.edge), function()
    local rois, buckets, sum = universe.generate(u.seed, u.edge)

    it("has the reference returns", function()
      for i, roi in ipairs(u.rois) do
        near(roi, rois[1][i])
      end
      near(u.sum, sum)
    end)

    it("has the exact counts under guarded", function()
      local probation, core, killed = {}, {}, {}
      universe.guarded(rois, buckets, universe.reference_params(), function(day, i, p)
        local state = p.state
        if state == "CORE" then
          core[i] = core[i] or day
        elseif state == "PROBATION" then
          probation[i] = probation[i] or day
        elseif state == "KILLED" then
          killed[i] = killed[i] or day
        end
      end)
      for day, expected in pairs(u.guarded) do
        local n1, e1 = count(probation, day)
        local n2, e2 = count(core, day)
        local n3, e3 = count(killed, day)
        assert.same(expected, { n1, n2, n3, e1, e2, e3 })
      end
      local days, noise = {}, {}
      for i = universe.NOISE + 1, universe.NOISE + universe.EDGES do
        days[#days + 1] = tostring(core[i] or "-")
      end
      assert.equal(u.core, table.concat(days, " "))
      for i, day in pairs(core) do
        noise[#noise + 1] = i <= universe.NOISE and day or nil
      end
      assert.same(u.noise, noise)
    end)

    it("has the exact counts under original", function()
      local core, killed, now = {}, {}, {}
      universe.original(rois, function(day, i, state)
        core[i] = core[i] or (state == "CORE" and day or nil)
        killed[i] = killed[i] or (state == "KILLED" and day or nil)
        if u.original[day] and state == "CORE" then
          now[day] = now[day] or {}
          now[day][i] = day
        end
      end)
      for day, expected in pairs(u.original) do
        local n1, e1 = count(core, day)
        local n2, e2 = count(now[day] or {}, day)
        local n3, e3 = count(killed, day)
        assert.same(expected, { n1, n2, n3, e1, e2, e3 })
      end
    end)
  end)
end
