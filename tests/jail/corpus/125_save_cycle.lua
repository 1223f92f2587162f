-- expect: error contains itself
-- attack: a state that contains itself
local state = {}
state.state = state
return {
  name = "attack",
  on_save = function()
    return state
  end,
}
