-- expect: deadline on_trade
-- attack: a loop that the JIT compiles, where no hook would ever run
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    local x = 0
    while true do
      x = x + 1
    end
  end,
}
