-- expect: deadline on_restore
-- attack: a loop while the host restores
-- saved: {"x":1}
return {
  name = "attack",
  on_restore = function()
    while true do end
  end,
}
