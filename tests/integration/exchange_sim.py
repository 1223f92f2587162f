"""exchange_sim.py: clients of `hean exchange-sim` that share no code with it: raw sockets, and, where
they are installed, pybit and ccxt. Usage: exchange_sim.py HEAN CERT KEY. Each check prints a line;
the exit code is the number of failures."""
import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time

hean, cert, key = sys.argv[1:4]
failures = 0


def check(name, good, detail=""):
    global failures
    print(("ok: " if good else "FAILED: ") + name + ("" if good else f": {detail}"[:800]), flush=True)
    failures += not good


@contextlib.contextmanager
def venue(*options, env=None):
    process = subprocess.Popen([hean, "exchange-sim", "--json", "--until-eof", *options],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               env={**os.environ, **(env or {})})
    try:
        yield Client(json.loads(process.stdout.readline()), process, (env or {}).get("BYBIT_API_SECRET"))
    finally:
        process.stdin.close()
        code = process.wait(timeout=20)
        check("the venue ends with its input", code == 0, code)


class Client:
    def __init__(self, info, process, secret):
        self.info, self.process = info, process
        self.secret = secret or info["api_secret"]
        self.port = int(info["rest"].rsplit(":", 1)[1])
        self.tls = info["rest"].startswith("https")

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self.tls:
            return plain
        return ssl.create_default_context(cafile=cert).wrap_socket(plain, server_hostname="127.0.0.1")

    def sign(self, payload):
        now = str(int(time.time() * 1000))
        text = now + self.info["api_key"] + "5000" + payload
        sign = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        return {"X-BAPI-API-KEY": self.info["api_key"], "X-BAPI-TIMESTAMP": now,
                "X-BAPI-RECV-WINDOW": "5000", "X-BAPI-SIGN": sign}

    def ask(self, method, path, query="", body=None):
        text = json.dumps(body) if body is not None else None
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.sock = self.connect()
        connection.request(method, path + ("?" + query if query else ""), text,
                           self.sign(text if method == "POST" else query))
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, json.loads(data) if data[:1] == b"{" else data

    def order(self, **rest):
        body = {"category": "linear", "symbol": "SIMUSDT", "side": "Buy", "orderType": "Market",
                "qty": "1", **rest}
        return self.ask("POST", "/v5/order/create", body=body)

    def faults(self, **rates):
        return self.ask("POST", "/sim/faults", body={"reset": True, **rates})


