#!/usr/bin/env bash
# Bad input gets a clear error (what, where, what was expected), the documented exit code, and loses
# nothing: never a crash, a hang or a silent skip.
build=$1
source "$(dirname "$0")/shell.bash"
hean=$build/hean
strategy=strategies/hello.lua

trades='exchange,symbol,timestamp,local_timestamp,id,side,price,amount'
row() { echo "venue,ABCUSDT,$1,$2,1,buy,$3,$4"; }
good() { for i in $(seq 1 20); do row "$((1723161256000000 + i * 1000))" "$((1723161256000500 + i * 1000))" "10.$((i % 10))5" 0.5; done; }

# ---- the command line ----
expect "no command" 2 'usage: hean' "$hean"
expect "unknown command" 2 'did you mean backtest' "$hean" backtset
expect "unknown option" 2 'did you mean --json' "$hean" backtest x --jsn
expect "a number that is none" 2 'expected a decimal number' "$hean" backtest "$strategy" --data sim:1 --capital abc
expect "a number out of range" 2 'expected a number from' "$hean" backtest "$strategy" --data sim:1 --latency-ms -5
expect "no data" 2 'data' "$hean" backtest "$strategy"
expect "no strategy" 2 'missing' "$hean" backtest --data sim:1
expect "a strategy that is not there" 1 'nothere.lua' "$hean" backtest nothere.lua --data sim:1
expect "a bad time" 2 'expected a time' "$hean" backtest "$strategy" --data sim:1 --from yesterday
expect "a bad seed of sim" 1 'sim' "$hean" backtest "$strategy" --data sim:abc
expect "a bad queue model" 2 'risk-averse' "$hean" backtest "$strategy" --data sim:1 --queue fifo
expect "a store that cannot be: the result is shown, the failure said" 1 'not recorded.*--no-store' \
  bash -c "'$hean' backtest strategies/hello.lua --data sim:1,hours=0.01 --store /dev/null/hean.db"
expect "a store that is something else" 1 'not recorded.*README' \
  "$hean" backtest strategies/hello.lua --data sim:1,hours=0.01 --store README.md
expect "a bad --set" 2 'NAME=VALUE' "$hean" backtest "$strategy" --data sim:1 --set lookback

# ---- processes ----
echo '{"entry":{"process_id":"a","state":"NEW"},"runs":[{"run_id":"r1","started_at":"soon","status":"FAILED"}]}' >"$work/processes.jsonl"
expect "no subcommand" 2 'usage: hean process' "$hean" process
expect "an unknown subcommand" 2 'did you mean select' "$hean" process selekt
expect "no input" 2 'missing --input' "$hean" process select
expect "a missing input" 1 'nothere.jsonl' "$hean" process select --input "$work/nothere.jsonl"
expect "an unknown policy" 1 'no policy is called nice' "$hean" process select --input "$work/processes.jsonl" --policy nice
expect "a bad run" 1 'processes.jsonl:1: runs\[0\].started_at: expected an ISO 8601 time, got soon' "$hean" process select --input "$work/processes.jsonl" --policy original
printf '%s\n' '{"run_id":"r1","process_id":"a","status":"COMPLETED","metrics":{"capital_delta":1}}' \
  '{"run_id":"r2","process_id":"a","status":"COMPLETED","metrics":{"capital_delta":"two"}}' \
  '{"run_id":"r3","process_id":"a","status":"COMPLETED","metrics":{"time_hours":-1}}' >"$work/runs.jsonl"
expect "a list of runs that is not there" 1 'nothere.jsonl' "$hean" process attribute --input "$work/nothere.jsonl"
expect "a run with a text for a number" 1 'runs.jsonl:2: metrics.capital_delta: expected a number, got "two"' "$hean" process attribute --input "$work/runs.jsonl"
expect "a run of less than no time" 1 'runs.jsonl:3: metrics.time_hours: expected at least 0' "$hean" process attribute --input "$work/runs.jsonl"
expect "bad runs do not hide the good ones" 1 '"runs":1,.*"bad_lines":2' "$hean" process attribute --input "$work/runs.jsonl" --json
expect "a rate below 0" 2 'a rate is out of range' "$hean" process attribute --input "$work/runs.jsonl" --apr -0.1

