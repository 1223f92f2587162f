-- expect: harmless
-- attack: patterns beyond the matcher's limits
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    local calls = {
      { string.find, "x", string.rep("(x", 40) .. string.rep(")", 40) },
      { string.find, string.rep("(", 1e4), string.rep("%b()", 1e4) },
      { string.find, "x", "[" },
      { string.find, "x", "%" },
      { string.find, string.rep("x", 1e4), string.rep("x?", 1e4) },
      { string.find, "x", "%f" },
      { string.gsub, "x", "x", "%9" },
    }
    for i = 1, #calls do
      pcall(unpack(calls[i]))
    end
    ctx:metric("escaped", 0)
  end,
}
