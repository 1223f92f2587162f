-- expect: harmless
-- attack: names of system calls, as globals and as methods of every library
local escaped = 0
local names = { "fork", "exec", "execve", "spawn", "kill", "ptrace", "system", "syscall", "mmap", "exit" }
local places = { _G, string, table, math, bit, coroutine }
for _, place in ipairs(places) do
  for _, name in ipairs(names) do
    if place[name] ~= nil then
      escaped = 1
    end
  end
end
-- coroutine.running and math.exp are as near as it gets

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    ctx:metric("escaped", escaped)
  end,
}
