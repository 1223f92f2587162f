#!/usr/bin/env bash
# The operator's daily round on the simulated venue, from an empty folder: once, twice a day, late,
# killed in the middle, and by two at once.
build=$1
source "$(dirname "$0")/shell.bash"
hean=$(realpath "$build/hean")
cp strategies/impulse.lua "$work"
cd "$work" || exit 1
left=$((86400 - $(date -u +%s) % 86400))
[ "$left" -gt 180 ] || sleep "$left" # all of it happens on one day
today=$(date -u +%F)
process() { "$hean" process "$@" 2>>"$work/log"; }

# rows JSONL-FILE EXPRESSION: a Python expression over `rows`, with exact numbers.
rows() {
  /usr/bin/python3 - "$1" "$2" <<'PYTHON'
import json, sys
from decimal import Decimal
rows = [json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in open(sys.argv[1])]
print(eval(sys.argv[2]))
PYTHON
}
sql() { /usr/bin/python3 -c 'import sqlite3, sys; print(sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True).execute(sys.argv[2]).fetchone()[0])' "$@"; }

# ---- definitions ----
cat >churn.lua <<'LUA'
-- Pays the spread and the fee at every trade.
local s, long = { name = "churn", subscribe = { trades = true } }, false
function s.on_start() end
function s.on_trade(ctx)
  long = not long
  local order = { symbol = ctx.symbols[1], qty = 0.2, type = "market" }
  if long then ctx:buy(order) else ctx:sell(order) end
end
return s
LUA
echo 'return { name = "broken", on_start = function() error("boom") end }' >broken.lua
trading() { # ID STRATEGY MORE SEED
  cat <<LUA
return { id = "$1", name = "$1", description = "A test.", type = "TRADING",
  actions = { { step_id = "go", kind = "COMPUTE", params = { ["function"] = "trade",
    strategy = "$2", data = { "sim:${4:-11},hours=0.1" } $3 } } },
  safety = { max_capital_usd = 500 },
  measurement = { metrics = { "capital_delta" } },
  kill_conditions = { { metric = "pnl_sum", threshold = -1, comparison = "<", window_runs = 1 } } }
LUA
}
cat >holder.lua <<'LUA'
-- Buys with a hundred times its capital, and holds.
local s = { name = "holder", subscribe = { trades = true } }
function s.on_start(ctx) ctx:after(1000, "go") end
function s.on_timer(ctx) ctx:buy { symbol = ctx.symbols[1], qty = 5, type = "market" } end
function s.on_trade() end
return s
LUA
trading churn churn.lua ', loss_limit = 0.01' >churn_process.lua
trading free churn.lua '' >free_process.lua
trading reckless churn.lua ', loss_limit = 0.5' >reckless_process.lua
trading broken broken.lua '' >broken_process.lua
trading holder holder.lua ', loss_limit = 0.02' >holder_process.lua
trading maker builtin:market_maker '' '{day}' >maker_process.lua
cat >slow.json <<'JSON'
{"id":"slow_one","name":"Slow","description":"Waits <b>&\"here\"</b> | _and_.","type":"OTHER",
 "actions":[{"step_id":"first","kind":"COMPUTE","params":{"function":"campaign_checklist"}},
            {"step_id":"pause","kind":"WAIT","params":{"seconds":5},"depends_on":["first"]}],
 "measurement":{"metrics":["items"]},
 "kill_conditions":[{"metric":"fail_rate","threshold":0.9,"comparison":">"}]}
JSON
sed 's/"depends_on":\["first"\]/"depends_on":["last"]/' slow.json >bad.json
sed 's/"kill_conditions".*/"kill_conditions":[]}/' slow.json >no_kill.json

