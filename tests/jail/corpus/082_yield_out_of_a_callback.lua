-- expect: error yield
-- attack: yields from the callback itself, below the host
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    coroutine.yield(ctx)
    ctx:metric("escaped", 1)
  end,
}
