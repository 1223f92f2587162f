-- expect: deadline on_trade
-- attack: the same through string.gmatch, in a protected call
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    pcall(function()
      for _ in ("a"):rep(20000):gmatch(".-.-.-.-.-b") do end
    end)
  end,
}
