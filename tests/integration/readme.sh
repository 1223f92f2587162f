#!/usr/bin/env bash
# What the README tells a newcomer works as it is written: its strategy, and the commands around it.
build=$1
source "$(dirname "$0")/shell.bash"
hean=$(realpath "$build/hean")

sed -n '/^```lua$/,/^```$/p' README.md | sed '1d;$d' >"$work/reversal.lua"
expect "the README's strategy is fine" 0 'reversal is fine' "$hean" strategy check "$work/reversal.lua"
"$hean" backtest "$work/reversal.lua" --data sim:42,hours=1 \
  --store "$work/hean.db" --json >"$work/result" 2>"$work/err"
same "and trades" "$([ "$(field "$work/result" fills)" -gt 0 ] && echo yes)" yes

expect "a new strategy is written" 0 'strategies/mine.lua' bash -c "cd '$work' && '$hean' strategy new mine"
expect "never over another" 1 'mine.lua' bash -c "cd '$work' && '$hean' strategy new mine"
expect "with a good name only" 2 'name' "$hean" strategy new ../mine
expect "and is fine" 0 'mine is fine' "$hean" strategy check "$work/strategies/mine.lua"
expect "and its spec passes" 0 '[1-9][0-9]* success.* 0 failure.* 0 error' bash -c "
  mkdir '$work/lua' && cp -r lua/hean '$work/lua/' && cp .busted '$work/' && cd '$work' &&
  luajit \"\$(command -v busted)\""
expect "and trades" 0 'net PnL' "$hean" backtest "$work/strategies/mine.lua" --data sim:42,hours=1 \
  --store "$work/hean.db"
expect "data are imported" 0 '' "$hean" data import sim:42,hours=0.1 --output "$work/sim.hean"
expect "with latency and a queue model" 0 '"orders_hash":"[0-9a-f]{64}"' "$hean" backtest \
  strategies/market_maker.lua --data "$work/sim.hean" --latency-ms 5 --queue prob --no-store --json
for path in $(grep -oE '\]\([A-Za-z.][^)]*\)' README.md | tr -d '()]'); do
  same "$path is there" "$([ -e "$path" ] && echo yes)" yes
done

done_testing
