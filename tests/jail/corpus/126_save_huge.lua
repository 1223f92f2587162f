-- expect: error|memory|deadline on_save
-- attack: a state of two megabytes
return {
  name = "attack",
  on_save = function()
    return { text = string.rep("x", 2 ^ 21) }
  end,
}