# ---- the daily round ----
round() { expect "$1" "$2" "$3" "$hean" process "${@:4}" --store "$work/round.db"; }
round "no definition" 2 'missing' add
round "a definition that is not there" 1 'nothere.lua' add nothere.lua
printf '{"id":"x"' >"$work/cut.json"
round "a definition that was cut" 1 'not_json at' add "$work/cut.json"
printf '{"id":"ab","id":"ab"}' >"$work/twice.json"
round "a key that stands twice" 1 'duplicate_key' add "$work/twice.json"
echo 'while true do end' >"$work/loop.lua"
round "a definition that never ends" 1 'loop.lua: ran longer' add "$work/loop.lua"
echo 'return { id = os.getenv("HOME") }' >"$work/os.lua"
round "a definition that looks around" 1 "os.lua:1: .*'os'" add "$work/os.lua"
round "a plan of nothing" 1 'over 0' plan --capital 0
round "a policy that is not known" 1 'no policy nice' decide --policy nice
round "days that are none" 2 'days' evaluate --days many
round "more days than there are" 1 '1 to 3660' evaluate --days 99999
round "what was told by hand and is no JSON" 1 'told by hand|JSON|expected' scan --manual README.md
round "a snapshot first" 1 'hean process scan' run funding_monitor
round "a scan" 0 'API' scan
round "inputs that are no object" 1 'inputs: expected a JSON object' run funding_monitor --inputs '[1]'
round "a report that cannot be written" 1 '/dev/null/x' report --out /dev/null/x
expect "a store that is none" 1 'README.md' "$hean" process list --store README.md

# ---- sweeps ----
sweep() { expect "$1" "$2" "$3" "$hean" sweep strategies/impulse.lua --store "$work/sweep.db" "${@:4}"; }
sweep "a sweep of nothing" 2 'data is missing' --grid lookback=10
sweep "a sweep without a grid" 2 'expected 1 to 8' --data sim:1,hours=0.01
sweep "a grid without values" 2 'NAME=VALUE' --data sim:1,hours=0.01 --grid lookback
sweep "an empty value" 2 'none empty' --data sim:1,hours=0.01 --grid lookback=1,
sweep "too many points" 2 'more than 10000' --data sim:1,hours=0.01 --grid a=1,2,3,4,5,6,7,8,9,10 b=1,2,3,4,5,6,7,8,9,10 c=1,2,3,4,5,6,7,8,9,10 d=1,2,3,4,5,6,7,8,9,10 e=1,2
sweep "a point that fails is shown, the others go on" 1 'expected integer from 2 to 1000' --data sim:1,hours=0.01 --grid lookback=2000,10

# ---- statements ----
statement='UID: 7,Company Name: ,Country: 
Uid,Time,Currency,Contract,Type,Direction,Quantity,Position,Filled Price,Funding,Fee Paid,Cash Flow,Change,Wallet Balance,Fee Rate,Trade ID,Order ID'
import() {
  printf '%s\n' "$statement" "${@:4}" >"$work/statement.csv"
  expect "$1" "$2" "$3" "$hean" ledger import "$work/statement.csv" --format bybit-asset-change --store "$work/import.db"
}
expect "a format that is not known" 2 'expected --format bybit-asset-change, got x' "$hean" ledger import "$work/statement.csv" --format x
expect "a statement that is not there" 1 'nothere.csv' "$hean" ledger import "$work/nothere.csv" --format bybit-asset-change
expect "a file that is no statement" 1 'line 1: no column Time' "$hean" ledger import README.md --format bybit-asset-change --store "$work/import.db"
import "a row that is cut off" 1 'statement.csv: line 3: expected 17 fields, got 2' '7,2024-12-01 10:00:00'
import "a type that is not known" 1 'line 3: the type NOVELTY is unknown' '7,2024-12-01 10:00:00,USDT,,NOVELTY,,,,,0,0,1,1,1,,,'
import "a change that is none" 1 'line 3: Change is 5, but Cash Flow \+ Funding - Fee Paid is 1' '7,2024-12-01 10:00:00,USDT,,TRADE,,,,,0,0,1,5,5,,,'
import "a balance that does not follow" 1 'line 4: the wallet of 7 in USDT had 2 before this row, but the row before it, line 3, left 1' \
  '7,2024-12-01 10:00:00,USDT,,TRADE,,,,,0,0,1,1,1,,,' '7,2024-12-01 10:00:01,USDT,,TRADE,,,,,0,0,1,1,3,,,'
