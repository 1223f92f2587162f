-- expect: error UTF-8
-- attack: a state with bytes that are not text
return {
  name = "attack",
  on_save = function()
    return { ["k\255"] = "v\254\0" }
  end,
}
