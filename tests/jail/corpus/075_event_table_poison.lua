-- expect: harmless
-- attack: fills the reused tables with values that trusted code would trip over
local count = 0

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    for _, t in ipairs { trade, ctx:book(), ctx:position() } do
      for _, key in ipairs { "price", "qty", "symbol", "side", "bid", "ask", "time_ms", "evil" } do
        rawset(t, key, count % 2 == 0 and {} or nil)
      end
    end
    count = count + 1
    ctx:metric("escaped", 0)
  end,
}
