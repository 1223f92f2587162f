-- expect: harmless
-- attack: trades through a kept ctx while the host saves
local kept, escaped = nil, 0
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx)
    kept = ctx
    ctx:metric("escaped", escaped)
  end,
  on_save = function()
    if pcall(function() kept:buy { price = 1, qty = 1 } end) then
      error("an order left on_save")
    end
    return {}
  end,
}
