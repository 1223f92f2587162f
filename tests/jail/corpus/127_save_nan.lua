-- expect: error saved
-- attack: a state with NaN and infinity
return {
  name = "attack",
  on_save = function()
    return { a = 1 / 0, b = 0 / 0 }
  end,
}
