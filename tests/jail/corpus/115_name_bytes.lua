-- expect: refused name
-- attack: a name of control bytes
return { name = "evil\n\27[2J\0name" }
