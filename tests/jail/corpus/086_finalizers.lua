-- expect: harmless
-- attack: waits for a finalizer, which would show when the collector runs
local escaped = 0

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    for _ = 1, 200 do
      setmetatable({}, { __gc = function() escaped = 1 end })
    end
    ctx:metric("escaped", escaped)
  end,
}
