"""A random account statement and a random list of runs in folder argv[1], and what they add up to in
expected.json: worked out from the rules, without a line of HEAN."""
import json
import random
import sys
from decimal import ROUND_HALF_EVEN, Decimal, getcontext

getcontext().prec = 60
folder, seed = sys.argv[1], int(sys.argv[2])
rng = random.Random(seed)
HEADER = ("Uid,Time,Currency,Contract,Type,Direction,Quantity,Position,Filled Price,Funding,Fee Paid,"
          "Cash Flow,Change,Wallet Balance,Fee Rate,Trade ID,Order ID")
E8 = Decimal("0.00000001")


def amount():
    return Decimal(rng.randint(-10**12, 10**12)) * E8


def text(value):
    return "0E-8" if value == 0 else format(value, "f")


def statement():
    balances, sums, rows = {}, {}, []
    second = 1733011200
    for number in range(3000):
        wallet = (rng.choice(["111", "222"]), rng.choice(["USDT", "USDC", "BTC"]))
        total = sums.setdefault(wallet, dict.fromkeys(("pnl", "funding", "fees", "capital"), Decimal(0)))
        balance = balances.setdefault(wallet, amount())
        kind = rng.choice(["TRADE", "TRADE", "TRADE", "SETTLEMENT", "TRANSFER_IN", "TRANSFER_OUT"])
        funding = amount() if kind == "SETTLEMENT" else Decimal(0)
        fee = abs(amount()) / 1000 if kind == "TRADE" else Decimal(0)
        fee = fee.quantize(E8)
        flow = abs(amount()) if kind == "TRANSFER_IN" else -abs(amount()) if kind == "TRANSFER_OUT" \
            else amount() if kind == "TRADE" and rng.random() < 0.5 else Decimal(0)
        change = flow + funding - fee
        balances[wallet] = balance + change
        total["capital" if kind.startswith("TRANSFER") else "pnl"] += flow
        total["funding"] += funding
        total["fees"] += fee
        second += rng.randint(0, 2) // 2 * rng.randint(0, 600)
        time = f"2024-12-{1 + second % 2592000 // 86400:02} {second % 86400 // 3600:02}:" \
               f"{second % 3600 // 60:02}:{second % 60:02}"
        rows.append(",".join([wallet[0], time, wallet[1], "X" + wallet[1], kind, "BUY", "1", "1", "1",
                              text(funding), text(fee), text(flow), text(change),
                              text(balances[wallet]), "0.0001",
                              f"trade-{number // 2}" if kind == "TRADE" else "", ""]))
    return rows, sums


def run(number):
    metrics = {key: rng.choice([0, rng.uniform(-500, 500), round(rng.uniform(-5, 5), 4)])
               for key in ("capital_delta", "fee_drag", "funding_payment_usd", "reward_usd")
               if rng.random() < 0.7}
    if rng.random() < 0.5:
        metrics["trading_volume_usd"] = rng.uniform(0, 1e6)
    if rng.random() < 0.8:
        metrics["time_hours"] = rng.uniform(0, 100)
    return {"run_id": f"run-{number}", "process_id": f"process-{rng.randint(0, 4)}",
            "status": rng.choice(["COMPLETED", "FAILED", "RUNNING"]),
            "started_at": "2024-12-01T00:00:00+00:00", "finished_at": None,
            "capital_allocated_usd": round(rng.uniform(0, 20000), 2), "metrics": metrics,
            "outputs": {"reward_amount": 1.5} if rng.random() < 0.2 else {}}


def exact(value):
    return Decimal(repr(value))


def attributed(item):
    m = {key: exact(value) for key, value in item["metrics"].items()}
    capital, hours = exact(item["capital_allocated_usd"]), m.get("time_hours", Decimal(0))
    fees = abs(m["fee_drag"]) if "fee_drag" in m \
        else m["trading_volume_usd"] * Decimal("0.000175") if "trading_volume_usd" in m \
        else capital / 10000
    figures = {"pnl": m.get("capital_delta", Decimal(0)), "fees": fees,
               "funding": m.get("funding_payment_usd", Decimal(0)),
               "opportunity_cost": capital * hours * 5 / (100 * 8760)}
    figures = {key: value.quantize(E8, ROUND_HALF_EVEN) for key, value in figures.items()}
    figures["rewards"] = sum((value.quantize(E8, ROUND_HALF_EVEN) for value in
                              (m.get("reward_usd", Decimal(0)),
                               exact(item["outputs"].get("reward_amount", 0)))), Decimal(0))
    return figures


rows, sums = statement()
shuffled = rows[:]
rng.shuffle(shuffled)
parts = {"newest_first": rows[::-1], "shuffled": shuffled, "first_part": rows[:2000],
         "without_a_row": [row for i, row in enumerate(rows) if i != 1500]}
for name, part in parts.items():
    with open(f"{folder}/{name}.csv", "w", encoding="utf-8") as out:
        out.write("UID: 111,Company Name: ,Country: \n" + "\n".join([HEADER] + part) + "\n")

runs = [run(number) for number in range(2000)]
with open(f"{folder}/runs.jsonl", "w", encoding="utf-8") as out:
    out.write("".join(json.dumps(item) + "\n" for item in runs))
processes = {}
for item in runs:
    if item["status"] != "RUNNING":
        total = processes.setdefault(item["process_id"], {})
        for key, value in attributed(item).items():
            total[key] = total.get(key, Decimal(0)) + value

with open(f"{folder}/expected.json", "w", encoding="utf-8") as out:
    json.dump({"wallets": [{"uid": uid, "currency": currency, **{k: str(v) for k, v in total.items()}}
                           for (uid, currency), total in sorted(sums.items())],
               "processes": {name: {k: str(v) for k, v in total.items()}
                             for name, total in sorted(processes.items())}}, out)
