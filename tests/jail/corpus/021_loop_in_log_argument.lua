-- expect: deadline on_trade
-- attack: a loop in __tostring, called by the trusted ctx:log
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    ctx:log(setmetatable({}, { __tostring = function()
      while true do end
    end }))
  end,
}
