-- expect: memory|deadline on_trade
-- attack: coroutines, each with a stack of its own
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    local all = {}
    while true do
      all[#all + 1] = coroutine.create(function() end)
    end
  end,
}
