-- expect: harmless
-- attack: reads /proc, the environment and a socket, by every name a file was ever opened with
local escaped = 0
local paths = { "/proc/self/environ", "/proc/self/maps", "/etc/hostname", "/dev/tcp/127.0.0.1/80" }
local openers = { "open", "popen", "lines", "read", "input", "loadfile", "dofile", "socket", "connect" }
for _, path in ipairs(paths) do
  for _, name in ipairs(openers) do
    local f = _G[name]
    local ok, value = pcall(function() return f(path) end)
    if ok and value then
      escaped = 1
    end
  end
end

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    ctx:metric("escaped", escaped)
  end,
}
