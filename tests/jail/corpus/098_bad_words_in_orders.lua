-- expect: harmless
-- attack: unknown and hostile words where a name is expected
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    local words = { "", "x", "../../etc/passwd", ("x"):rep(1e5), "\0", "%s%n%d", {}, print, 0 / 0, true, string }
    for i = 1, #words do
      local word = words[i]
      pcall(function() ctx:buy { price = 1, qty = 1, symbol = word } end)
      pcall(function() ctx:buy { price = 1, qty = 1, type = word } end)
      pcall(function() ctx:buy { price = 1, qty = 1, tif = word } end)
      pcall(function() ctx:buy { price = 1, qty = 1, reduce_only = word } end)
      pcall(function() ctx:buy { price = 1, qty = 1, [word] = 1 } end)
      pcall(function() ctx:buy(word) end)
      pcall(function() ctx:book(word) end)
      pcall(function() ctx:position(word) end)
      pcall(function() ctx:cancel_all(word) end)
      pcall(function() return ctx[word] end)
    end
    ctx:cancel_all()
    ctx:metric("escaped", 0)
  end,
}
