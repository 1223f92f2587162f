-- expect: harmless
-- attack: log lines with control bytes, escape sequences, and a megabyte of text
return {
  name = "attack",
  subscribe = { trades = true },
  on_trade = function(ctx, trade)
    ctx:metric("escaped", 0)
    ctx:log("\27[2J\27]0;owned\7 \0 \r\n fake: line\127")
    ctx:log(("x"):rep(1e6))
    ctx:log("%s%n%x", nil, true, {}, print)
    print("\8\8\8", ("\n"):rep(1000))
    pcall(function() ctx:log_level("panic", "x") end)
  end,
}
