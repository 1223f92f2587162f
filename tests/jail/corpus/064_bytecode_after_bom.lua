LJ
-- expect: refused
-- attack: bytecode behind a byte order mark
