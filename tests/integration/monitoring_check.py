"""Checks of monitoring/: monitoring_check.py static FOLDER | live FOLDER URL [all]

static: the dashboard as Grafana's file provider wants it, rules, runbook, catalogue against each
other. live: the real Prometheus with the shipped configuration scrapes URL; every query of every
panel, variable, annotation and rule is run and must give finite figures, equal to /api/v1/status.
Prints what is wrong, one line each; exit 0, 1, or 77 where Prometheus is not installed.
"""
import glob
import json
import math
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

UNITS = {"none", "short", "percentunit", "percent", "s", "ms", "bytes", "ops", "currencyUSD",
         "suffix: bp"}
TYPES = {"row", "stat", "timeseries", "table", "state-timeline", "heatmap"}
EXTERNAL = {"up", "ALERTS", "scrape_samples_scraped", "prometheus_rule_evaluation_failures_total",
            "prometheus_notifications_alertmanagers_discovered"}
# What is empty while all is well, by the panel's title. These are filled in the rules' own tests.
EMPTY = {"Firing alerts": "nothing fires"}
# And what is empty where little is traded; a host that does everything must fill it ("all").
QUIET = {"Slippage and improvement, 90th percentile": "no fill of that kind within the window"}
WORDS = set("""abs absent and bool by changes count group_left histogram_quantile ignoring increase
le max min offset on or rate round sum time timestamp unless vector without avg inf label_values
job instance venue strategy endpoint reason kind liquidity deriv""".split())


def panels_of(dashboard):
    for panel in dashboard.get("panels", []):
        yield panel
        yield from panel.get("panels", [])


def queries_of(dashboard):
    """(where, expression, instant)"""
    for panel in panels_of(dashboard):
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"], target.get("instant", False)
    for note in dashboard["annotations"]["list"]:
        yield "annotation " + note["name"], note["target"]["expr"], False


def metrics_in(expression):
    bare = re.sub(r'"[^"]*"', "", expression)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", bare)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left)\s*\([^)]*\)", "", bare)
    names = re.findall(r"(?<![\w:.$])[a-zA-Z_:][\w:]*", bare)
    return {name for name in names if name not in WORDS}


def known_metrics(folder):
    text = open(os.path.join(folder, "core/metrics/include/metrics/catalogue.h"),
                encoding="utf-8").read()
    known = set(EXTERNAL)
    for kind, name in re.findall(r'X\(METRICS_\w+, METRICS_(\w+), "(\w+)"', text):
        known |= ({name + "_bucket", name + "_sum", name + "_count"} if kind == "HISTOGRAM"
                  else {name})
    if len(known) < 80:
        raise ValueError("the catalogue cannot be read")
    return known


def load(folder):
    base = os.path.join(folder, "monitoring")
    dashboard = json.load(open(os.path.join(base, "grafana/dashboards/hean.json"),
                               encoding="utf-8"))
    rules = []
    for path in sorted(glob.glob(os.path.join(base, "prometheus/rules/*.yml"))):
        for group in yaml.safe_load(open(path, encoding="utf-8"))["groups"]:
            rules += group["rules"]
    tests = []
    for path in sorted(glob.glob(os.path.join(base, "prometheus/tests/*.yml"))):
        tests += yaml.safe_load(open(path, encoding="utf-8"))["tests"]
    runbook = open(os.path.join(base, "runbook.md"), encoding="utf-8").read()
    return dashboard, rules, tests, runbook


def check_panel(panel):
    name = panel.get("title", "?")
    if panel["type"] not in TYPES:
        yield f"{name}: unknown panel type {panel['type']}"
    if panel["type"] == "row":
        return
    if not panel.get("description"):
        yield f"{name}: no description"
    if not panel.get("targets"):
        yield f"{name}: no query"
    defaults = panel["fieldConfig"]["defaults"]
    if panel["type"] != "heatmap":
        if defaults.get("unit") not in UNITS:
            yield f"{name}: unit {defaults.get('unit')}: a typing error would be shown as a suffix"
        if not defaults.get("noValue"):
            yield f"{name}: no text for the case without data"
    if panel["type"] in ("stat", "state-timeline"):
        empty = [m for m in defaults["mappings"]
                 if m["type"] == "special" and m["options"]["match"] == "null+nan"]
        if not empty or empty[0]["options"]["result"]["color"] in ("green", "blue", "transparent"):
            yield f"{name}: no data must not look like fine"
    for target in panel["targets"]:
        if target["datasource"] != {"type": "prometheus", "uid": "${datasource}"}:
            yield f"{name}: a data source of its own"


