#!/usr/bin/env bash
# A live session on a venue behind sockets: killed, cut, throttled and restarted, it ends with host,
# venue and ledger in agreement to the last digit, and its keys are nowhere to be found.
build=$1
source "$(dirname "$0")/shell.bash"
hean=$PWD/$build/hean
[ "${build#/}" = "$build" ] || hean=$build/hean
repository=$PWD
export BYBIT_API_KEY=SessionKey0001 BYBIT_API_SECRET=SessionSecret-Zz9Yy8Xx7 LIVE_CONFIRM=YES
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" # nobody may look into it, K3
unset DRY_RUN http_proxy HTTP_PROXY
cd "$work" || exit 1

# ---- a venue, and a session on it ----
mkfifo hold
"$hean" exchange-sim --json --until-eof --market sim:7,instruments=2 <hold >sim.json 2>sim.err &
sim=$!
exec 9>hold # its end is the venue's
for _ in $(seq 100); do [ -s sim.json ] && break; sleep 0.1; done
rest=$(field sim.json rest)
cat >hean.lua <<LUA
return { mode = "live", status_interval_s = 1,
  venue = { source = "bybit", symbols = { "SIMUSDT" }, rest_url = "$rest",
            public_url = "$(field sim.json public)", private_url = "$(field sim.json private)" },
  strategies = { { file = "$repository/strategies/market_maker.lua" } } }
LUA
session=0 # of the one that runs
start() {
  session=$((session + 1))
  "$hean" run --config hean.lua --live "$@" >"run$session.out" 2>"run$session.err" &
  host=$!
}
wait_for() { # PATTERN: at most 30 s
  for _ in $(seq 300); do grep -q "$1" "run$session.err" "run$session.out" && return 0; sleep 0.1; done
  return 1
}
fills() { tail -1 "run$session.out" | grep -o 'fills [0-9]*' | cut -d' ' -f2; }
wait_for_fills() { # N: at most 60 s; the market decides when
  for _ in $(seq 600); do [ "$(fills)" ] && [ "$(fills)" -ge "$1" ] && return 0; sleep 0.1; done
  return 1
}
check() { # NAME COMMAND...
  checks=$((checks + 1))
  if "${@:2}"; then echo "ok: $1"; else failures=$((failures + 1)); echo "FAILED: $1"; tail -5 "run$session.err"; fi
}
faults() { curl -sf --noproxy '*' -X POST -d "$1" "$rest/sim/faults" >/dev/null; }

# ---- by hand, before the session ----
expect "the doctor finds the venue fit" 0 'they may trade, not withdraw' "$hean" doctor --venue --config hean.lua
expect "the doctor finds wrong keys" 1 'fail +keys +10003' env BYBIT_API_KEY=wrong "$hean" doctor --venue --config hean.lua
by_hand="--symbol SIMUSDT --config hean.lua --live --json --client-id by-hand-1"
expect "an order by hand" 0 '"outcome":"accepted"' "$hean" order place --side buy --qty 0.5 --price 700 $by_hand
expect "the same name makes no second one" 0 'duplicate' "$hean" order place --side buy --qty 0.5 --price 700 $by_hand
expect "it is listed" 0 '"client_id":"by-hand-1".*"status":"open","price":700,' "$hean" order list --config hean.lua --json
expect "it is amended" 0 '"outcome":"accepted"' "$hean" order amend --price 701 $by_hand
expect "a price off the tick is refused" 1 '"outcome":"refused"' "$hean" order amend --price 701.123 $by_hand

# ---- keys are nowhere ----
start
check "the session is ready" wait_for "venue: ready"
check "it trades" wait_for_fills 1
check "the foreign order is shown" grep -q 'is not ours and is left alone' run1.err
worker=$(pgrep -P "$host" hean-worker)
same "the worker has an empty environment" "$(wc -c <"/proc/$worker/environ")" 0
checks=$((checks + 1))
if tr '\0' '\n' <"/proc/$host/environ" 2>/dev/null | grep -q 'Session[KS]'; then
  failures=$((failures + 1)); echo "FAILED: the keys stand in the host's environment"
