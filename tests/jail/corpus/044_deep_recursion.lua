-- expect: error stack overflow
-- attack: recursion without an end
local function deep(n)
  return 1 + deep(n + 1)
end

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    return deep(1)
  end,
}
