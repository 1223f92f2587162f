-- expect: harmless
-- attack: the same as metric values, and bad names
local bad = { 0 / 0, -(0 / 0), 1 / 0, -1 / 0, 1e308, -1e308, 2 ^ 63, -2 ^ 63, 2 ^ 64, 1e-308, -0.0, -1, 0,
  1e15 + 0.3, 0.123456789, {}, "1", true, print }

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    for i = 1, #bad do
      local value = bad[i]
      pcall(function() ctx:metric("m", value) end)
      pcall(function() ctx:metric(value, 1) end)
    end
    for _, name in ipairs { "", "a b", "a\n", "\27[2J", ("x"):rep(1e4), "escaped\0", "1x", "a{b=\"c\"}" } do
      pcall(function() ctx:metric(name, 1) end)
    end
    ctx:metric("escaped", 0)
  end,
}
