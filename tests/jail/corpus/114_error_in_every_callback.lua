-- expect: error on_start
-- attack: raises in the first callback that comes
return {
  name = "attack",
  on_start = function()
    error("on_start")
  end,
  on_save = function()
    error("on_save")
  end,
}
