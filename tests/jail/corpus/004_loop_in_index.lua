-- expect: deadline on_trade
-- attack: a loop in an __index metamethod
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    local t = setmetatable({}, { __index = function()
      while true do end
    end })
    return t.x
  end,
}
