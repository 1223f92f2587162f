-- expect: harmless
-- attack: changes its callbacks after the host has read them
local strategy
strategy = {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    strategy.on_trade = nil
    strategy.name = "somebody else"
    strategy.on_order = 7
    ctx:metric("escaped", 0)
  end,
}
return strategy
