-- expect: deadline on_trade
-- attack: two coroutines that resume each other's work for ever
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    local ping = coroutine.wrap(function()
      while true do
        coroutine.yield()
      end
    end)
    while true do
      ping()
    end
  end,
}
