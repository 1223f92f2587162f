-- expect: error
-- attack: gives the host a C function as its callback
return { name = "attack", subscribe = { trades = true }, on_trade = coroutine.yield }
