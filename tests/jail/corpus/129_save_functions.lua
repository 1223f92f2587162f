-- expect: error saved
-- attack: a state with functions and libraries in it
return {
  name = "attack",
  on_save = function(ctx)
    return { f = print, l = string, c = ctx }
  end,
}