class Socket:
    """A WebSocket client in forty lines."""

    def __init__(self, client, path):
        self.sock, self.data = client.connect(), b""
        nonce = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall((f"GET {path} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade"
                           f"\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {nonce}\r\n\r\n").encode())
        head = self.until(b"\r\n\r\n")
        accept = base64.b64encode(hashlib.sha1(
            (nonce + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
        self.good = head.startswith(b"HTTP/1.1 101") and accept.encode() in head

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise EOFError
        self.data += data

    def take(self, count):
        while len(self.data) < count:
            self.more()
        out, self.data = self.data[:count], self.data[count:]
        return out

    def until(self, mark):
        while mark not in self.data:
            self.more()
        return self.take(self.data.index(mark) + len(mark))

    def send(self, message, opcode=1):
        data = message if isinstance(message, bytes) else json.dumps(message).encode()
        mask = os.urandom(4)
        length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data))
        self.sock.sendall(bytes([0x80 | opcode]) + length + mask +
                          bytes(b ^ mask[i % 4] for i, b in enumerate(data)))

    def receive(self):
        head = self.take(2)
        length = head[1] & 127
        if length == 126:
            length = struct.unpack(">H", self.take(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", self.take(8))[0]
        data = self.take(length)
        return (head[0] & 15, data) if head[0] & 15 != 1 else json.loads(data)

    def wait(self, topic):
        while True:
            frame = self.receive()
            if isinstance(frame, dict) and frame.get("topic") == topic:
                return frame


def raw(client, data, wait=True):
    sock = client.connect()
    sock.sendall(data)
    out = b""
    with contextlib.suppress(OSError):
        while wait:
            piece = sock.recv(65536)
            if not piece:
                break
            out += piece
    sock.close()
    return out


def rest_checks(client):
    status, answer = client.ask("GET", "/v5/market/time")
    check("the clock is the machine's", status == 200 and abs(answer["time"] / 1000 - time.time()) < 1)
    status, answer = client.order(orderLinkId="rest-1")
    check("an order is taken", answer["retCode"] == 0, answer)
    check("its id is taken once", client.order(orderLinkId="rest-1")[1]["retCode"] == 110072)
    rows = client.ask("GET", "/v5/execution/list", "category=linear")[1]["result"]["list"]
    check("it was executed", {row["orderLinkId"] for row in rows} == {"rest-1"}, rows)
    request = b"GET /v5/market/time HTTP/1.1\r\nHost: h\r\n\r\n"
    answers = raw(client, request * 3 + request.replace(b"Host: h", b"Connection: close"))
    check("pipelined requests are answered in order", answers.count(b"HTTP/1.1 200 OK") == 4, answers)
    for name, data, code in [
            ("a chunked body", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b" 411 "),
            ("an endless body", b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", b" 413 "),
            ("an endless head", b"GET / HTTP/1.1\r\nA: " + b"a" * 20000, b" 431 "),
            ("nonsense", b"\x16\x03\x01 hello\r\n\r\n", b" 400 ")]:
        if client.tls and name == "nonsense":
            continue
        check(name + " is refused", code in raw(client, data)[:20])
    for _ in range(50):
        raw(client, b"POST /v5/order/create HTTP/1.1\r\nContent-Length: 10\r\n\r\n{", wait=False)
    check("clients that leave early do no harm", client.ask("GET", "/v5/market/time")[0] == 200)


def stream_checks(client):
    public, private = Socket(client, "/v5/public/linear"), Socket(client, "/v5/private")
    check("sockets open", public.good and private.good)
    public.send({"op": "ping", "req_id": "7"})
    check("a ping is answered", public.receive()["ret_msg"] == "pong")
    public.send(b"abc", opcode=9)
    check("a protocol ping is answered", public.receive() == (10, b"abc"))
    public.send({"op": "subscribe", "args": ["orderbook.50.SIMUSDT", "publicTrade.SIMUSDT"]})
    frames = [public.wait("orderbook.50.SIMUSDT") for _ in range(20)]
    check("a book begins with a snapshot", frames[0]["type"] == "snapshot")
    numbers = [frame["data"]["u"] for frame in frames]
    check("its numbers have no gap", numbers == list(range(numbers[0], numbers[0] + 20)), numbers)
    expires = int(time.time() * 1000) + 10000
    sign = hmac.new(client.secret.encode(), f"GET/realtime{expires}".encode(),
                    hashlib.sha256).hexdigest()
    private.send({"op": "auth", "args": [client.info["api_key"], expires, sign]})
    check("auth succeeds", private.receive()["success"])
    private.send({"op": "subscribe", "args": ["order", "execution", "position", "wallet"]})
    check("private topics are there", private.receive()["success"])
    client.order(orderLinkId="stream-1", side="Sell", qty="0.5")
    order, execution = private.wait("order"), private.wait("execution")
    check("the order is told", order["data"][0]["orderLinkId"] == "stream-1", order)
    check("its execution is told", execution["data"][0]["execType"] == "Trade", execution)
    check("the position is told", private.wait("position")["data"][0]["symbol"] == "SIMUSDT")
    check("the wallet is told", private.wait("wallet")["data"][0]["accountType"] == "UNIFIED")
    public.send(b"\xff" * 20, opcode=2)
    nowhere = Socket(client, "/v5/public/nowhere")
    try:
        nowhere.receive()
        check("a socket to nowhere is cut", False)
    except (EOFError, OSError):
        check("a socket to nowhere is cut", True)


def fault_checks(client):
    client.faults(http_429=1)
    check("faults are switched on", client.ask("GET", "/v5/market/time")[0] == 429)
    client.faults(accepted_no_answer=1)
    try:
        client.order(orderLinkId="lost")
        check("an answer is lost", False)
    except (OSError, http.client.HTTPException):
        check("an answer is lost", True)
    client.faults(cut_answer=1)
    try:
        client.ask("GET", "/v5/market/time")
        check("an answer is cut", False)
    except (OSError, http.client.HTTPException):
        check("an answer is cut", True)
    client.faults(slow_answer=1)
    begin = time.time()
    client.ask("GET", "/v5/market/time")
    check("an answer is slow", time.time() - begin > 0.15)
    client.faults()
    check("the order of the lost answer is there", client.order(orderLinkId="lost")[1]["retCode"] == 110072)
    public = Socket(client, "/v5/public/linear")
    public.send({"op": "subscribe", "args": ["orderbook.50.SIMUSDT"]})
    public.wait("orderbook.50.SIMUSDT")
    client.faults(drop_connection=1)
    try:
        while True:
            public.receive()
    except (EOFError, OSError):
        check("a connection is dropped", True)
    client.faults()


def pybit_checks(client):
    try:
        from pybit.unified_trading import HTTP
    except ImportError:
        print("skipped: pybit is not installed")
        return
    session = HTTP(api_key=client.info["api_key"], api_secret=client.info["api_secret"])
    session.endpoint = client.info["rest"]
    session.place_order(category="linear", symbol="SIMUSDT", side="Buy", orderType="Limit", qty="1",
                        price="950", orderLinkId="pybit-1")
    session.amend_order(category="linear", symbol="SIMUSDT", orderLinkId="pybit-1", qty="2")
    rows = session.get_open_orders(category="linear", symbol="SIMUSDT")["result"]["list"]
    check("pybit: place, amend, list", [(row["orderLinkId"], row["qty"]) for row in rows] ==
          [("pybit-1", "2")], rows)
    session.cancel_all_orders(category="linear", settleCoin="USDT")
    check("pybit: balance", session.get_wallet_balance(accountType="UNIFIED")["retCode"] == 0)


def ccxt_checks(client):
    try:
        import ccxt
    except ImportError:
        print("skipped: ccxt is not installed")
        return
    exchange = ccxt.bybit({"apiKey": client.info["api_key"], "secret": client.info["api_secret"],
                           "options": {"fetchMarkets": {"types": ["spot", "linear"]}}})
    exchange.has["fetchCurrencies"] = False
    for name, value in exchange.urls["api"].items():
        if isinstance(value, str):
            exchange.urls["api"][name] = client.info["rest"]
    check("ccxt: markets", {"SIM/USDT", "SIM/USDT:USDT"} <= set(exchange.load_markets()))
    order = exchange.create_order("SIM/USDT:USDT", "limit", "buy", 1, 950)
    check("ccxt: order and open orders", order["id"] in
          [row["id"] for row in exchange.fetch_open_orders("SIM/USDT:USDT")])
    exchange.cancel_order(order["id"], "SIM/USDT:USDT")
    exchange.create_order("SIM/USDT", "market", "buy", 1, 1100)
    check("ccxt: spot balance", 0.9 < exchange.fetch_balance()["SIM"]["total"] < 1.2)
    check("ccxt: candles", len(exchange.fetch_ohlcv("SIM/USDT:USDT", "1m")) >= 2)


with venue("--history", "5m") as plain:
    rest_checks(plain)
    stream_checks(plain)
    fault_checks(plain)
with venue("--history", "5m", "--limit-factor", "10") as other:
    pybit_checks(other)
    ccxt_checks(other)
with venue("--tls-cert", cert, "--tls-key", key, "--api-key", "k",
           env={"BYBIT_API_SECRET": "from-the-environment"}) as secure:
    check("a secret that was given is not repeated", secure.info["api_secret"] is None and
          secure.info["api_key"] == "k")
    rest_checks(secure)
    stream_checks(secure)
    plain_text = socket.create_connection(("127.0.0.1", secure.port), timeout=10)
    plain_text.sendall(b"GET / HTTP/1.1\r\n\r\n")
    check("plain text on a TLS port is refused", b"200" not in plain_text.recv(1000))
process = subprocess.Popen([hean, "exchange-sim"], stdout=subprocess.PIPE, text=True)
line = process.stdout.readline()
check("without --json the line is for people", line.startswith("rest http://127.0.0.1:"), line)
process.send_signal(signal.SIGTERM)
check("it ends by a signal", process.wait(timeout=20) == 0)
sys.exit(min(failures, 100))
