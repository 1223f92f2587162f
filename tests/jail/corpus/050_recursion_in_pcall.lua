-- expect: harmless
-- attack: a recursion that catches its own overflow, again and again
local function deep(n)
  return 1 + deep(n + 1)
end

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    for _ = 1, 20 do
      pcall(deep, 1)
    end
    ctx:metric("escaped", 0)
  end,
}
