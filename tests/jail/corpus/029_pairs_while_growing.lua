-- expect: deadline|memory on_trade
-- attack: a traversal that adds what it will visit
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    local t = { [1] = 1 }
    local k = next(t)
    while k do
      t[k + 1] = k
      k = next(t, k)
    end
  end,
}
