-- expect: error
-- attack: an error object whose __tostring never ends
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    error(setmetatable({}, { __tostring = function()
      while true do end
    end }))
  end,
}
