-- expect: harmless
-- attack: looks for the functions that undo a sandbox
local escaped = (getfenv ~= nil
  or setfenv ~= nil
  or newproxy ~= nil
  or collectgarbage ~= nil
  or gcinfo ~= nil
  or math.randomseed ~= nil) and 1 or 0

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    ctx:metric("escaped", escaped)
  end,
}
