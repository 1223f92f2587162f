-- expect: harmless
-- attack: changes the host's table of its own order, then amends and cancels by it
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    local id = ctx:buy { price = trade.price - 1, qty = 0.001 }
    local order = ctx:order(id)
    pcall(function()
      order.id, order.symbol, order.qty, order.status = 2 ^ 47, {}, -1, "filled"
    end)
    pcall(function() ctx:amend(id, { qty = 0.002 }) end)
    pcall(function() ctx:cancel(id) end)
    pcall(function() ctx:cancel_all() end)
    pcall(function() ctx:orders() end)
    ctx:metric("escaped", 0)
  end,
}
