-- expect: deadline on_trade
-- attack: a loop in the handler of xpcall
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    xpcall(error, function()
      while true do end
    end)
  end,
}