# ---- before there is anything ----
expect "a fresh folder has the built-in processes" 0 'capital_parking +NEW +yes' "$hean" process list
expect "no snapshot: says what to do" 1 'no snapshot yet: hean process scan' "$hean" process run funding_monitor
expect "an unknown process" 1 'there is no process nothing' "$hean" process run nothing
expect "an unknown process to show" 1 'there is no process nothing' "$hean" process show nothing
expect "an unknown task" 1 'no such task' "$hean" process done 99
expect "a task that is no number" 1 'expected the number of a task' "$hean" process done first
expect "an unknown dependency, by code and path" 1 'unknown_dependency at \$.actions\[1\].depends_on\[0\]' "$hean" process add bad.json
expect "no kill conditions" 1 'no_kill_conditions at \$.kill_conditions' "$hean" process add no_kill.json
expect "too few days" 1 '1 to 3660' "$hean" process evaluate --days 0

# ---- the round ----
expect "scan" 0 'campaigns +UNKNOWN' "$hean" process scan
expect "add shows what waits" 0 'churn +NEW +no' "$hean" process add churn_process.lua free_process.lua reckless_process.lua broken_process.lua holder_process.lua maker_process.lua slow.json
expect "the same id again" 1 'churn exists already' "$hean" process add churn_process.lua
expect "nothing that is not approved runs" 3 'churn is not approved: hean process approve churn' "$hean" process run churn
expect "approve" 0 'churn +NEW +yes' "$hean" process approve churn free reckless broken maker holder
process plan --capital 10000.00000001 --json >plan
same "the plan's parts are all of it" "$(rows plan 'rows[0]["reserve"] + rows[0]["active"] + rows[0]["experimental"] == Decimal("10000.00000001")')" True
process run --json >first
same "every process that may run did" "$(rows first 'len(rows), sorted(set(r["status"] for r in rows))')" "(12, ['COMPLETED', 'FAILED', 'PENDING'])"
same "never more capital than the definition's limit" "$(rows first 'all(r["capital_allocated_usd"] <= 500 for r in rows if r["process_id"] in ("churn", "free", "maker"))')" True
process run churn --capital 100000 --now "$today" --force --json >limited
same "nor by asking for it" "$(rows limited 'rows[0]["capital_allocated_usd"]')" 500
process run --json >second
same "twice a day makes no second run" "$(rows second 'len(rows), all(r["repeated"] for r in rows)')" "(12, True)"
same "and the same results" "$(rows first '[(r["run_id"], r["metrics"].get("net_usd")) for r in rows]')" "$(rows second '[(r["run_id"], r["metrics"].get("net_usd")) for r in rows]')"
same "a strategy that fails gives a failed run" "$(rows first '[r["status"] for r in rows if r["process_id"] == "broken"][0]')" FAILED
same "a limit over 0.25 is refused" "$(rows first '["0.25" in r["error"] for r in rows if r["process_id"] == "reckless"][0]')" True
same "the risk gate keeps the declared limit" "$(rows first '[-r["metrics"]["roi"] < Decimal("0.01") and r["metrics"]["roi"] < Decimal("-0.003") for r in rows if r["process_id"] == "churn"][0]')" True
same "which the same strategy breaks without" "$(rows first '[-r["metrics"]["roi"] > Decimal("0.01") for r in rows if r["process_id"] == "free"][0]')" True
same "also of what is held: the run ends there" "$(rows first '[Decimal("0.016") <= r["metrics"]["drawdown"] < Decimal("0.04") and -r["metrics"]["roi"] < Decimal("0.04") for r in rows if r["process_id"] == "holder"][0]')" True
same "empty lists are lists" "$(rows first '[r["outputs"]["steps"]["judge"]["output"]["opportunities"] for r in rows if r["process_id"] == "funding_monitor"][0]')" '[]'

# ---- the ledger and the trials ----
for id in churn free maker holder; do
  "$hean" ledger balances --run "$id.$today" --json >sums
  same "what $id reports is its ledger's" "$(rows first "[r['metrics']['net_usd'] for r in rows if r['process_id'] == '$id'][0]")" "$(rows sums 'rows[0]["net"]')"
