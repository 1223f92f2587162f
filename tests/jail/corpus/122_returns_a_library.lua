-- expect: refused
-- attack: returns something that only looks like a strategy
return string
