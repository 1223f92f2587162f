-- expect: harmless
-- attack: returns its own environment as the strategy, with globals as callbacks
name = "attack"
subscribe = { trades = true }
function on_trade(ctx)
  ctx:metric("escaped", 0)
end
return _G
