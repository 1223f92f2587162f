-- expect: error dead coroutine
-- attack: a callback that can run only once
return { name = "attack", subscribe = { trades = true }, on_trade = coroutine.wrap(function() end) }