done
same "each variant is a trial" "$(sql var/hean.db 'SELECT count(*) FROM trial')" 3
"$hean" backtest churn.lua --data sim:7,hours=0.05 --json >/dev/null 2>>log
"$hean" backtest churn.lua --data sim:7,hours=0.05 --json >/dev/null 2>>log
same "a backtest is another, once" "$(sql var/hean.db 'SELECT count(*) FROM trial')" 4
"$hean" backtest churn.lua --data sim:7,hours=0.05 --json --no-store >/dev/null 2>>log
same "what is not recorded is not counted" "$(sql var/hean.db 'SELECT count(*) FROM trial')" 4

sweep() { "$hean" sweep impulse.lua --data sim:7,hours=0.05 --json "$@" 2>>log; }
sweep --grid lookback=10,20 enter=1.5,2 >points
same "each point of a sweep is one" "$(rows points 'len(rows), len(set(r["trial"] for r in rows))') $(sql var/hean.db 'SELECT count(*) FROM trial')" "(4, 4) 8"
sweep --grid enter=2,1.5 lookback=20,10 >again
same "and the same points in another order are none" "$(sql var/hean.db 'SELECT count(*) FROM trial')" 8

# ---- tasks, decisions, switches ----
process tasks --json >tasks
same "what waits for a person" "$(rows tasks 'sorted(r["process_id"] for r in rows)')" "['campaign_checklist', 'capital_parking']"
expect "done shows what is left" 0 ' 2 +[a-z_]+ ' "$hean" process done 1 --note "looked"
expect "done twice" 1 'has ended' "$hean" process done 1
waiting=$(rows tasks '[r["process_id"] for r in rows if r["task"] == 1][0]')
process run "$waiting" --json >answered
same "the run goes on with the answer" "$(rows answered 'rows[0]["status"], rows[0]["repeated"]')" "('COMPLETED', True)"
process decide --json >decisions
same "a decision for each" "$(rows decisions 'len(rows)')" 13
same "the policy knows the declared limit" "$(rows decisions '[r["entry"]["loss_limit"] for r in rows if r["process_id"] == "churn"][0]')" 0.01
expect "disable" 0 'maker +[A-Z]+ +no' "$hean" process disable maker
expect "a disabled process does not run" 3 'not approved' "$hean" process run maker
expect "reject" 0 'broken +KILLED +no' "$hean" process reject broken
expect "a killed one neither" 3 'not approved' "$hean" process run broken
expect "nor comes back" 1 'KILLED, which is final' "$hean" process approve broken

# ---- evaluation and report ----
process evaluate --days 7 --json >evaluation
same "a kill condition is met" "$(rows evaluation '[p["recommendation"] for p in rows[0]["processes"] if p["process_id"] == "churn"][0]')" kill
# `broken` was rejected; `holder` lost more than its limit in one step of the price, and was killed.
same "counts" "$(rows evaluation 'rows[0]["counts"]["processes"], rows[0]["counts"]["KILLED"], rows[0]["counts"]["runs"]')" "(Decimal('13'), Decimal('2'), Decimal('13'))"
process report --json >report
cp var/reports/report-"$today".html page.html
"$hean" ledger balances --by mode --json >totals
"$hean" ledger balances --by mode,process --json >parts
same "the report's totals are the ledger's" "$(rows report 'rows[0]["totals"]')" "$(rows totals rows)"
same "and its contributions" "$(rows report 'rows[0]["contributions"]')" "$(rows parts rows)"
same "its equity ends at the runs' net" "$(rows report 'rows[0]["equity"][0]["points"][-1]["equity"] == sum(p["net"] for p in rows[0]["equity"][0]["points"])')" True
net=$(rows totals 'format(rows[0]["net"], "f")')
same "every digit stands in Markdown and HTML" "$(grep -cF -- "$net" var/reports/report-"$today".md | grep -v '^0$' >/dev/null && grep -cF -- "$net" page.html | grep -v '^0$' >/dev/null && echo yes)" yes
same "the page asks for nothing outside" "$(grep -cE '(src|href)=|@import|url\(|<script' page.html)" 0
same "nor lets a name in as a tag" "$(grep -c '<b>' page.html)" 0
"$hean" backtest churn.lua --data sim:8,hours=0.05 --json >/dev/null 2>>log
process report --json --out other >again
same "the second report of a day is the first" "$(sha256sum <again)" "$(sha256sum <report)"
same "in all forms" "$(sha256sum <other/report-"$today".html)" "$(sha256sum <page.html)"
process report --json --force >forced
"$hean" ledger balances --by mode --json >totals
same "--force makes it anew" "$(rows forced 'rows[0]["totals"]')" "$(rows totals rows)"

