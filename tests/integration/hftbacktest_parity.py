"""Runs a schedule of orders through hftbacktest and compares every execution with ours.

    hftbacktest_parity.py FOLDER ENTRY_NS RESPONSE_NS TICK LOT QUEUE-PARTIAL...

FOLDER holds events.bin (72-byte events in host order), order.bin (uint32: the venue's order) and
for each QUEUE-PARTIAL its .schedule (time, action, order, side, price ticks, lots, type, time in
force) and .fills (order, venue time, price ticks, lots filled so far), all of them written by
hftbacktest_parity_test.c. Prints what was compared; exit code 1 if anything differs.
"""

import sys

import numpy as np
from hftbacktest import (
    BUY_EVENT,
    DEPTH_CLEAR_EVENT,
    DEPTH_EVENT,
    EXCH_EVENT,
    LOCAL_EVENT,
    SELL_EVENT,
    TRADE_EVENT,
    BacktestAsset,
    HashMapMarketDepthBacktest,
)
from hftbacktest.types import event_dtype
from numba import njit

EVENT = np.dtype(
    {
        "names": ["local_ns", "exch_ns", "kind", "side", "flags", "price", "qty"],
        "formats": ["<i8", "<i8", "u1", "u1", "u1", "<i8", "<i8"],
        "offsets": [0, 8, 16, 17, 18, 24, 32],
        "itemsize": 72,
    }
)
BOOK, TRADE = 1, 2
CLEAR = 0x02
STEP_NS = 100_000


def convert(events, seen, tick, lot):
    """Rows for one side: EXCH_EVENT in the venue's order or LOCAL_EVENT in the host's."""
    events = events[(events["kind"] == BOOK) | (events["kind"] == TRADE)]
    clears = (events["flags"] & CLEAR) != 0
    out = np.zeros(len(events) + int(clears.sum()), event_dtype)
    place = np.arange(len(events)) + np.cumsum(clears)
    kind = np.where(events["kind"] == BOOK, DEPTH_EVENT, TRADE_EVENT)
    side = np.where(events["side"] == 1, BUY_EVENT, SELL_EVENT)
    rows = out[place]
    rows["ev"] = kind.astype(np.uint64) | side.astype(np.uint64) | np.uint64(seen)
    rows["exch_ts"] = events["exch_ns"]
    rows["local_ts"] = events["local_ns"]
    rows["px"] = np.round(events["price"] * tick, 10)
    rows["qty"] = np.round(events["qty"] * lot, 10)
    out[place] = rows
    before = place[clears] - 1
    out["ev"][before] = np.uint64(DEPTH_CLEAR_EVENT) | np.uint64(seen)
    out["exch_ts"][before] = events["exch_ns"][clears]
    out["local_ts"][before] = events["local_ns"][clears]
    return out


def load(folder, tick, lot):
    events = np.fromfile(folder + "/events.bin", EVENT)
    order = np.fromfile(folder + "/order.bin", np.uint32)
    venue = convert(events[order], EXCH_EVENT, tick, lot)
    local = convert(events, LOCAL_EVENT, tick, lot)
    both = np.concatenate([venue, local])
    when = np.concatenate([venue["exch_ts"], local["local_ts"]])
    return both[np.argsort(when, kind="stable")]


@njit
def look(hbt, leaves, fills, count, lot):
    """Notes orders that have filled further since the last look."""
    orders = hbt.orders(0).values()
    while orders.has_next():
        order = orders.get()
        known = leaves[order.order_id]
        if known < 0:
            leaves[order.order_id] = known = order.qty
        if order.leaves_qty < known:
            fills[count, 0] = order.order_id
            fills[count, 1] = order.exch_timestamp
            fills[count, 2] = order.exec_price_tick
            fills[count, 3] = round((order.qty - order.leaves_qty) / lot)
            leaves[order.order_id] = order.leaves_qty
            count += 1
    hbt.clear_inactive_orders(0)
    return count


@njit
def play(hbt, schedule, start, end, tick, lot, less, fills):
    leaves = np.full(len(schedule) + 2, -1.0)
    count = 0
    at = 0
    now = start
    # Its clock stands still until the first step, then at the first event.
    if hbt.elapse(0) != 0 or hbt.elapse(start - hbt.current_timestamp) != 0:
        return count
    while now < end:
        while at < len(schedule) and schedule[at, 0] == now:
            _, action, number, side, price, qty, kind, tif = schedule[at]
            if action == 0 and side == 1:
                hbt.submit_buy_order(0, number, price * tick, (qty - less) * lot, tif, kind, False)
            elif action == 0:
                hbt.submit_sell_order(0, number, price * tick, (qty - less) * lot, tif, kind, False)
            elif action == 1:
                hbt.cancel(0, number, False)
            else:
                hbt.modify(0, number, price * tick, qty * lot, False)
            at += 1
        upto = min(now + STEP_NS, end)
        if at < len(schedule):
            upto = min(upto, schedule[at, 0])
        if hbt.elapse(upto - now) != 0:
            break
        now = upto
        count = look(hbt, leaves, fills, count, lot)
    return count


def compare(data, folder, name, latencies, tick, lot):
    queue, partial = name.split("-")
    asset = BacktestAsset().data(data).linear_asset(1.0)
    asset = asset.constant_order_latency(*latencies)
    if queue == "risk_averse":
        asset = asset.risk_adverse_queue_model()
    elif queue == "prob_log":
        asset = asset.log_prob_queue_model()
    else:
        asset = asset.power_prob_queue_model(3.0)
    asset = asset.partial_fill_exchange() if partial == "1" else asset.no_partial_fill_exchange()
    asset = asset.trading_value_fee_model(0.0, 0.0).tick_size(tick).lot_size(lot)
    schedule = np.loadtxt(f"{folder}/{name}.schedule", np.int64, delimiter=",", ndmin=2)
    ours = np.loadtxt(f"{folder}/{name}.fills", np.int64, delimiter=",", ndmin=2)
    found = np.zeros((len(schedule) * 50 + 100, 4), np.int64)
    hbt = HashMapMarketDepthBacktest([asset])
    # In hftbacktest's partial fills an order whose rest is met exactly is filled but stays in the
    # book, and the next update that reaches it fails. A tenth of a lot less keeps clear of that.
    less = 0.1 if partial == "1" else 0.0
    start, end = int(schedule[0, 0]), int(data["local_ts"].max())
    count = play(hbt, schedule, start, end, tick, lot, less, found)
    theirs = {tuple(int(x) for x in row) for row in found[:count]}
    mine = {tuple(int(x) for x in row) for row in ours}
    print(
        f"queue {queue}, partial fills {partial}: {len(schedule)} actions, executions: "
        f"{len(mine)} here, {len(theirs)} in hftbacktest, {len(mine & theirs)} equal",
        flush=True,
    )
    for where, fills in (("hftbacktest", theirs - mine), ("here", mine - theirs)):
        for fill in sorted(fills, key=lambda fill: fill[1])[:10]:
            print(f"  only {where}: order {fill[0]} at {fill[1]} price {fill[2]} filled {fill[3]}")
    return bool(mine) and mine == theirs


def main():
    folder = sys.argv[1]
    latencies = int(sys.argv[2]), int(sys.argv[3])
    tick, lot = float(sys.argv[4]), float(sys.argv[5])
    data = load(folder, tick, lot)
    equal = [compare(data, folder, name, latencies, tick, lot) for name in sys.argv[6:]]
    return 0 if all(equal) else 1


if __name__ == "__main__":
    sys.exit(main())
