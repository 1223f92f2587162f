-- expect: refused 1i
-- attack: an imaginary literal, which is one too
local escaped = type(1i) == "cdata" and 1 or 0

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    ctx:metric("escaped", escaped)
  end,
}
