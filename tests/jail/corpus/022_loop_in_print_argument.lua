-- expect: deadline on_trade
-- attack: the same through print
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    print(setmetatable({}, { __tostring = function()
      while true do end
    end }))
  end,
}
