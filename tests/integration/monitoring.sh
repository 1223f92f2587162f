#!/usr/bin/env bash
# monitoring/ without a running host: rules and their tests, dashboard, configurations, the unit.
# What is not installed is skipped with a line. Arguments: the build folder.
build=$1
source "$(dirname "$0")/shell.bash"
here=tests/integration

have() { # have PROGRAM: or a line that says what is not checked
  command -v "$1" >/dev/null && return
  echo "skipped: $1 is not installed"
  return 1
}

expect "dashboard, rules, runbook and catalogue fit each other" 0 'all of monitoring/ is right' \
  /usr/bin/python3 $here/monitoring_check.py static .

if have promtool; then
  cp -r monitoring/prometheus "$work/prometheus"
  expect "Prometheus takes its configuration" 0 SUCCESS promtool check config "$work/prometheus/prometheus.yml"
  expect "the rules pass the linter" 0 SUCCESS \
    promtool check rules --lint=all --lint-fatal "$work/prometheus/rules/alerts.yml" "$work/prometheus/rules/recorded.yml"
  expect "every rule's tests pass" 0 SUCCESS promtool test rules "$work/prometheus/tests/alerts.yml"
  expect "also those that need hours" 0 SUCCESS promtool test rules "$work/prometheus/tests/slow.yml"
  # A threshold that is changed must break a test: else the tests prove nothing.
  mutate() { # mutate ALERT SED: the alert's own cases against the changed rule
    sed "$2" monitoring/prometheus/rules/alerts.yml >"$work/prometheus/rules/alerts.yml"
    /usr/bin/python3 - "$1" "$work/prometheus/tests/one.yml" <<'PYTHON'
import sys, yaml
tests = yaml.safe_load(open("monitoring/prometheus/tests/alerts.yml"))
tests["tests"] = [test for test in tests["tests"] if test["name"].split(" ")[0] == sys.argv[1]]
assert len(tests["tests"]) == 2
yaml.safe_dump(tests, open(sys.argv[2], "w"))
PYTHON
    expect "a changed rule is noticed: $1 $2" 1 FAILED promtool test rules "$work/prometheus/tests/one.yml"
  }
  mutate DrawdownWarning 's/> 0.8 \* hean_drawdown/> 0.95 * hean_drawdown/'
  mutate HealthLow 's/hean_health_score < 0.5/hean_health_score < 0.3/'
  mutate VenueDown 's/hean_venue_up == 0/hean_venue_up == 2/'
  mutate OrderRejectBurst 's/ratio_rate5m > 0.05/ratio_rate5m > 0.5/'
  mutate LedgerInvariantViolation 's/hean_ledger_balance_error != 0/hean_ledger_balance_error > 1/'
  mutate KillSwitchActive 's/severity: critical/severity: warning/'
fi

if have amtool; then
  expect "Alertmanager takes its configuration" 0 SUCCESS amtool check-config monitoring/alertmanager/alertmanager.yml
fi

if have docker-compose; then
  export GRAFANA_ADMIN_PASSWORD=for-this-test
  expect "the compose file is valid" 0 'hean' docker-compose -f docker-compose.monitoring.yml config
  unset GRAFANA_ADMIN_PASSWORD
  expect "without a password it does not start" 1 'set GRAFANA_ADMIN_PASSWORD' \
    docker-compose -f docker-compose.monitoring.yml config -q
fi
cat >"$work/compose.py" <<'PYTHON'
import os, sys, yaml
compose = yaml.safe_load(open("docker-compose.monitoring.yml"))
bad = [] if "version" not in compose else ["version: is obsolete"]
for name, service in compose["services"].items():
    if "build" not in service and (":" not in service["image"] or service["image"].endswith("latest")):
        bad.append(f"{name}: image without a version")
    for key in ("read_only", "cap_drop", "security_opt", "healthcheck", "mem_limit", "pids_limit"):
        if not service.get(key):
            bad.append(f"{name}: no {key}")
    for port in service.get("ports", []):
        if not port.startswith("127.0.0.1:"):
            bad.append(f"{name}: port {port} is public")
    for volume in service.get("volumes", []):
        source, *rest = volume.split(":")
        if source.startswith(".") and (not os.path.isdir(source) or rest[-1] != "ro"):
            bad.append(f"{name}: {volume}: expected a folder, read-only")
print("\n".join(bad) or "the policy holds")
sys.exit(bool(bad))
PYTHON
expect "the compose file is hardened and stays on loopback" 0 'the policy holds' /usr/bin/python3 "$work/compose.py"

if have systemd-analyze; then
  sed 's|^ExecStart=[^ ]*|ExecStart=/bin/true|' monitoring/systemd/hean.service >"$work/hean.service"
  expect "systemd takes the unit" 0 '^the unit is valid$' bash -c 'systemd-analyze verify "$0" && echo the unit is valid' "$work/hean.service"
  expect "the unit is hardened" 0 'Overall exposure level for hean.service: [01]\.' \
    systemd-analyze security --offline=true "$work/hean.service"
fi

# Grafana's own types, from npm; once fetched they stay in the build folder.
types=$build/grafana-types
if have npm && have node; then
  if [ ! -d "$types/node_modules/@grafana/schema" ]; then
    mkdir -p "$types" && (cd "$types" && timeout 90 npm install --silent --no-audit --no-fund \
      @grafana/schema@13.2.3 typescript@5 >/dev/null 2>&1)
  fi
  if [ -d "$types/node_modules/@grafana/schema" ]; then
    compiles() { # compiles DASHBOARD
      node $here/grafana_types.mjs "$1" >"$types/dashboard.ts" &&
        (cd "$types" && node node_modules/typescript/bin/tsc --noEmit --strict --skipLibCheck \
          --module nodenext --moduleResolution nodenext --target es2022 dashboard.ts) && echo the types fit
    }
    export -f compiles
    export types here
    expect "the dashboard has Grafana's types" 0 'the types fit' bash -c 'compiles monitoring/grafana/dashboards/hean.json'
    /usr/bin/python3 -c 'import json; print(json.dumps({"dashboard": json.load(open("monitoring/grafana/dashboards/hean.json"))}))' >"$work/wrapped.json"
    expect "a wrapped dashboard has not" 2 "dashboard" bash -c "compiles $work/wrapped.json"
    sed 's/"colorMode": "background"/"colorMode": "backgruond"/' monitoring/grafana/dashboards/hean.json >"$work/typo.json"
    expect "nor has one with a typing error" 2 "backgruond" bash -c "compiles $work/typo.json"
  else
    echo "skipped: @grafana/schema could not be fetched from npm"
  fi
fi

# The runtime packages of the Dockerfile are what the program is linked with.
if have dpkg-query; then
  wanted=$(grep -oE 'lib(luajit|jansson|seccomp|ssl|sqlite3|curl|uv|wslay|microhttpd)[-a-z0-9.]*' Dockerfile | sort -u)
  missing=$(for package in $wanted; do dpkg-query -W "$package" >/dev/null 2>&1 || echo "$package"; done)
  if grep -q 'VERSION_ID="12"' /etc/os-release; then
    same "the Dockerfile's runtime packages exist" "none:$missing" "none:"
  fi
fi
done_testing
