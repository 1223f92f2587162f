-- expect: harmless
-- attack: NaN, infinities, huge, negative and crooked numbers as price
local bad = { 0 / 0, -(0 / 0), 1 / 0, -1 / 0, 1e308, -1e308, 2 ^ 63, -2 ^ 63, 2 ^ 64, 1e-308, -0.0, -1, 0,
  1e15 + 0.3, 0.123456789, {}, "1", true, print }

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    for i = 1, #bad do
      local value = bad[i]
      pcall(function() ctx:buy { price = value, qty = 0.001 } end)
    end
    ctx:metric("escaped", 0)
  end,
}
