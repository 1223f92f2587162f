#!/usr/bin/env bash
# `hean exchange-sim` as a program: options, its first line, real sockets, TLS, and clients of other
# projects where $HEAN_TEST_PYTHON (or python3) has them.
build=$1
source "$(dirname "$0")/shell.bash"
hean=$build/hean
here=$(dirname "$0")
python=${HEAN_TEST_PYTHON:-/usr/bin/python3}

expect "--help tells of faults" 0 'POST /sim/faults' "$hean" exchange-sim --help
expect "an unknown fault is named with those there are" 1 'http_430.*http_429' \
  "$hean" exchange-sim --until-eof --faults http_430=1
expect "a rate is from 0 to 1" 1 'expected NAME=RATE' "$hean" exchange-sim --faults http_429=1.5
expect "a clock may be skewed" 0 '^rest ' "$hean" exchange-sim --until-eof --faults clock_skew=-2s,http_429=0.1
expect "a market is checked" 1 'instruments' "$hean" exchange-sim --market sim:1,instruments=0
expect "a port is checked" 2 'expected 0 to 65535' "$hean" exchange-sim --port 70000
expect "a speed is checked" 1 'speed' "$hean" exchange-sim --speed 5000
expect "a certificate needs a key" 1 'certificate and a key' "$hean" exchange-sim --tls-cert x
expect "a certificate must be one" 1 'not a certificate' \
  "$hean" exchange-sim --tls-cert "$here/shell.bash" --tls-key "$here/shell.bash"
expect "it ends at the end of its input" 0 '"rest"' "$hean" exchange-sim --until-eof --json
"$hean" data import sim:3,hours=0.02 --output "$work/sim.hean" >/dev/null 2>&1
expect "recorded data are a market" 0 '"rest"' \
  "$hean" exchange-sim --until-eof --json --market "$work/sim.hean"
expect "data that are not there are named" 1 'none.hean' \
  "$hean" exchange-sim --until-eof --json --market "$work/none.hean"
"$hean" exchange-sim --until-eof --json </dev/null >"$work/ready"
checks=$((checks + 1))
if /usr/bin/python3 -c 'import json, jsonschema, sys
jsonschema.validate(json.loads(open(sys.argv[2]).read()), json.load(open(sys.argv[1])))' \
  spec/schema/exchange_sim.json "$work/ready"; then
  echo "ok: the first line conforms"
else
  failures=$((failures + 1))
  echo "FAILED: the first line: $(cat "$work/ready")"
fi

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=sim \
  -addext subjectAltName=IP:127.0.0.1 -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
checks=$((checks + 1))
if ! timeout 120 "$python" "$here/exchange_sim.py" "$hean" "$work/cert.pem" "$work/key.pem"; then
  failures=$((failures + 1))
  echo "FAILED: exchange_sim.py"
fi
done_testing
