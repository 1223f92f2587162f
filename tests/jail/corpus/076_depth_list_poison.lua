-- expect: harmless
-- attack: puts a foreign value into the reused list of book levels
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    local list = ctx:book():depth("bid", 5)
    for i = 1, 5 do
      list[i] = "not a level"
    end
    ctx:book():depth("bid", 5)
    ctx:metric("escaped", 0)
  end,
}
