-- expect: refused 7
-- attack: raises while it loads, with an object
error("on line 7 or so")
