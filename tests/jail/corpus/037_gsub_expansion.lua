-- expect: memory on_trade
-- attack: a replacement that makes ten gigabytes of a hundred kilobytes
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    return #string.gsub(string.rep("x", 1e5), "x", string.rep("y", 1e5))
  end,
}