def check_layout(panels):
    taken = {}
    for panel in panels:
        grid = panel["gridPos"]
        if grid["x"] + grid["w"] > 24:
            yield f"{panel['title']}: wider than the grid"
        for x in range(grid["x"], grid["x"] + grid["w"]):
            for y in range(grid["y"], grid["y"] + grid["h"]):
                if taken.setdefault((x, y), panel["id"]) != panel["id"]:
                    yield f"{panel['title']}: overlaps another panel"
                    return


def check_dashboard(dashboard, known, recorded):
    if "dashboard" in dashboard or "panels" not in dashboard:
        yield "wrapped as {\"dashboard\": ...}: Grafana's file provider would not load it"
        return
    for key, value in (("uid", "hean-trading-system"), ("title", "HEAN Trading System"),
                       ("editable", False), ("schemaVersion", 42)):
        if dashboard.get(key) != value:
            yield f"{key} is {dashboard.get(key)}, expected {value}"
    for key in ("id", "__inputs", "__requires"):
        if key in dashboard:
            yield f"{key} must not be shipped"
    panels = list(panels_of(dashboard))
    ids = [panel["id"] for panel in panels]
    if len(set(ids)) != len(ids) or 0 in ids:
        yield "panel ids are not unique"
    rows = [panel["title"] for panel in panels if panel["type"] == "row"]
    if rows != ["Status", "Equity and Drawdown", "PnL Breakdown", "Execution", "Safety",
                "Strategies", "Runtime"]:
        yield f"rows are {rows}"
    for panel in panels:
        yield from check_panel(panel)
    yield from check_layout(panels)
    for where, expression, _ in queries_of(dashboard):
        for name in metrics_in(expression) - known - recorded:
            yield f"{where}: {name} is not in the catalogue"
        for selector in re.findall(r"(\w+)\{([^}]*)\}", expression):
            if selector[0] != "ALERTS" and ("$job" not in selector[1]
                                            or "$instance" not in selector[1]):
                yield f"{where}: {selector[0]} is not limited to job and instance"
        if re.search(r"\brate\(", expression) and "$__rate_interval" not in expression:
            yield f"{where}: rate without $__rate_interval"
        if re.search(r"(?<!\()(?<!\w)hean_\w+_total\{[^}]*\}(?!\[)", expression):
            yield f"{where}: a counter is shown raw"


def check_rules(folder, rules, tests, runbook, known, recorded):
    cases = {}
    for test in tests:
        for alert in test.get("alert_rule_test", []):
            cases.setdefault(alert["alertname"], set()).add(bool(alert.get("exp_alerts")))
        for case in test.get("promql_expr_test", []):
            cases.setdefault(re.sub(r"^round\((.*), 1e-6\)$", r"\1", case["expr"]), set()).add(True)
    for rule in rules:
        name = rule.get("alert") or rule["record"]
        for metric in metrics_in(rule["expr"]) - known - recorded:
            yield f"rule {name}: {metric} is not in the catalogue"
        if "record" in rule:
            if name not in cases:
                yield f"rule {name}: no test"
            continue
        if cases.get(name) != {True, False} and name != "Watchdog":
            yield f"alert {name}: needs a case that fires and one that does not"
        if f"### {name}\n" not in runbook:
            yield f"alert {name}: not in the runbook"
        if rule["annotations"].get("runbook") != f"monitoring/runbook.md#{name.lower()}":
            yield f"alert {name}: does not name its place in the runbook"
        if rule["labels"].get("severity") not in ("critical", "warning", "none"):
            yield f"alert {name}: no severity"
    alerts = {rule.get("alert") for rule in rules}
    source = open(os.path.join(folder, "core/metrics/health.c"), encoding="utf-8").read()
    for name in re.findall(r'add\(&?list, "(\w+)"', source):
        if name not in alerts:
            yield f"the status page's condition {name} has no rule of its name"