# ---- a snapshot gets old ----
old=$(date -u -d '+30 hours' +%FT%TZ)
"$hean" process scan --now 2026-01-01T12:00:00Z --store old.db >/dev/null
expect "a snapshot of 23 hours is good enough" 0 'COMPLETED' "$hean" process run funding_monitor --now 2026-01-02T11:00:00Z --store old.db
expect "what has run is an answer, however old the snapshot is by now" 0 'COMPLETED +yes' "$hean" process run funding_monitor --now 2026-01-02T13:00:00Z --store old.db
expect "but nothing new runs" 1 'the snapshot is 25\.0 hours old' "$hean" process run execution_optimizer --now 2026-01-02T13:00:00Z --store old.db
expect "a stale snapshot blocks and says its age" 1 'the snapshot is (29|30)\.[0-9] hours old, more than 24' "$hean" process run funding_monitor --now "$old"

# ---- killed in the middle ----
process approve slow_one >/dev/null
"$hean" process run slow_one >/dev/null 2>>log &
pid=$!
for _ in $(seq 100); do
  [ "$(sql var/hean.db "SELECT count(*) FROM run WHERE process = 'slow_one' AND outputs LIKE '%done%'")" = 1 ] && break
  sleep 0.05
done
process run slow_one --json >watched
same "another host sees it at work" "$(rows watched 'rows[0]["status"], rows[0]["repeated"]')" "('RUNNING', True)"
kill -9 "$pid"
wait "$pid" 2>/dev/null
process run slow_one --json >resumed
same "a killed run is taken up again" "$(rows resumed 'rows[0]["status"], rows[0]["repeated"], rows[0]["outputs"]["steps"]["first"]["tries"]')" "('COMPLETED', True, Decimal('1'))"

# ---- two at once ----
for i in $(seq 0 23); do
  hour=$(date -u -d "@$((1893456000 + i * 86400))" +%FT%TZ)
  [ "$i" -gt 0 ] || process scan --now "$hour" >/dev/null
  echo "$hour"
done >days
while read -r day; do
  process scan --now "$day" >/dev/null
  "$hean" process run maker2 --now "$day" --json >"race.a" 2>>log &
  "$hean" process run maker2 --now "$day" --json >"race.b" 2>>log
  wait $!
  cat race.a race.b >>race
done < <(sed 's/id = "maker"/id = "maker2"/' maker_process.lua >maker2.lua; process add maker2.lua >/dev/null; process approve maker2 >/dev/null; head -24 days)
same "48 asked, 24 runs" "$(rows race 'len(rows), len(set(r["run_id"] for r in rows)), sum(r["repeated"] for r in rows)')" "(48, 24, 24)"
same "each once in the store" "$(sql var/hean.db "SELECT count(*) || ' ' || count(DISTINCT daily_key) FROM run WHERE process = 'maker2'")" "24 24"
expect "and the ledger is as it should be" 0 'all as they should be' "$hean" ledger verify
[ -s log ] && { echo "notes:"; head -c 600 log; }
done_testing
