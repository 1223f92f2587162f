-- expect: deadline load
-- attack: a loop in __tostring of the name, which the loader wants to show
return { name = setmetatable({}, { __tostring = function()
  while true do end
end }) }
