-- expect: harmless
-- attack: hands ctx to a coroutine that goes on in later events
local other

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    other = other or coroutine.create(function(c)
      while true do
        pcall(function() c:buy { price = 1, qty = 0.001 } end)
        coroutine.yield()
      end
    end)
    coroutine.resume(other, ctx)
    ctx:cancel_all()
    ctx:metric("escaped", 0)
  end,
}