def static(folder, change=None):
    dashboard, rules, tests, runbook = load(folder)
    if change:
        dashboard, rules = change(dashboard, rules)
    known = known_metrics(folder)
    recorded = {rule["record"] for rule in rules if "record" in rule}
    problems = list(check_dashboard(dashboard, known, recorded))
    return problems + list(check_rules(folder, rules, tests, runbook, known, recorded))


def damaged():
    """Each of these must be found."""
    def panel(edit):
        def change(dashboard, rules):
            edit(next(p for p in dashboard["panels"] if p["type"] == "stat"))
            return dashboard, rules
        return change

    def rule(edit):
        def change(dashboard, rules):
            edit(next(r for r in rules if r.get("alert") == "DrawdownBreach"))
            return dashboard, rules
        return change
    yield "a wrapped dashboard", lambda d, r: ({"dashboard": d, "overwrite": True}, r)
    yield "another uid", lambda d, r: (dict(d, uid="x"), r)
    yield "a unit that does not exist", panel(
        lambda p: p["fieldConfig"]["defaults"].update(unit="bps"))
    yield "no description", panel(lambda p: p.update(description=""))
    yield "green without data", panel(
        lambda p: p["fieldConfig"]["defaults"]["mappings"][-1]["options"]["result"].update(
            color="green"))
    yield "a metric that is renamed", panel(lambda p: p["targets"][0].update(
        expr='hean_equty{job=~"$job",instance=~"$instance"}'))
    yield "a panel upon another", panel(lambda p: p["gridPos"].update(w=12))
    yield "a doubled id", panel(lambda p: p.update(id=1))
    yield "an alert that is renamed", rule(lambda r: r.update(alert="DrawdownBroken"))
    yield "a rule on nothing", rule(lambda r: r.update(expr="hean_drawdwn_ratio > 1"))


def run_static(folder):
    problems = static(folder)
    for name, change in damaged():
        if not static(folder, change):
            problems.append(f"{name} was not found")
    return problems


# ---- live ----

def fetch(url, **query):
    if query:
        url += "?" + urllib.parse.urlencode(query)
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def substitute(expression):
    for name, value in (("$__rate_interval", "4s"), ("$__interval", "4s"), ("$__range", "60s"),
                        ("$job", ".+"), ("$instance", ".+"), ("$venue", ".+"),
                        ("$strategy", ".+")):
        expression = expression.replace(name, value)
    return re.sub(r"\[1[hd]\]", "[10s]", expression)


def check_query(base, where, expression, instant):
    expression = substitute(expression)
    now = time.time()
    answers = [fetch(base + "/api/v1/query", query=expression)]
    if not instant:
        answers.append(fetch(base + "/api/v1/query_range", query=expression, start=now - 3,
                             end=now, step=1))
    for answer in answers:
        if answer.get("status") != "success":
            return f"{where}: {answer.get('error')}"
        result = answer["data"]["result"]
        if not result:
            if where in EMPTY or (where in QUIET and "all" not in sys.argv) or where.startswith("annotation"):
                continue
            return f"{where}: empty: {expression}"
        for series in result:
            for point in series.get("values", [series.get("value")]):
                if not math.isfinite(float(point[1])):
                    return f"{where}: {point[1]}: {expression}"
    return None


def check_agreement(base, url):
    """/api/v1/status against Prometheus, at every snapshot that both saw."""
    pairs = (("hean_equity", ("account", "equity")), ("hean_realized_pnl", ("pnl", "realized")),
             ("hean_unrealized_pnl", ("pnl", "unrealized")), ("hean_fees", ("pnl", "fees")),
             ("hean_funding", ("pnl", "funding")), ("hean_net_pnl", ("pnl", "net")))
    seen = {}
    deadline = time.time() + 8
    while time.time() < deadline:
        status = fetch(url + "/api/v1/status")
        seen[status["sequence"]] = status
        time.sleep(0.05)
    time.sleep(1.5)

    def samples(metric):
        found = fetch(base + "/api/v1/query", query=metric + "[15s]")["data"]["result"]
        return {at: float(value) for at, value in found[0]["values"]}
    both = {at: seen[int(number)] for at, number in samples("hean_snapshots_total").items()
            if int(number) in seen}
    if len(both) < 2:
        return [f"only {len(both)} snapshots were seen by both"]
    for metric, (group, field) in pairs:
        values = samples(metric)
        for at, status in both.items():
            if at in values and abs(values[at] - float(status[group][field])) > 1e-9:
                return [f"{metric} is {values[at]} in Prometheus and {status[group][field]} in "
                        f"/api/v1/status, snapshot {status['sequence']}"]
    print(f"{len(both)} snapshots agree")
    return []


