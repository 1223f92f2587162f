#!/usr/bin/env bash
# hean data check | import | info: what they print, what they leave behind, how they end.
build=$1
source "$(dirname "$0")/shell.bash"
hean=$build/hean

header='exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount'
{
  echo "$header"
  echo "venue,ABCUSDT,1723161256000000,1723161256000500,true,bid,10.5,3"
  echo "venue,ABCUSDT,1723161256000000,1723161256000500,true,ask,10.6,4"
  echo "venue,ABCUSDT,1723161256100000,1723161256100500,false,bid,10.4,2"
} >"$work/book.csv"
(cat "$work/book.csv"; echo "venue,ABCUSDT,1723161256200000,1723161256200500,false,bid,ten,2") >"$work/bad.csv"

# ---- usage ----
expect "no subcommand" 2 'check\|import\|info' "$hean" data
expect "an unknown subcommand" 2 'unknown subcommand chek' "$hean" data chek
expect "help" 0 'usage: hean data import' "$hean" data import --help
expect "no path" 2 'PATH' "$hean" data check
expect "import without output" 2 'output is missing' "$hean" data import "$work/book.csv"
expect "check takes no output" 2 'unknown option' "$hean" data check "$work/book.csv" --output x

# ---- check ----
expect "check shows the book" 0 'last best bid +10.5  size 3, 2 levels' "$hean" data check "$work/book.csv"
expect "check shows the tick that was found" 0 'ABCUSDT: linear, tick 0.1, lot 1' "$hean" data check "$work/book.csv"
expect "a bad row is shown" 0 'line 5: price "ten": expected a number' "$hean" data check "$work/bad.csv"
expect "a bad row fails a strict check, after the report" 1 'line 5: price "ten"' "$hean" data check "$work/bad.csv" --strict
"$hean" data check "$work/bad.csv" --json >"$work/check.json"
same "rows" "$(field "$work/check.json" rows)" 4
same "bad rows" "$(field "$work/check.json" bad_rows)" 1
same "the bad row's line" "$(field "$work/check.json" files.0.bad.0.line)" 5
same "best ask" "$(field "$work/check.json" instruments.0.best_ask.price)" 10.6
same "one object on stdout" "$(wc -l <"$work/check.json")" 1
expect "a folder" 0 'bad.csv: tardis incremental_book_L2' "$hean" data check "$work"

# ---- import ----
expect "import" 0 'sha256 +[0-9a-f]{64}' "$hean" data import "$work/book.csv" --output "$work/book.hean"
expect "the file is verified" 0 'verified' "$hean" data info "$work/book.hean" --verify
"$hean" data info "$work/book.hean" --json >"$work/info.json"
"$hean" data import "$work/book.csv" --output "$work/again.hean" --json >"$work/import.json"
same "the same data have the same hash" "$(field "$work/info.json" sha256)" "$(field "$work/import.json" sha256)"
same "events" "$(field "$work/info.json" events)" 3
same "nothing is left beside the output" "$(find "$work" -name '*.tmp')$(echo none)" none
before=$(sha256sum <"$work/book.hean")
expect "a strict import ends at a bad row" 1 'bad.csv:5: price' "$hean" data import "$work/bad.csv" --output "$work/book.hean" --strict
same "a failed import leaves the old file alone" "$(sha256sum <"$work/book.hean")" "$before"
same "and nothing else" "$(find "$work" -name '*.tmp')$(echo none)" none
expect "an import over itself" 0 'sha256' "$hean" data import "$work/book.hean" --output "$work/book.hean"
same "changes nothing" "$(sha256sum <"$work/book.hean")" "$before"
expect "from a pipe's end" 1 'not a regular file' "$hean" data check /dev/null
expect "info of what is no data file" 1 'book.csv' "$hean" data info "$work/book.csv"
expect "info of nothing" 1 'nothere' "$hean" data info "$work/nothere"
"$hean" data check "$work/book.csv" --from 2024-08-08T23:54:16.050Z --json >"$work/cut.json"
same "a cut begins with the book at its time" "$(field "$work/cut.json" first_local_ns)" 1723161256050000000
expect "an output in a folder that is not there" 1 'nowhere' "$hean" data import "$work/book.csv" --output "$work/nowhere/x.hean"
expect "an output that is a folder" 1 "$work" "$hean" data import "$work/book.csv" --output "$work"

# ---- the simulator, and a signal ----
expect "sim" 0 'SIMUSDT: linear' "$hean" data import sim:42,hours=0.01 --output "$work/sim.hean"
"$hean" data import sim:42,hours=100000 --output "$work/long.hean" >"$work/out" 2>"$work/err" &
pid=$!
for _ in $(seq 100); do compgen -G "$work/long.hean.*.tmp" >/dev/null && break; sleep 0.05; done
kill -TERM "$pid"
wait "$pid"
same "a signal ends an import" "$?" 1
same "with its reason" "$(cat "$work/err")" "hean: sim:42,hours=100000: stopped"
same "and nothing is left" "$(find "$work" -name 'long*')$(echo none)" none

done_testing
