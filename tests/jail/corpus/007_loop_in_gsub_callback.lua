-- expect: deadline on_trade
-- attack: a loop in the callback of string.gsub, below a C function
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    string.gsub("x", "x", function()
      while true do end
    end)
  end,
}
