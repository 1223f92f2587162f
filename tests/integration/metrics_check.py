"""Checks expositions: metrics_check.py TEXT OPENMETRICS TEXT_LATER STATUS SCHEMA

TEXT, OPENMETRICS and STATUS (/api/v1/status, of the form SCHEMA) are of one moment, TEXT_LATER is the
same host a little later. Beside the
strict OpenMetrics parser of python3-prometheus-client and promtool's linter this finds what both
let pass: series that stand twice, formats that disagree, counters that fall. Then it breaks the
texts on purpose and makes sure that each kind of damage is found.
"""
import json
import re
import shutil
import subprocess
import sys

ALLOWED_LINT = {"hean_api_latency_ms"}  # required by name; its unit is no base unit


def samples(text):
    found = {}
    for line in text.split("\n"):
        if not line or line.startswith("#"):
            continue
        name, value = line.rsplit(" ", 1)
        if name in found:
            raise ValueError(f"{name} stands twice")
        found[name] = value
    return found


def types(text):
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))


def check_own(text, openmetrics, later):
    now, om, then = samples(text), samples(openmetrics), samples(later)
    if list(now) != list(om):
        raise ValueError(f"the formats differ in their series: {set(now) ^ set(om)}")
    for name in now:
        if now[name] != om[name]:
            raise ValueError(f"{name} is {now[name]} in text and {om[name]} in OpenMetrics")
        if not re.fullmatch(r"-?[0-9][0-9.]*(e[+-][0-9]+)?", now[name]):
            raise ValueError(f"{name}: {now[name]} is no finite number")
    kinds = types(text)
    for name, value in now.items():
        base = name.split("{")[0]
        counter = kinds.get(base) == "counter" or base.endswith(("_bucket", "_count"))
        if name not in then:
            raise ValueError(f"{name} vanished")
        if counter and float(then[name]) < float(value):
            raise ValueError(f"counter {name} fell from {value} to {then[name]}")
    for bound in re.findall(r'le="([^"]*)"', text):
        if bound != "+Inf" and bound != repr(float(bound)):
            raise ValueError(f'le="{bound}" is not canonical')
    helped = set(re.findall(r"^# HELP (\S+) \S", text, re.M))
    if helped != set(kinds):
        raise ValueError(f"without help: {set(kinds) - helped}")
    seen, last = set(), None
    for line in text.split("\n"):
        family = re.match(r"# TYPE (\S+)", line)
        if family:
            if family[1] in seen:
                raise ValueError(f"{family[1]} is in two groups")
            seen.add(family[1])


def check_parser(openmetrics):
    from prometheus_client.openmetrics.parser import text_string_to_metric_families
    count = sum(len(family.samples) for family in text_string_to_metric_families(openmetrics))
    if count != len(samples(openmetrics)):
        raise ValueError(f"the parser found {count} samples")


def check_promtool(text):
    if shutil.which("promtool") is None:
        return
    run = subprocess.run(["promtool", "check", "metrics"], input=text.encode(),
                         capture_output=True, check=False)
    lines = [line for line in run.stderr.decode().splitlines() if line.strip()]
    wrong = [line for line in lines if line.split(" ")[0] not in ALLOWED_LINT]
    if run.returncode not in (0, 3) or wrong:
        raise ValueError(f"promtool: {run.returncode} {wrong or lines}")


def check_status(text, path, schema_path):
    """Its form, and that its figures are those of the exposition, digit by digit."""
    import jsonschema
    schema = json.load(open(schema_path, encoding="utf-8"))
    status = json.load(open(path, encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(status, schema)
    found = samples(text)
    for metric, group, field in (("hean_equity", "account", "equity"), ("hean_fees", "pnl", "fees"),
                                 ("hean_realized_pnl", "pnl", "realized"),
                                 ("hean_unrealized_pnl", "pnl", "unrealized"),
                                 ("hean_funding", "pnl", "funding"),
                                 ("hean_rewards", "pnl", "rewards"),
                                 ("hean_opp_cost", "pnl", "opportunity_cost"),
                                 ("hean_net_pnl", "pnl", "net")):
        if found[metric] != status[group][field]:
            raise ValueError(f"{metric} is {found[metric]} and {status[group][field]}")
    for change in ({"sequence": "1"}, {"mode": "demo"}, {"more": 1}):
        try:
            jsonschema.validate({**status, **change}, schema)
        except jsonschema.ValidationError:
            continue
        raise ValueError(f"the schema lets {change} pass")


def all_checks(text, openmetrics, later):
    check_own(text, openmetrics, later)
    check_parser(openmetrics)
    check_promtool(text)


def broken(text, openmetrics, later):
    """Damage, and the texts that have it."""
    line = re.search(r"^hean_equity .*\n", text, re.M)[0]
    om_line = re.search(r"^hean_events_total .*\n", openmetrics, re.M)[0]
    yield "a series twice", (text.replace(line, line + line),
                             openmetrics.replace(line, line + line), later)
    yield "a series in one format only", (text.replace(line, ""), openmetrics, later)
    yield "another value in one format", (text.replace(line, "hean_equity 1\n"), openmetrics, later)
    yield "a counter that falls", (text, openmetrics,
                                   re.sub(r"^hean_events_total .*$", "hean_events_total 0", later,
                                          flags=re.M))
    yield "no end", (text, openmetrics.replace("# EOF\n", ""), later)
    yield "a counter without _total", (text, openmetrics.replace("hean_events_total", "hean_events"),
                                       later)
    yield "no help", (re.sub(r"^# HELP hean_equity .*\n", "", text, flags=re.M), openmetrics, later)
    yield "a wrong unit", (text, openmetrics.replace("# UNIT process_open", "# UNIT x").replace(
        "_bytes bytes", "_bytes seconds"), later)
    yield "a falling bucket", (text, re.sub(r'(le="\+Inf"\}) \d+', r"\1 0", openmetrics), later)
    yield "NaN", (text.replace(line, "hean_equity NaN\n"),
                  openmetrics.replace(line, "hean_equity NaN\n"), later)
    yield "a blank line", (text, openmetrics.replace(om_line, om_line + "\n"), later)
    if shutil.which("promtool") is not None:
        yield "a metric that breaks the naming rules", (
            text.replace("hean_equity", "hean_equityMinutes"),
            openmetrics.replace("hean_equity", "hean_equityMinutes"),
            later.replace("hean_equity", "hean_equityMinutes"))


def main():
    texts = [open(path, encoding="utf-8").read() for path in sys.argv[1:4]]
    try:
        import prometheus_client.openmetrics.parser  # noqa: F401
    except ImportError:
        print("skipped: python3-prometheus-client is not installed")
        return 77
    all_checks(*texts)
    check_status(texts[0], sys.argv[4], sys.argv[5])
    for name, damaged in broken(*texts):
        try:
            all_checks(*damaged)
        except ValueError as problem:
            print(f"found: {name}: {str(problem)[:100]}")
        else:
            print(f"FAILED: {name} was not found")
            return 1
    print(f"{len(samples(texts[0]))} samples are right in both formats")
    return 0


if __name__ == "__main__":
    sys.exit(main())
