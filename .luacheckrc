std = "luajit"
max_line_length = 100
codes = true
files["spec"] = { std = "luajit+busted" }
files["lua/hean/template_spec.lua"] = { std = "luajit+busted" }
-- `not (x > 0)` is no `x <= 0` there: NaN must fail the comparison.
files["lua/hean/stats.lua"] = { ignore = { "581" } }
files["lua/hean/selector.lua"] = { ignore = { "581" } }
files["lua/hean/policy"] = { ignore = { "581" } }
files["lua/hean/api.lua"] = { ignore = { "212", "241" } } -- declarations only
exclude_files = { "tests/jail/corpus" } -- attacks are not meant to be good Lua
