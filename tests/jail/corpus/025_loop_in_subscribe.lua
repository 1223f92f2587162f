-- expect: refused bars
-- attack: a loop in __index of the list of bars, which the loader reads
return {
  name = "attack",
  subscribe = { bars = setmetatable({}, { __index = function()
    while true do end
  end }) },
  on_bar = function() end,
}
