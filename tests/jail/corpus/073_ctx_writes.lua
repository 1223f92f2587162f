-- expect: harmless
-- attack: replaces methods of ctx and looks at what then calls them
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    local escaped = 0
    if pcall(function() ctx.buy = error end) or pcall(function() ctx.now_ms2 = 1 end)
      or pcall(setmetatable, ctx, {}) or type(getmetatable(ctx)) == "table" then
      escaped = 1
    end
    rawset(ctx, "log", function(...)
      for i = 1, select("#", ...) do
        local kind = type((select(i, ...)))
        if kind == "cdata" or kind == "userdata" then
          escaped = 1
        end
      end
    end)
    ctx:log("x")
    print("y")
    ctx:metric("escaped", escaped)
  end,
}
