-- expect: harmless
-- attack: an error handler that fails itself
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    xpcall(error, function()
      error("again")
    end)
    ctx:metric("escaped", 0)
  end,
}
