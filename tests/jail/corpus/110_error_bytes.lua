-- expect: error fake
-- attack: an error message of control bytes and format characters
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    error("\27[2J%s%n%s\r\nfake: on_trade ok", 0)
  end,
}
