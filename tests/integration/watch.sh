#!/usr/bin/env bash
# A session as a watcher sees it: the real host, the real Prometheus with the shipped configuration,
# the service manager's datagrams, the files. Arguments: the build folder.
build=$1
source "$(dirname "$0")/shell.bash"
hean=$(realpath "$build")/hean
here=tests/integration

# start NAME ARGUMENTS...: a session in a folder of its own; its page's address in $url.
start() {
  mkdir -p "$work/$1"
  (cd "$work/$1" && exec "$hean" run --metrics-listen 127.0.0.1:0 "${@:2}" >out 2>err) &
  pid=$!
  url=
  for _ in $(seq 100); do
    url=$(grep -o 'http://127[0-9.:]*' "$work/$1/err" 2>/dev/null | head -n 1)
    [ -n "$url" ] && return
    sleep 0.1
  done
  cat "$work/$1/err"
}

# What systemd would hear: READY first, WATCHDOG in between, STOPPING last.
cat >"$work/listen.py" <<'PYTHON'
import os, socket, subprocess, sys
place = sys.argv[1] + "/notify"
ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ear.bind(place)
ear.settimeout(60)
environment = dict(os.environ, NOTIFY_SOCKET=place, WATCHDOG_USEC="600000")
child = subprocess.Popen(sys.argv[2:], cwd=sys.argv[1], env=environment,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
heard = []
while not heard or not heard[-1].startswith("STOPPING=1"):
    heard.append(ear.recv(4096).decode())
code = child.wait(60)
print(code, heard[0].split("\n")[0], heard.count("WATCHDOG=1") > 3, heard[-1].split("\n")[0])
PYTHON
mkdir -p "$work/notify"
expect "systemd hears READY, WATCHDOG, STOPPING" 0 '^0 READY=1 True STOPPING=1$' \
  /usr/bin/python3 "$work/listen.py" "$work/notify" "$hean" run --duration 4s --metrics-listen 127.0.0.1:0

expect "a public address needs a token" 3 'token' "$hean" run --store "$work/none.db" --metrics-listen 0.0.0.0:0 --duration 1s

start session --duration 100s
cat >"$work/form.py" <<'PYTHON'
import json, sys, urllib.request, jsonschema
url, folder, schema = sys.argv[1:]
def get(path):
    return urllib.request.urlopen(url + path, timeout=10).read().decode()
status = json.loads(get("/api/v1/status"))
jsonschema.validate(status, json.load(open(schema)))
assert "[+] venues ok" in get("/readyz")
assert get("/").startswith("<!doctype html>")
metrics = json.load(open(folder + "/metrics.json"))["metrics"]
for name in ("hean_equity", "hean_health_score", "hean_snapshot_staleness_seconds"):
    float(metrics[name])
text = open(folder + "/metrics.prom").read()
assert "\nhean_equity " in text and text.endswith("\n")
print("the forms are right")
PYTHON
sleep 3
expect "status, page and files have their forms" 0 'the forms are right' \
  /usr/bin/python3 "$work/form.py" "$url" "$work/session/var" spec/schema/status_api.json
if command -v chromium >/dev/null; then
  /usr/bin/python3 $here/status_page.py "$url" real >"$work/page" 2>&1 &
  browser=$!
  for _ in $(seq 600); do
    grep -q . "$work/page" && break
    sleep 0.1
  done
  if grep -q '^restart' "$work/page"; then
    kill -TERM "$pid"
    wait "$pid"
    sleep 2
    (cd "$work/session" && exec "$hean" run --metrics-listen "${url#http://}" --duration 100s >out 2>err) &
    pid=$!
  fi
  wait "$browser"
  same "the page shows the session and outlives its restart" "$?" 0
  tail -n 1 "$work/page"
else
  echo "skipped: chromium is not installed"
fi
if command -v prometheus >/dev/null; then
  expect "Prometheus has figures for every panel and rule, equal to the status" 0 'all of monitoring/ is right' \
    /usr/bin/python3 $here/monitoring_check.py live . "$url"
  kill -TERM "$pid"
  wait "$pid"
  same "the session ends well" "$?" 0
  checks=$((checks + 1))
  if timeout 280 /usr/bin/python3 $here/monitoring_faults.py "$build" >"$work/faults" 2>&1; then
    echo "ok: every fault makes its rules fire"
  else
    failures=$((failures + 1))
    echo "FAILED: faults"
  fi
  cat "$work/faults"
else
  echo "skipped: prometheus is not installed"
  kill -TERM "$pid"
  wait "$pid"
fi
done_testing
