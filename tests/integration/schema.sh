#!/usr/bin/env bash
# The JSON that the commands print has the shape that spec/schema promises.
build=$1
source "$(dirname "$0")/shell.bash"
hean=$build/hean

# conforms SCHEMA FILE: one JSON value per line, at least one, nothing else.
conforms() {
  checks=$((checks + 1))
  if /usr/bin/python3 - "spec/schema/$1.json" "$2" <<'PYTHON'
import json, sys
import jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
def refuse(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError(f"a key stands twice: {names}")
    return dict(pairs)
lines = open(sys.argv[2]).read().splitlines()
if not lines:
    sys.exit("nothing was printed")
for line in lines:
    value = json.loads(line, object_pairs_hook=refuse)
    jsonschema.validate(value, schema)
PYTHON
  then
    echo "ok: $1 conforms"
  else
    failures=$((failures + 1))
    echo "FAILED: $1: $(head -c 1000 "$2")"
  fi
}

# The check itself can fail.
echo '{"hean": 1}' >"$work/wrong"
(conforms version "$work/wrong") >/dev/null 2>&1 && true
checks=$((checks + 1))
if (failures=0; conforms version "$work/wrong" >/dev/null 2>&1; [ "$failures" -eq 1 ]); then
  echo "ok: a wrong shape is noticed"
else
  failures=$((failures + 1))
  echo "FAILED: a wrong shape passes"
fi

"$hean" version --json >"$work/version"
conforms version "$work/version"
"$hean" doctor --json >"$work/doctor"
conforms doctor "$work/doctor"
env BYBIT_API_KEY=k BYBIT_API_SECRET=s "$hean" order cancel --symbol S --client-id c --dry-run --json >"$work/order"
conforms order_request "$work/order"
"$hean" backtest strategies/market_maker.lua --data sim:1,hours=0.05 --store "$work/hean.db" \
  --json >"$work/backtest" 2>"$work/err"
conforms backtest "$work/backtest"
echo 'return { name = "stopped", on_start = function() error("x") end }' >"$work/stopped.lua"
"$hean" backtest "$work/stopped.lua" --data sim:1,hours=0.01 --json >"$work/stopped" 2>"$work/err"
conforms backtest "$work/stopped"
"$hean" strategy check strategies/hello.lua --json >"$work/check"
conforms strategy_check "$work/check"
echo 'return {' >"$work/broken.lua"
"$hean" strategy check "$work/broken.lua" --json >"$work/check" 2>"$work/err"
conforms strategy_check "$work/check"
"$hean" data import sim:1,hours=0.02 --output "$work/sim.hean" --json >"$work/import" 2>"$work/err"
conforms data_import "$work/import"
"$hean" data info "$work/sim.hean" --json >"$work/info"
conforms data_info "$work/info"
"$hean" data check "$work/sim.hean" --json >"$work/datacheck" 2>"$work/err"
conforms data_check "$work/datacheck"
(cd "$work" && "$(realpath "$OLDPWD/$hean" 2>/dev/null || echo "$hean")" run --duration 3s --json >"$work/run" 2>"$work/err")
conforms run_status "$work/run"

echo '{"entry":{"process_id":"a","state":"NEW"},"runs":[{"run_id":"r1","process_id":"a","started_at":"2026-01-01T00:00:00Z","status":"COMPLETED","capital_allocated_usd":100,"metrics":{"capital_delta":1,"roi":0.01}}]}' >"$work/processes"
"$hean" process select --policy original --input "$work/processes" --now 2026-01-02 --json >"$work/select"
conforms process_select "$work/select"
printf '%s\n' '{"run_id":"r1","process_id":"a","status":"COMPLETED","capital_allocated_usd":100,"metrics":{"capital_delta":1,"time_hours":2.5}}' \
  '{"run_id":"r2","process_id":"a","status":"RUNNING"}' >"$work/runs"
"$hean" process attribute --input "$work/runs" --json >"$work/attribute"
conforms process_attribute "$work/attribute"
"$hean" process select --input "$work/processes" --now 2026-01-02 --json >"$work/select"
conforms process_select "$work/select"

"$hean" sweep strategies/impulse.lua --data sim:1,hours=0.02 --grid lookback=10,2000 --store "$work/sweep.db" \
  --json >"$work/sweep" 2>"$work/err"
conforms sweep "$work/sweep"
# The daily round, in a store of its own.
cat >"$work/maker.json" <<'JSON'
{"id":"maker","name":"Maker","description":"Quotes.","type":"TRADING",
 "actions":[{"step_id":"go","kind":"COMPUTE","params":{"function":"trade",
   "strategy":"builtin:market_maker","data":["sim:{day},hours=0.05"]}}],
 "measurement":{"metrics":["capital_delta"]},
 "kill_conditions":[{"metric":"fail_rate","threshold":0.9}]}
JSON
round() { # SCHEMA COMMAND...
  local schema=$1
  shift
  "$hean" process "$@" --store "$work/round.db" --json >"$work/round" 2>"$work/err"
  conforms "$schema" "$work/round"
}
round process_list list
round process_scan scan
round process_list add "$work/maker.json"
round process_list approve maker
round process_plan plan
round process_run run
round process_run run
round process_task tasks
round process_task done 1
round process_select decide
round process_list show maker
round process_list disable maker
round process_evaluate evaluate
round process_report report --out "$work/reports"

"$build/tests/store_crash_test" make "$work/hean.db" 0 100
"$hean" ledger balances --store "$work/hean.db" --json >"$work/sums"
conforms ledger_balances "$work/sums"
"$hean" ledger balances --store "$work/hean.db" --by mode,run,process,strategy,symbol,day --json >"$work/sums"
conforms ledger_balances "$work/sums"
"$hean" ledger show --store "$work/hean.db" --limit 0 --json >"$work/entries"
conforms ledger_entry "$work/entries"
"$hean" ledger verify --store "$work/hean.db" --run run-1 --json >"$work/verify"
conforms ledger_verify "$work/verify"
"$hean" ledger verify --store "$work/none.db" --json >"$work/verify" 2>"$work/err"
conforms ledger_verify "$work/verify"
"$hean" ledger import tests/fuzz/corpus/fuzz_statement/newest_first --format bybit-asset-change --store "$work/hean.db" --json >"$work/imported"
conforms ledger_import "$work/imported"
"$hean" ledger backup "$work/copy.db" --store "$work/hean.db" --json >"$work/copied"
conforms ledger_backup "$work/copied"

done_testing
