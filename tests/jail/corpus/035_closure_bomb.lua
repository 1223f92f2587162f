-- expect: memory|deadline on_trade
-- attack: closures instead of tables
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    local last
    while true do
      local before = last
      last = function()
        return before
      end
    end
  end,
}
