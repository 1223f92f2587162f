-- expect: refused bars
-- attack: more bar intervals than there are
local bars = {}
for i = 1, 1000 do
  bars[i] = i .. "s"
end
return { name = "attack", subscribe = { bars = bars }, on_bar = function() end }
