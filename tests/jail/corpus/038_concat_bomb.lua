-- expect: memory on_trade
-- attack: many references to one long string, then table.concat
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    local t, s = {}, string.rep("x", 1e5)
    for i = 1, 1e4 do
      t[i] = s
    end
    return #table.concat(t)
  end,
}
