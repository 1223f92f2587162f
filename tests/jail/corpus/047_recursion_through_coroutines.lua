-- expect: memory|error|deadline|killed
-- attack: coroutines inside coroutines
local function deep()
  coroutine.wrap(deep)()
end

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    deep()
  end,
}
