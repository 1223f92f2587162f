-- expect: harmless
-- attack: looks for a way to compile text or bytecode
local escaped = (load ~= nil
  or loadstring ~= nil
  or dofile ~= nil
  or loadfile ~= nil
  or string.dump ~= nil
  or string.load ~= nil
  or _G.load ~= nil) and 1 or 0

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    ctx:metric("escaped", escaped)
  end,
}
