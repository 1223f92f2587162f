-- expect: deadline load
-- attack: a loop in __index of a parameter's description
return { name = "attack", params = { n = setmetatable({}, { __index = function()
  while true do end
end }) } }
