-- expect: error at one instant
-- attack: a timer that fires at once and sets itself again, sixty-four times each
local fired = 0
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx)
    ctx:metric("escaped", 0)
    ctx:after(0, "again")
  end,
  on_timer = function(ctx)
    fired = fired + 1
    for _ = 1, 60 do
      pcall(function() ctx:after(0, "again") end)
    end
  end,
}
