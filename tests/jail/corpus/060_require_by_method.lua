-- expect: harmless
-- attack: calls what a forgotten library would answer to
local escaped = 0
local tries = {
  function() return require("ffi") end,
  function() return package.loaded.os end,
  function() return io.open("/etc/passwd") end,
  function() return os.getenv("HOME") end,
  function() return os.execute("true") end,
  function() return io.popen("id") end,
  function() return debug.getregistry() end,
  function() return jit.off() end,
  function() return getfenv(0) end,
  function() return loadstring("return 1") end,
  function() return ("").dump(print) end,
  function() return _G._G.os.clock() end,
}
for i = 1, #tries do
  local ok, value = pcall(tries[i])
  if ok and value ~= nil then
    escaped = 1
  end
end

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    ctx:metric("escaped", escaped)
  end,
}
