-- expect: deadline on_trade
-- attack: endless tail calls, which need no stack
local function spin()
  return spin()
end

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    return spin()
  end,
}