[ -e "$work/import.db" ] && { echo "FAILED: a refused statement left a store"; failures=$((failures + 1)); }

# ---- data ----
expect "a missing file" 1 'nothere.csv' "$hean" data check "$work/nothere.csv"
: >"$work/empty.csv"
expect "an empty file" 1 'empty.csv.*empty' "$hean" data check "$work/empty.csv"
mkdir "$work/nothing"
expect "a folder without data" 1 'nothing' "$hean" data check "$work/nothing"
echo "some words, nothing else" >"$work/unknown.csv"
expect "an unknown format" 1 'unknown.csv.*some words' "$hean" data check "$work/unknown.csv"
head -c 4096 /dev/urandom >"$work/random.bin"
expect "random bytes" 1 'random.bin' "$hean" data check "$work/random.bin"
(echo "$trades"; good) >"$work/good.csv"
expect "good rows" 0 '20' "$hean" data check "$work/good.csv"
gzip -k "$work/good.csv"
size=$(stat -c %s "$work/good.csv.gz")
head -c $((size - 20)) "$work/good.csv.gz" >"$work/cut.csv.gz"
expect "a gzip file that was cut" 1 'cut.csv.gz' "$hean" data check "$work/cut.csv.gz"
(cd "$work" && zip -q good.zip good.csv)
head -c $(($(stat -c %s "$work/good.zip") / 2)) "$work/good.zip" >"$work/cut.zip"
expect "a zip file that was cut" 1 'cut.zip' "$hean" data check "$work/cut.zip"
expect "a zip file" 0 '20' "$hean" data check "$work/good.zip"

bad_row() { # NAME ROW PATTERN: bad rows are counted and shown with their line
  (echo "$trades"; good; echo "$2"; row 1723161256999000 1723161256999500 10.15 0.5) >"$work/bad.csv"
  expect "$1" 0 "$3" "$hean" data check "$work/bad.csv"
  "$hean" data check "$work/bad.csv" --json >"$work/bad.json" 2>/dev/null
  same "$1: counted" "$(field "$work/bad.json" bad_rows)" 1
  expect "$1: strict" 1 '22' "$hean" data check "$work/bad.csv" --strict
}
bad_row "too few columns" "venue,ABCUSDT,1723161256900000" '22.*expected'
bad_row "a price that is no number" "venue,ABCUSDT,1723161256900000,1723161256900500,1,buy,ten,0.5" '22.*ten'
bad_row "a negative amount" "venue,ABCUSDT,1723161256900000,1723161256900500,1,buy,10.15,-0.5" '22.*-0.5'
bad_row "an empty price" "venue,ABCUSDT,1723161256900000,1723161256900500,1,buy,,0.5" '22'
bad_row "an unknown side" "venue,ABCUSDT,1723161256900000,1723161256900500,1,bought,10.15,0.5" '22.*bought'
bad_row "a time that is none" "venue,ABCUSDT,soon,later,1,buy,10.15,0.5" '22'
(echo "$trades"; good; row 1723161256001500 1723161256001600 10.15 0.5) >"$work/back.csv"
"$hean" data check "$work/back.csv" --json >"$work/back.json" 2>"$work/err"
same "time going backwards is counted" "$(field "$work/back.json" out_of_order_rows)" 1
expect "an instrument that the data contradict" 1 'tick' "$hean" data check "$work/good.csv" --strict --instrument tick=0.1,lot=0.1
expect "an instrument with an unknown key" 1 'tik' "$hean" data check "$work/good.csv" --instrument tik=0.1
expect "a symbol that is not in the data" 1 'XYZ' "$hean" data check "$work/good.csv" --symbol XYZ
expect "an output that cannot be written" 1 'nothere' "$hean" data import "$work/good.csv" --output "$work/nothere/x.hean"
expect "an import" 0 '' "$hean" data import "$work/good.csv" --output "$work/good.hean"
head -c 300 "$work/good.hean" >"$work/cut.hean"
expect "a binary file that was cut" 1 'cut.hean' "$hean" data info "$work/cut.hean"
cp "$work/good.hean" "$work/flipped.hean"
printf '\xff\xff\xff\xff' | dd of="$work/flipped.hean" bs=1 seek=$(($(stat -c %s "$work/good.hean") - 60)) conv=notrunc 2>/dev/null
expect "a binary file that was changed" 1 'flipped.hean' "$hean" data info --verify "$work/flipped.hean"