def wait_for_scrapes(base, count):
    deadline = time.time() + 60
    while time.time() < deadline:
        try:
            targets = fetch(base + "/api/v1/targets")["data"]["activeTargets"]
            up = [t for t in targets if t["labels"]["job"] == "hean" and t["health"] == "up"]
            seen = fetch(base + "/api/v1/query",
                         query="count_over_time(hean_equity[60s])")["data"]["result"]
            if up and seen and float(seen[0]["value"][1]) >= count:
                return True
        except (OSError, ValueError, KeyError):
            pass
        time.sleep(0.2)
    return False


def live(folder, url):
    if shutil.which("prometheus") is None:
        print("skipped: prometheus is not installed")
        sys.exit(77)
    work = tempfile.mkdtemp(prefix="hean-prometheus.")
    shutil.copytree(os.path.join(folder, "monitoring/prometheus"), work + "/config")
    with open(work + "/config/targets/hean.yml", "w", encoding="utf-8") as targets:
        targets.write(f'- targets: ["{url.split("//")[1]}"]\n')
    config = open(work + "/config/prometheus.yml", encoding="utf-8").read()
    config = re.sub(r"(scrape_interval|evaluation_interval): 5s", r"\1: 1s", config)
    config = config.replace("scrape_timeout: 4s", "scrape_timeout: 1s")
    open(work + "/config/prometheus.yml", "w", encoding="utf-8").write(config)
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with open(work + "/log", "w", encoding="utf-8") as log:
        server = subprocess.Popen(
            ["prometheus", f"--config.file={work}/config/prometheus.yml",
             f"--storage.tsdb.path={work}/data", f"--web.listen-address=127.0.0.1:{port}"],
            stdout=log, stderr=log)
    try:
        return live_checks(folder, base, url)
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(work, ignore_errors=True)


def live_checks(folder, base, url):
    if not wait_for_scrapes(base, 12):
        return ["Prometheus does not scrape the host"]
    dashboard, rules, _, _ = load(folder)
    problems = []
    count = 0
    for where, expression, instant in queries_of(dashboard):
        problems.append(check_query(base, where, expression, instant))
        count += 1
    for variable in dashboard["templating"]["list"]:
        if variable["type"] != "query":
            continue
        selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]
                                       ).groups()
        answer = fetch(f"{base}/api/v1/label/{label}/values", **{"match[]": substitute(selector)})
        if not answer.get("data"):
            problems.append(f"variable {variable['name']} has no values")
    for rule in rules:
        answer = fetch(base + "/api/v1/query", query=rule["expr"])
        if answer.get("status") != "success":
            problems.append(f"rule {rule.get('alert')}: {answer}")
        count += 1
    for group in fetch(base + "/api/v1/rules")["data"]["groups"]:
        for rule in group["rules"]:
            if rule["health"] != "ok":
                problems.append(f"{rule['name']} is {rule['health']}: {rule.get('lastError')}")
    problems += check_agreement(base, url)
    if check_query(base, "renamed", "hean_equty", True) is None:
        problems.append("a query on nothing was taken for good")
    if check_query(base, "infinite", "hean_equity / 0", True) is None:
        problems.append("an infinite result was taken for good")
    print(f"{count} queries asked")
    return [problem for problem in problems if problem]


def main():
    folder = sys.argv[2]
    problems = run_static(folder) if sys.argv[1] == "static" else live(folder, sys.argv[3])
    for problem in problems:
        print("FAILED:", problem)
    if not problems:
        print("all of monitoring/ is right:", sys.argv[1])
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
