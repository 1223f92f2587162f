-- expect: error nested deeper
-- attack: a state nested ten thousand deep
local state = {}
for _ = 1, 1e4 do
  state = { state }
end
return {
  name = "attack",
  on_save = function()
    return state
  end,
}
