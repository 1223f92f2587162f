-- expect: memory on_trade
-- attack: swallows the error of the memory limit and goes on
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    pcall(string.rep, "x", 1e9)
    ctx:metric("escaped", 1)
  end,
}
