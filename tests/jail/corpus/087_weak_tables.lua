-- expect: harmless
-- attack: makes a weak table in a way that the loader cannot see
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    local escaped = 0
    local mode = "__mo" .. trade.symbol:sub(1, 0) .. "de"
    if pcall(setmetatable, {}, { [mode] = "kv" }) then
      escaped = 1
    end
    ctx:metric("escaped", escaped)
  end,
}
