-- expect: memory|deadline on_trade
-- attack: a table that grows for ever
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    local t = {}
    while true do
      t[#t + 1] = { #t }
    end
  end,
}
