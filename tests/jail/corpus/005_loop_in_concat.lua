-- expect: deadline on_trade
-- attack: a loop in a __concat metamethod
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    local t = setmetatable({}, { __concat = function()
      while true do end
    end })
    return t .. "x"
  end,
}
