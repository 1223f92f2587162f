-- expect: harmless
-- attack: looks for an address in anything that can be made into text
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    local escaped = 0
    local values = { {}, print, function() end, coroutine.create(print), string, ctx, trade }
    local function check(text)
      if type(text) == "string" and text:find("0x%x%x%x") then
        escaped = 1
      end
    end
    for i = 1, #values do
      local value = values[i]
      check(tostring(value))
      check(string.format("%s", value))
      local _, message = pcall(string.format, "%p", value)
      check(message)
      _, message = pcall(error, value)
      check(tostring(message))
      _, message = pcall(function() return value + 1 end)
      check(message)
      _, message = pcall(function() return #value < value end)
      check(message)
      _, message = pcall(table.concat, { value })
      check(message)
    end
    ctx:metric("escaped", escaped)
  end,
}
