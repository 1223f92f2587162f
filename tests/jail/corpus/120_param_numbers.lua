-- expect: refused params
-- attack: a parameter whose default is not a number at all
return { name = "attack", params = { n = { default = 0 / 0, min = -1 / 0, max = 1 / 0 } } }
