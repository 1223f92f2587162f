-- expect: deadline on_trade
-- attack: the same through string.gsub and the method syntax
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    return (("a"):rep(20000):gsub(".-.-.-.-.-b", ""))
  end,
}
