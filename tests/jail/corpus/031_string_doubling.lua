-- expect: memory on_trade
-- attack: a string that doubles
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    local s = "x"
    while true do
      s = s .. s
    end
  end,
}
