-- expect: deadline on_start
-- attack: a loop in on_start
return {
  name = "attack",
  on_start = function()
    while true do end
  end,
}
