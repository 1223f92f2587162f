-- expect: harmless
-- attack: metatables on the tables that come with events
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    local escaped = 0
    for _, t in ipairs { trade, ctx:book(), ctx:position(), ctx.params } do
      if pcall(setmetatable, t, { __newindex = error }) or type(getmetatable(t)) == "table" then
        escaped = 1
      end
    end
    ctx:metric("escaped", escaped)
  end,
}
