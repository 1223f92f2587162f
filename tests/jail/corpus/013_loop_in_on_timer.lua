-- expect: deadline on_timer
-- attack: a loop in on_timer
return {
  name = "attack",
  on_start = function(ctx)
    ctx:after(1, "go")
  end,
  on_timer = function()
    while true do end
  end,
}
