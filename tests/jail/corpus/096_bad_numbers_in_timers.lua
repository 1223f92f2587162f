-- expect: harmless
-- attack: the same as delays and tags of timers
local bad = { 0 / 0, -(0 / 0), 1 / 0, -1 / 0, 1e308, -1e308, 2 ^ 63, -2 ^ 63, 2 ^ 64, 1e-308, -0.0, -1, 0,
  1e15 + 0.3, 0.123456789, {}, "1", true, print }

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    for i = 1, #bad do
      local value = bad[i]
      pcall(function() ctx:after(value, "x") end)
      pcall(function() ctx:after(1, value) end)
    end
    ctx:metric("escaped", 0)
  end,
  on_timer = function() end,
}
