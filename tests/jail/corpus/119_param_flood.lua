-- expect: refused params
-- attack: more parameters than the host takes
local params = {}
for i = 1, 1e4 do
  params["p" .. i] = { default = i }
end
return { name = "attack", params = params }
