-- expect: deadline on_trade
-- attack: a loop that swallows every error that could stop it
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    while true do
      pcall(function()
        while true do end
      end)
    end
  end,
}