fi

# ---- killed three times, while orders are open ----
for n in 1 2 3; do
  kill -9 "$host"
  wait "$host" 2>/dev/null
  start
  check "restart $n: ready again" wait_for "venue: ready"
  check "restart $n: trades again" wait_for_fills 1
done

# ---- faults, then the connections cut while all of it goes on ----
faults '{"http_429":0.05,"rate_10006":0.05,"http_5xx":0.05,"accepted_no_answer":0.1,"refused_no_answer":0.05,"cut_answer":0.05,"garbage_answer":0.05,"duplicate_frame":0.05,"reordered_frame":0.02,"lost_frame":0.02,"late_execution":0.2,"drop_connection":0.01}'
sleep 8
check "it lives under faults" kill -0 "$host"
faults '{"reset":true}'
sleep 3
check "it trades on afterwards" wait_for_fills 2
kill -TERM "$host"
wait "$host"
same "it ends well" "$?" 0

# ---- agreement ----
start --duration 3s # what the last one may have left is settled here
wait "$host"
same "the last session ends well" "$?" 0
"$hean" order list --config hean.lua --json >orders 2>/dev/null
same "no order is left at the venue but the foreign one" "$(grep -o '"client_id":"[^"]*"' orders)" '"client_id":"by-hand-1"'
expect "the foreign one is cancelled by hand" 0 '"outcome":"accepted"' "$hean" order cancel $by_hand
"$hean" order positions --config hean.lua --json >positions 2>/dev/null
"$hean" order balance --config hean.lua --json >balance
"$hean" ledger balances --json >ledger
expect "the ledger verifies itself" 0 'as they should be' "$hean" ledger verify
checks=$((checks + 1))
if /usr/bin/python3 - <<'PYTHON'
import json, sqlite3
from decimal import Decimal
def rows(name):
    return [json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in open(name)]
held = sqlite3.connect("var/hean.db").execute("SELECT qty_lots, cost_e8, realized_e8, fees_e8, funding_e8, lot FROM holding").fetchall()
assert len(held) == 1, held
qty, cost, realized, fees, funding, lot = held[0]
venue = sum((row["qty"] for row in rows("positions")), Decimal(0))
assert venue == qty * Decimal(lot), (venue, qty, lot)
wallet = [row["wallet"] for row in rows("balance") if row["coin"] == "USDT"][0]
change = Decimal(realized - fees + funding) / 10**8
# How much was realized and what the rest cost depend on the order of executions, which late frames
# change; their difference, the money that flowed, does not.
value = sum((row["value"] * (1 if row["qty"] > 0 else -1) for row in rows("positions")), Decimal(0))
paid = Decimal(cost if qty > 0 else -cost) / 10**8
assert wallet - value == 100000 + change - paid, (wallet, value, change, paid)
if wallet != 100000 + change:
    print(f"ok: executions came in another order: {wallet - 100000 - change} more realized there")
ledger = [row for row in rows("ledger") if row["currency"] == "USDT"]
sums = {name: sum(row[name] for row in ledger) for name in ("pnl", "fees", "funding")}
assert sums["pnl"] == Decimal(realized) / 10**8 and sums["fees"] == Decimal(fees) / 10**8, (sums, held)
assert sums["funding"] == Decimal(funding) / 10**8, (sums, held)
print(f"ok: position {venue}, wallet {wallet}, {len(ledger)} group(s) agree")
PYTHON
then :; else failures=$((failures + 1)); echo "FAILED: host, venue and ledger disagree"; fi
checks=$((checks + 1))
if grep -l 'SessionSecret' run*.out run*.err sim.err var/* orders positions balance 2>/dev/null; then
  failures=$((failures + 1)); echo "FAILED: the secret was written somewhere"
fi
exec 9>&-
wait "$sim"
done_testing
