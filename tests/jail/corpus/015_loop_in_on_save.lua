-- expect: deadline on_save
-- attack: a loop while the host saves
return {
  name = "attack",
  on_save = function()
    while true do end
  end,
}
