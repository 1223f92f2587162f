-- expect: deadline on_trade
-- attack: a loop on another Lua stack, where a hook is not set
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    coroutine.wrap(function()
      while true do end
    end)()
  end,
}
