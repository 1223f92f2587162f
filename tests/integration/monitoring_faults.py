"""Real faults of a real host, seen by the real Prometheus: monitoring_faults.py BUILD

Two hosts run on venues of their own. In one a strategy loops, one is refused, one loses too much,
then its venue falls silent, then it is killed. The other opens a ledger that somebody edited. Each
must make the shipped rules fire, and nothing else may fire before. Exit 77 without Prometheus.
"""
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

from monitoring_check import fetch, free_port

LOOPER = """
local s = { name = "looper", subscribe = { book = true } }
function s.on_start(ctx) ctx:after(22000, 1) end
function s.on_timer(ctx) while true do end end
return s
"""
REFUSED = """
local s = { name = "refused", subscribe = { book = true } }
local go = false
function s.on_start(ctx) ctx:after(22000, 1) end
function s.on_timer(ctx) go = true end
function s.on_book(ctx, book)
  if go and book.mid then
    ctx:buy { symbol = book.symbol, type = "limit", price = book.bid, qty = 1000 }
  end
end
return s
"""
LOSER = """
local s = { name = "loser", subscribe = { book = true } }
local go, long = false, false
function s.on_start(ctx) ctx:after(22000, 1) end
function s.on_timer(ctx) go = true end
function s.on_book(ctx, book)
  if not go or not book.mid then return end
  local act = long and ctx.sell or ctx.buy
  act(ctx, { symbol = book.symbol, type = "market", qty = ctx:qty_for(500, book.mid, book.symbol) })
  long = not long
end
return s
"""
CALM = """
local s = { name = "calm", subscribe = { book = true } }
function s.on_book(ctx, book) end
return s
"""
CONFIG = """return {
  venue = { source = "exchange-sim", events_per_second = 200, instruments = 2, seed = %d },
  risk = { max_rejects_in_row = 0 },
  strategies = { %s },
}
"""


class Host:
    def __init__(self, build, folder, strategies, seed, store="hean.db"):
        os.makedirs(folder, exist_ok=True)
        rows = []
        for name, (source, risk) in strategies.items():
            open(f"{folder}/{name}.lua", "w", encoding="utf-8").write(source)
            rows.append(f'{{ file = "{name}.lua", capital_usd = 1000, risk = {{ {risk} }} }}')
        open(f"{folder}/hean.lua", "w", encoding="utf-8").write(CONFIG % (seed, ", ".join(rows)))
        self.log = f"{folder}/log"
        self.process = subprocess.Popen(
            [os.path.abspath(f"{build}/hean"), "run", "--config", "hean.lua", "--store", store,
             "--metrics-listen", "127.0.0.1:0"], cwd=folder, stdout=subprocess.DEVNULL,
            stderr=open(self.log, "w", encoding="utf-8"))
        deadline = time.time() + 30
        while time.time() < deadline:
            found = re.search(r"status page: http://([0-9.:]+)/", open(self.log).read())
            if found:
                self.address = found[1]
                return
            time.sleep(0.1)
        raise AssertionError("the host does not start: " + open(self.log).read())

    def children(self):
        pid = self.process.pid
        found = []
        for task in os.listdir(f"/proc/{pid}/task"):
            found += open(f"/proc/{pid}/task/{task}/children").read().split()
        return [int(child) for child in found]

    def venue(self):
        for child in self.children():
            if "exchange-sim" in open(f"/proc/{child}/cmdline").read():
                return child
        raise AssertionError("the host has no venue of its own")

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(30)


def break_ledger(source, target):
    """Somebody edits an amount, and knows how to get rid of triggers."""
    whole = sqlite3.connect(source)
    base = sqlite3.connect(target)
    whole.backup(base) # with what is only in the log so far
    whole.close()
    for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        base.execute(f'DROP TRIGGER "{name}"')
    changed = base.execute("UPDATE entry SET amount_e8 = amount_e8 + 1 WHERE rowid = "
                           "(SELECT min(rowid) FROM entry)").rowcount
    base.commit()
    base.close()
    if changed != 1:
        raise AssertionError("no entry was changed")


def firing(base):
    found = fetch(base + "/api/v1/alerts")["data"]["alerts"]
    return {(alert["labels"]["alertname"], alert["labels"].get("instance")) for alert in found
            if alert["state"] == "firing"}


def until_fires(base, names, host, seconds):
    """Prints how long each took."""
    left, start = set(names), time.time()
    while left and time.time() - start < seconds:
        for name in sorted(left):
            if (name, host) in firing(base):
                print(f"{name} fires after {time.time() - start:.0f} s", flush=True)
                left.discard(name)
        time.sleep(0.3)
    if left:
        raise AssertionError(f"do not fire: {sorted(left)}; firing are {sorted(firing(base))}")


