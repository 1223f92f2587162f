-- expect: deadline on_trade
-- attack: a pattern that backtracks for ever inside one C call
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    local text = string.rep("a", 20000)
    return string.find(text, ".-.-.-.-.-b")
  end,
}
