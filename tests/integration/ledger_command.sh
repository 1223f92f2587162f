#!/usr/bin/env bash
# hean ledger: sums, entries, export, verify, backup, as an operator uses them.
build=$1
source "$(dirname "$0")/shell.bash"
hean=$build/hean
store=$work/deep/hean.db

"$build/tests/store_crash_test" make "$store" 0 1000 || exit 1

expect "no store yet" 1 "no store yet" "$hean" ledger balances --store "$work/none.db"
expect "usage" 2 "balances.*" "$hean" ledger
expect "a slip is answered" 2 "did you mean balances" "$hean" ledger balance
expect "balances for people" 0 "currency +pnl +funding" "$hean" ledger balances --store "$store"
expect "an unknown split" 2 "expected some of mode,run" "$hean" ledger balances --store "$store" --by hour
expect "an unknown kind" 2 "expected PNL, FEE" "$hean" ledger balances --store "$store" --kind fees
expect "an unknown mode" 2 "expected backtest" "$hean" ledger balances --store "$store" --mode real
expect "half a day" 2 "a whole day" "$hean" ledger balances --store "$store" --from 2023-11-15T12:00:00Z
expect "show" 0 "exec:49:fee" "$hean" ledger show --store "$store"
expect "show more" 0 "exec:500:pnl" "$hean" ledger show --store "$store" --after 500 --limit 1
expect "verify" 0 "1000 entries, all as they should be" "$hean" ledger verify --store "$store"
expect "a format that is not known" 2 "expected csv or jsonl" "$hean" ledger export --store "$store" --format xml
expect "backup" 0 "1000 entries" "$hean" ledger backup "$work/copy.db" --store "$store"
expect "backup replaces" 0 "1000 entries" "$hean" ledger backup "$work/copy.db" --store "$store"
expect "backup is no overwriting tool" 1 "nor any SQLite file" "$hean" ledger backup "$0" --store "$store"
expect "the copy verifies" 0 "1000 entries" "$hean" ledger verify --store "$work/copy.db"
same "one file" "$(ls "$work"/copy.db*)" "$work/copy.db"

# Sums over the export equal the balances, to the last digit.
"$hean" ledger export --store "$store" >"$work/csv"
"$hean" ledger export --store "$store" --format jsonl >"$work/jsonl"
"$hean" ledger balances --store "$store" --by mode,run,process,strategy,symbol,day --json >"$work/groups"
"$hean" ledger balances --store "$store" --json >"$work/totals"
same "sums agree" "$(/usr/bin/python3 - "$work" <<'PYTHON'
import csv, json, sys
from collections import defaultdict
from decimal import Decimal
work = sys.argv[1]
keys = {"PNL": "pnl", "FEE": "fees", "FUNDING": "funding", "REWARD": "rewards",
        "OPPORTUNITY_COST": "opportunity_cost"}
by = ("mode", "run", "process", "strategy", "symbol", "currency")
def read(name):
    return [json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in open(f"{work}/{name}")]
entries = read("jsonl")
rows = list(csv.DictReader(open(f"{work}/csv")))
assert len(entries) == len(rows) == 1000
for entry, row in zip(entries, rows):
    for key, value in row.items():
        assert str(entry[key]) == value or Decimal(value) == entry[key], (key, value, entry)
groups, totals = defaultdict(lambda: defaultdict(Decimal)), defaultdict(lambda: defaultdict(Decimal))
for entry in entries:
    for into in (groups[tuple(entry[k] for k in by) + (entry["time"][:10],)], totals[entry["currency"]]):
        into[keys[entry["kind"]]] += entry["amount"]
        into["entries"] += 1
        into["estimated"] += entry["basis"] != ""
def same(group, sums):
    for key in list(keys.values()) + ["entries", "estimated"]:
        assert group[key] == sums[key], (group, dict(sums))
    net = sums["pnl"] + sums["funding"] + sums["rewards"] - sums["fees"] - sums["opportunity_cost"]
    assert group["net"] == net and group["profit_illusion"] == (sums["pnl"] > 0 and net < 0)
for group in read("groups"):
    same(group, groups.pop(tuple(group[k] for k in by) + (group["day"],)))
for group in read("totals"):
    same(group, totals.pop(group["currency"]))
assert not groups and not totals
print("yes")
PYTHON
)" yes

# The filters take what they say.
"$hean" ledger export --store "$store" --format jsonl --run run-3 --kind FEE --from 2023-11-15 --to 2023-11-17 >"$work/some"
same "filters" "$(grep -cE '"run":"run-3".*"kind":"FEE"' "$work/some")" "$(wc -l <"$work/some")"
same "filters take all" "$(wc -l <"$work/some")" \
  "$(grep -cE '"time":"2023-11-1[56].*"run":"run-3".*"kind":"FEE"' "$work/jsonl")"

# A changed entry: exit code 4, and its number.
sqlite3 "$work/copy.db" "DROP TRIGGER entry_never_UPDATE; UPDATE entry SET amount_e8 = amount_e8 + 1 WHERE sequence = 77;
  CREATE TRIGGER entry_never_UPDATE BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'the rows of entry never change'); END;"
expect "a changed entry is found" 4 "entry 77 \(exec:76:pnl\)" "$hean" ledger verify --store "$work/copy.db"
expect "and told in JSON" 4 '"ok":false,"status":"HEAN_E_INVARIANT"' "$hean" ledger verify --store "$work/copy.db" --json
# A store on a disk that is read-only as a whole can be read.
mkdir "$work/fixed" && "$hean" ledger backup "$work/fixed/hean.db" --store "$store" >/dev/null && chmod -R a-w "$work/fixed"
expect "a store in a folder that is read-only" 0 "1000 entries" "$hean" ledger verify --store "$work/fixed/hean.db"
chmod -R u+w "$work/fixed"

done_testing