def start_prometheus(work, addresses):
    shutil.copytree("monitoring/prometheus", work + "/config")
    with open(work + "/config/targets/hean.yml", "w", encoding="utf-8") as targets:
        targets.write(f"- targets: {json.dumps(addresses)}\n")
    config = open(work + "/config/prometheus.yml", encoding="utf-8").read()
    config = re.sub(r"(scrape_interval|evaluation_interval): 5s", r"\1: 1s", config)
    config = config.replace("scrape_timeout: 4s", "scrape_timeout: 1s")
    open(work + "/config/prometheus.yml", "w", encoding="utf-8").write(config)
    rules = open(work + "/config/rules/alerts.yml", encoding="utf-8").read()
    rules = re.sub(r"(\n        for: )\S+", r"\g<1>2s", rules)  # patience is tested elsewhere
    open(work + "/config/rules/alerts.yml", "w", encoding="utf-8").write(rules)
    port = free_port()
    server = subprocess.Popen(
        ["prometheus", f"--config.file={work}/config/prometheus.yml",
         f"--storage.tsdb.path={work}/data", f"--web.listen-address=127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL, stderr=open(work + "/prometheus.log", "w", encoding="utf-8"))
    return server, f"http://127.0.0.1:{port}"


def wait_up(base, count):
    deadline = time.time() + 40
    while time.time() < deadline:
        try:
            result = fetch(base + "/api/v1/query",
                           query='count_over_time(up{job="hean"}[60s]) > 2')["data"]["result"]
            if len(result) == count:
                return
        except (OSError, ValueError, KeyError):
            pass
        time.sleep(0.3)
    raise AssertionError("Prometheus does not scrape the hosts")


def run(build, work, hosts):
    first = Host(build, work + "/first", {"loser": (LOSER.replace("22000", "500"), "")}, 1)
    hosts.append(first)
    time.sleep(4)
    first.end()
    break_ledger(work + "/first/hean.db", work + "/broken.db")

    faulty = Host(build, work + "/faulty", {
        "looper": (LOOPER, ""), "refused": (REFUSED, "max_order_usd = 1"),
        "loser": (LOSER, "soft_drawdown_pct = 0.001, max_drawdown_pct = 0.002"),
        "calm": (CALM, "")}, 2)
    hosts.append(faulty)
    broken = Host(build, work + "/second", {"calm": (CALM, "")}, 3, work + "/broken.db")
    hosts.append(broken)
    server, base = start_prometheus(work, [faulty.address, broken.address])
    try:
        wait_up(base, 2)
        calm = {name for name, host in firing(base) if host == faulty.address}
        if calm:
            raise AssertionError(f"fire without a fault: {calm}")
        until_fires(base, ["LedgerInvariantViolation"], broken.address, 30)
        until_fires(base, ["StrategyKilled", "StrategyStopped", "OrderRejectBurst",
                           "OrderRejectFlood", "KillSwitchActive", "StrategyHalted",
                           "DrawdownBreach", "HealthLow"], faulty.address, 60)
        os.kill(faulty.venue(), signal.SIGSTOP)
        until_fires(base, ["MarketDataStale", "VenueDown"], faulty.address, 90)
        os.kill(faulty.venue(), signal.SIGCONT)
        faulty.process.send_signal(signal.SIGSTOP)  # it hangs: scrapes fail
        until_fires(base, ["HostDown"], faulty.address, 30)
        faulty.process.send_signal(signal.SIGCONT)
        deadline = time.time() + 30
        while ("HostDown", faulty.address) in firing(base):
            if time.time() > deadline:
                raise AssertionError("HostDown does not end when the host goes on")
            time.sleep(0.3)
        print("HostDown ends when the host goes on")
        faulty.end(signal.SIGKILL)
        until_fires(base, ["HostDown"], faulty.address, 30)
    finally:
        server.terminate()
        server.wait(20)


def main():
    if shutil.which("prometheus") is None:
        print("skipped: prometheus is not installed")
        return 77
    work = tempfile.mkdtemp(prefix="hean-faults.")
    hosts = []
    try:
        run(sys.argv[1], work, hosts)
        print("every fault is seen")
        return 0
    except AssertionError as problem:
        print("FAILED:", problem)
        for host in hosts:
            print(open(host.log).read()[-1500:])
        return 1
    finally:
        for host in hosts:
            if host.process.poll() is None:
                host.process.send_signal(signal.SIGCONT)
                host.end(signal.SIGKILL)
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