# ---- scripts ----
script() { # NAME CODE PATTERN TEXT [arguments]
  local name=$1 code=$2 pattern=$3
  printf '%s\n' "$4" >"$work/script.lua"
  shift 4
  expect "$name" "$code" "$pattern" "$hean" backtest "$work/script.lua" --data sim:1,hours=0.05,funding=60s --no-store "$@"
}
script "a syntax error" 1 'script.lua:[23]: .*(expected|near)' $'local x = 1\nreturn {'
script "a script that returns nothing" 1 'script.lua' 'local x = 1'
script "a script that raises" 1 'script.lua:1: boom' 'error("boom")'
for callback in on_start on_book on_trade on_bar on_mark on_funding on_timer on_order on_fill; do
  # A timer, and an order that fills, so that every callback is called.
  script "a script that raises in $callback" 1 "script.lua:.*boom in $callback" "
local s = { name = 'raiser', subscribe = { book = true, trades = true, marks = true, funding = true, bars = { '1s' } } }
function s.on_start(ctx) ctx:after(100, 'tick') end
function s.on_timer(ctx) ctx:buy { symbol = ctx.symbols[1], qty = 1, type = 'market' } end
function s.on_book() end function s.on_trade() end function s.on_bar() end function s.on_mark() end function s.on_funding() end
function s.on_order() end function s.on_fill() end
function s.$callback() error('boom in $callback') end
if '$callback' == 'on_order' or '$callback' == 'on_fill' or '$callback' == 'on_timer' then
  s.on_start = function(ctx) ctx:after(100, 'tick') end
end
return s"
done
good_script="return { name = 'p', params = { lookback = { default = 5, min = 1, max = 10 } }, on_start = function() end }"
script "an unknown parameter" 1 'lokback.*lookback' "$good_script" --set lokback=3
script "a parameter out of range" 1 'lookback.*11.*10' "$good_script" --set lookback=11
script "a parameter of the wrong type" 1 'lookback' "$good_script" --set lookback=many
script "an endless loop" 1 'on_start' "return { name = 'loop', on_start = function() while true do end end }" --deadline 300ms
script "too much memory" 1 'memory' "return { name = 'hog', on_start = function() local t = {} for i = 1, 1e9 do t[i] = { i } end end }"
script "an invalid intent" 1 'script.lua:1:.*qty' "return { name = 'nan', on_start = function(ctx) ctx:buy { symbol = ctx.symbols[1], qty = 0/0, type = 'market' } end }"

# ---- configuration ----
config() {
  printf '%s\n' "$4" >"$work/hean.lua"
  expect "$1" "$2" "$3" "$hean" run --config "$work/hean.lua" --duration 1s
}
expect "a configuration that is not there" 1 'nothere.lua' "$hean" run --config nothere.lua
config "a configuration with a syntax error" 1 'hean.lua:[12]:' 'return {{'
config "an unknown key" 1 'hean.lua.*moed.*mode' 'return { moed = "paper" }'
config "a wrong type" 1 'hean.lua.*seed' 'return { seed = "many" }'
config "a value out of range" 1 'hean.lua.*seed' 'return { seed = -1 }'
config "a secret" 1 'api_key.*environment' 'return { api_key = "abc" }'
config "live, with its switches closed" 3 'LIVE_CONFIRM' 'return { mode = "live", strategies = { { file = "script.lua", capital_usd = 100 } } }'
expect "--live without the configuration's word" 3 'mode' "$hean" run --live --duration 1s

done_testing
