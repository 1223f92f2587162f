-- expect: error|killed
-- attack: recursion through C frames
local function deep()
  return (string.gsub("x", "x", deep))
end

return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    return deep()
  end,
}
