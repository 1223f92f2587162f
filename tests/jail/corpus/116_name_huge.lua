-- expect: refused name
-- attack: a name of a megabyte
return { name = string.rep("x", 1e6) }
