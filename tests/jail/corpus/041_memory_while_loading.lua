-- expect: memory load
-- attack: a string that doubles while the script loads
local s = "x"
while true do
  s = s .. s
end
