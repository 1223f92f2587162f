-- expect: deadline on_trade
-- attack: a loop in __index of the table given to ctx:buy
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    ctx:buy(setmetatable({}, { __index = function()
      while true do end
    end }))
  end,
}
