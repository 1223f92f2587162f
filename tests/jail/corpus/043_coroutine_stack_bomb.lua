-- expect: memory|error|deadline on_trade
-- attack: deep stacks in many coroutines
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    local all = {}
    local function deep(n)
      if n == 0 then
        return coroutine.yield()
      end
      return 1 + deep(n - 1)
    end
    while true do
      local co = coroutine.create(deep)
      coroutine.resume(co, 5000)
      all[#all + 1] = co
    end
  end,
}
