-- expect: harmless
-- attack: looks for the libraries that reach memory
local escaped = (debug ~= nil
  or ffi ~= nil
  or jit ~= nil
  or _G.debug ~= nil
  or _G.ffi ~= nil
  or _G.jit ~= nil
  or bit.ffi ~= nil
  or string.ffi ~= nil) and 1 or 0

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    ctx:metric("escaped", escaped)
  end,
}
