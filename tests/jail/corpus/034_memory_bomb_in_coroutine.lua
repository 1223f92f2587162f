-- expect: memory on_trade
-- attack: the same in a coroutine, whose errors do not spread
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    coroutine.resume(coroutine.create(function()
      return string.rep("x", 1e9)
    end))
    ctx:metric("escaped", 1)
  end,
}
