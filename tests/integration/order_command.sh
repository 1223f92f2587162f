#!/usr/bin/env bash
# hean order: what it would send, byte for byte, and what it refuses to send.
build=$1
source "$(dirname "$0")/shell.bash"
hean=$build/hean
unset BYBIT_API_KEY BYBIT_API_SECRET LIVE_CONFIRM DRY_RUN

order() { env BYBIT_API_KEY=HostDemoKey0001 BYBIT_API_SECRET=HostDemoSecret-AbCdEf0123456789XYZ "$hean" order "$@"; }
place="place --symbol SOLUSDT --side sell --qty 3.5 --price 171.25 --tif post-only --client-id h1-000042"

# The fact sheet's vectors, computed by other means.
order $place --dry-run --json --timestamp 1790000001000 >"$work/place"
same "method" "$(field "$work/place" method)" POST
same "url" "$(field "$work/place" url)" https://api.bybit.com/v5/order/create
same "body" "$(field "$work/place" body)" '{"category":"linear","symbol":"SOLUSDT","side":"Sell","orderType":"Limit","qty":"3.5","price":"171.25","timeInForce":"PostOnly","positionIdx":0,"reduceOnly":false,"orderLinkId":"h1-000042"}'
same "signature" "$(field "$work/place" headers.X-BAPI-SIGN)" 8ebe11fa27ff1ac329b09c9492b6feeca575987f45c67b9fc872dcd833456a19

# Any other request: signed by another program over the same bytes.
sign() { printf '%s' "$1" | openssl dgst -sha256 -hmac HostDemoSecret-AbCdEf0123456789XYZ | sed 's/.* //'; }
check() {
  local name=$1 payload
  shift
  order "$@" --dry-run --json --timestamp 1790000000123 --recv-window 7500 >"$work/request"
  payload=$(field "$work/request" body)
  [ -n "$payload" ] || payload=$(field "$work/request" url | cut -s -d'?' -f2)
  same "$name is signed over the bytes that are sent" "$(field "$work/request" headers.X-BAPI-SIGN)" \
    "$(sign "1790000000123HostDemoKey00017500$payload")"
}
check amend amend --symbol SOLUSDT --client-id h1-000042 --price 171.3 --qty 4
check cancel cancel --symbol SOLUSDT --client-id h1-000042
check "a stop" place --symbol SOLUSDT --side buy --qty 0.1 --type stop --trigger 180.05 --reduce-only
check list list
check positions positions --symbol SOLUSDT
check balance balance
order place --symbol SOLUSDT --side buy --qty 1 --type market --dry-run --json >"$work/one"
order place --symbol SOLUSDT --side buy --qty 1 --type market --dry-run --json >"$work/two"
checks=$((checks + 1))
if [ "$(field "$work/one" body)" = "$(field "$work/two" body)" ]; then
  failures=$((failures + 1))
  echo "FAILED: two orders have one name"
fi

# The gate, the keys, the words.
printf 'return { mode = "live", strategies = { { file = "s.lua" } } }\n' >"$work/live.lua"
expect "no switch is open" 3 'mode = "live".*--live.*LIVE_CONFIRM=YES' "$hean" order $place
expect "one is missing" 3 'switches: \[LIVE_CONFIRM=YES in the environment\]$' "$hean" order $place --config "$work/live.lua" --live
expect "all are open, keys are missing" 1 'BYBIT_API_KEY' env LIVE_CONFIRM=YES "$hean" order $place --config "$work/live.lua" --live
expect "DRY_RUN closes it again" 3 'switches: \[DRY_RUN=false in the environment\]$' env LIVE_CONFIRM=YES DRY_RUN=true "$hean" order $place --config "$work/live.lua" --live
expect "reading needs keys, but no gate" 1 'BYBIT_API_KEY' "$hean" order list
expect "an order without a side" 2 'side' "$hean" order place --symbol SOLUSDT --qty 1
expect "a limit without a price" 2 'price' "$hean" order place --symbol SOLUSDT --side buy --qty 1
expect "a negative quantity" 2 'positive' "$hean" order place --symbol SOLUSDT --side buy --qty -1 --type market
expect "an unknown side" 2 'buy, sell' "$hean" order place --symbol SOLUSDT --side long --qty 1 --price 1
expect "a cancellation of nothing" 2 'client-id' "$hean" order cancel --symbol SOLUSDT
expect "an unknown verb" 2 'did you mean place' "$hean" order plase
printf 'HostDemoKey0001\nHostDemoSecret-AbCdEf0123456789XYZ\n' >"$work/keys"
chmod 644 "$work/keys"
expect "keys that others may read" 1 'chmod 600' "$hean" order list --dry-run --credentials "$work/keys"
chmod 600 "$work/keys"
expect "keys of a file" 0 'X-BAPI-SIGN' "$hean" order list --dry-run --credentials "$work/keys"
checks=$((checks + 1))
if grep -q HostDemoSecret "$work"/out "$work"/err "$work"/place "$work"/request; then
  failures=$((failures + 1))
  echo "FAILED: the secret was printed"
fi

done_testing
