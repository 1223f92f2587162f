#!/usr/bin/env bash
# What a backtest and a session say of money is what the ledger says, to the last digit; the same
# backtest twice is recorded once.
build=$1
source "$(dirname "$0")/shell.bash"
hean=$(realpath "$build/hean")
store=$work/hean.db
# compare A B: two JSON files, numbers as their texts.
equal() {
  /usr/bin/python3 - "$1" "$2" <<'PYTHON'
import json, sys
def read(path):
    return json.load(open(path), parse_float=str, parse_int=str)
a, b = read(sys.argv[1]), read(sys.argv[2])
a = a["ledger"][0] if "ledger" in a else a
print("equal" if all(a[k] == b[k] for k in ("currency", "pnl", "funding", "rewards", "fees",
      "opportunity_cost", "net", "entries", "profit_illusion")) else f"{a} is not {b}")
PYTHON
}

"$hean" backtest strategies/market_maker.lua --data sim:5,hours=0.2,funding=60s --store "$store" \
  --quiet --json >"$work/first" 2>"$work/err"
run=$(field "$work/first" run)
same "a backtest is recorded" "$(field "$work/first" recorded)" True
"$hean" ledger balances --store "$store" --run "$run" --json >"$work/balances"
same "its totals are the ledger's" "$(equal "$work/first" "$work/balances")" equal
expect "its hash is that of its entries" 0 "$(field "$work/first" ledger_hash)" \
  "$hean" ledger verify --store "$store" --run "$run"
"$hean" backtest strategies/market_maker.lua --data sim:5,hours=0.2,funding=60s --store "$store" \
  --quiet --json >"$work/second" 2>"$work/err"
same "the same again is the same run" "$(field "$work/second" run)" "$run"
"$hean" ledger balances --store "$store" --run "$run" --json >"$work/again"
same "and posts nothing" "$(cat "$work/again")" "$(cat "$work/balances")"
"$hean" backtest strategies/market_maker.lua --data sim:5,hours=0.2,funding=60s --no-store \
  --quiet --json >"$work/third" 2>"$work/err"
same "without a store it has the same hash" "$(field "$work/third" ledger_hash)" \
  "$(field "$work/first" ledger_hash)"
same "and is not recorded" "$(field "$work/third" recorded)" False

cat >"$work/hean.lua" <<LUA
return { venue = { source = "sim", speed = 50 }, state_dir = "$work/state",
  strategies = { { file = "$PWD/strategies/market_maker.lua" } } }
LUA
session=$work/session.db
expect "a session on a market in the process" 0 'market_maker' "$hean" run --config "$work/hean.lua" \
  --duration 3s --store "$session" --metrics-listen 127.0.0.1:0
expect "posts to a ledger that holds" 0 'all as they should be' "$hean" ledger verify --store "$session"
"$hean" ledger balances --store "$session" --json >"$work/balances"
for pair in pnl:hean_realized_pnl fees:hean_fees opportunity_cost:hean_opp_cost net:hean_net_pnl; do
  same "its last ${pair#*:} is the ledger's" \
    "$(sed -n "s/^${pair#*:} //p" "$work/metrics.prom")" \
    "$(sed -E "s/.*\"${pair%%:*}\":(-?[0-9.]+).*/\1/" "$work/balances")"
done
done_testing
