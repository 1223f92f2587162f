-- expect: memory on_trade
-- attack: string.format that doubles its own result
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    local s = "x"
    while true do
      s = string.format("%s%s", s, s)
    end
  end,
}
