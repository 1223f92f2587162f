-- expect: harmless
-- attack: a hundred thousand log lines in one callback
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    ctx:metric("escaped", 0)
    for i = 1, 1e4 do
      ctx:log("line", i)
      print(i)
    end
  end,
}
