-- expect: harmless
-- attack: amends and cancels orders that are not its own
local bad = { 0 / 0, -(0 / 0), 1 / 0, -1 / 0, 1e308, -1e308, 2 ^ 63, -2 ^ 63, 2 ^ 64, 1e-308, -0.0, -1, 0,
  1e15 + 0.3, 0.123456789, {}, "1", true, print }

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    for i = 1, #bad do
      local value = bad[i]
      pcall(function() ctx:cancel(value) end)
      pcall(function() ctx:amend(value, { price = 1 }) end)
      pcall(function() return ctx:order(value) end)
    end
    for id = 1, 5 do
      ctx:cancel(id)
      ctx:cancel(2 ^ 48 - id)
    end
    ctx:metric("escaped", 0)
  end,
}
