-- expect: harmless
-- attack: an order whose fields change between the check and the use
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    local reads = 0
    local order = setmetatable({}, { __index = function(_, key)
      reads = reads + 1
      if key == "price" or key == "qty" then
        return reads % 2 == 0 and 0 / 0 or 1
      end
      return nil
    end })
    for _ = 1, 20 do
      pcall(function() ctx:buy(order) end)
    end
    ctx:cancel_all()
    ctx:metric("escaped", 0)
  end,
}
