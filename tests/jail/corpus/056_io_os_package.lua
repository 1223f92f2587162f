-- expect: harmless
-- attack: looks for the libraries that reach files, time and processes
local escaped = (io ~= nil
  or os ~= nil
  or package ~= nil
  or require ~= nil
  or module ~= nil) and 1 or 0

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    ctx:metric("escaped", escaped)
  end,
}
