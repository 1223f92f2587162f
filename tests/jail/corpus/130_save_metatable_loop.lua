-- expect: harmless
-- attack: a state whose metamethods never end
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx)
    ctx:metric("escaped", 0)
  end,
  on_save = function()
    local function loop()
      while true do end
    end
    return setmetatable({ x = 1 }, { __index = loop, __pairs = loop, __len = loop, __tostring = loop })
  end,
}
