std = "luajit"
max_line_length = 100
codes = true
files["spec"] = { std = "luajit+busted" }
files["lua/hean/template_spec.lua"] = { std = "luajit+busted" }
files["lua/hean/api.lua"] = { ignore = { "212", "241" } } -- declarations only
exclude_files = { "tests/jail/corpus" } -- attacks are not meant to be good Lua
