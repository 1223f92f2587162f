-- expect: refused params
-- attack: parameter names of control bytes
return { name = "attack", params = { ["a\nb"] = { default = 1 } } }
