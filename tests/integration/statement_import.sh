#!/usr/bin/env bash
# A statement and a list of runs, made by another program from a seed, come out of the ledger with the
# sums that it worked out, to the last digit, in any order and however often they are imported.
build=$1
source "$(dirname "$0")/shell.bash"
hean=$build/hean
seed=${HEAN_TEST_SEED:-$RANDOM}
echo "seed: HEAN_TEST_SEED=$seed"
/usr/bin/python3 tests/integration/statement_import.py "$work" "$seed" || exit 1

# add_up WHAT FILE...: the sums in FILE are those expected.
add_up() {
  checks=$((checks + 1))
  if /usr/bin/python3 - "$work/expected.json" "$@" <<'PYTHON'
import json, sys
from decimal import Decimal
expected = json.load(open(sys.argv[1]))
what, lines = sys.argv[2], [json.loads(line, parse_float=Decimal, parse_int=Decimal)
                            for line in open(sys.argv[3])]
if what == "wallets":
    found = {(w["uid"], w["currency"]): w for w in lines[0]["wallets"]}
    wanted = {(w.pop("uid"), w.pop("currency")): w for w in expected["wallets"]}
elif what == "balances":
    found = {(line["run"].removeprefix("bybit:"), line["currency"]): line for line in lines}
    wanted = {(w.pop("uid"), w.pop("currency")): w for w in expected["wallets"]}
    for sums in wanted.values():
        del sums["capital"]
else:
    found = {line["process"]: line for line in lines}
    wanted = expected["processes"]
assert found.keys() == wanted.keys(), (found.keys(), wanted.keys())
for key, sums in wanted.items():
    for name, value in sums.items():
        assert found[key][name] == Decimal(value), (key, name, found[key][name], value)
PYTHON
  then
    echo "ok: $1 of $(basename "$2") add up"
  else
    failures=$((failures + 1))
    echo "FAILED: $1 of $2"
  fi
}

import() { "$hean" ledger import "$work/$1.csv" --format bybit-asset-change --store "$2" --json; }

# ---- a statement ----
import first_part "$work/one.db" >"$work/part"
import shuffled "$work/one.db" >"$work/rest"
add_up wallets "$work/rest"
import newest_first "$work/two.db" >"$work/whole"
add_up wallets "$work/whole"
same "two parts that overlap are the whole" \
  "$(($(field "$work/part" posted) + $(field "$work/rest" posted)))" "$(field "$work/whole" posted)"
same "what was there is counted" "$(field "$work/rest" repeated)" "$(field "$work/part" posted)"
import shuffled "$work/two.db" >"$work/again"
same "a second import posts nothing" "$(field "$work/again" posted)" 0
for store in one two; do
  "$hean" ledger balances --store "$work/$store.db" --by run --json >"$work/$store.balances"
  add_up balances "$work/$store.balances"
  expect "$store is as it should be" 0 'all as they should be' "$hean" ledger verify --store "$work/$store.db"
done
expect "a statement with a gap" 1 'without_a_row.csv: line [0-9]+: the wallet of .* had .* before this row, but' \
  "$hean" ledger import "$work/without_a_row.csv" --format bybit-asset-change --store "$work/three.db"
expect "nothing of it was posted" 1 'no store yet' "$hean" ledger balances --store "$work/three.db"

# ---- runs ----
"$hean" process attribute --input "$work/runs.jsonl" --store "$work/runs.db" --json >"$work/attributed"
tail -n 1 "$work/attributed" >"$work/first"
"$hean" process attribute --store "$work/runs.db" --json --input - <"$work/runs.jsonl" | tail -n 1 >"$work/second"
same "runs are posted once" "$(field "$work/second" posted)" 0
same "and are there" "$(field "$work/second" repeated)" "$(field "$work/first" posted)"
"$hean" ledger balances --store "$work/runs.db" --by process --json >"$work/processes"
add_up processes "$work/processes"
expect "other rates are another content" 1 'is there already with another amount' \
  "$hean" process attribute --input "$work/runs.jsonl" --store "$work/runs.db" --apr 0.06

done_testing
