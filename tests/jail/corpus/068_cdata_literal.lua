-- expect: refused 1LL
-- attack: a 64-bit literal, which is a value of the FFI
local wide = 1LL
local escaped = type(wide) == "cdata" and 1 or 0

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    ctx:metric("escaped", escaped)
  end,
}
