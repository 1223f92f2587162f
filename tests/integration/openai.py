"""Plays a language model's server, good and bad, and drives `hean process generate` against it.

Usage: openai.py BUILD WORK. Prints a line a check; exits with 1 if one failed.
"""
import email.utils
import glob
import http.server
import json
import os
import socketserver
import stat
import subprocess
import sys
import threading
import time

try:
    import jsonschema
    with open("spec/schema/process_generate.json", encoding="ascii") as text:
        shape = json.load(text)
    schema = jsonschema.Draft7Validator(shape).validate
except ImportError:
    schema = None

build, work = os.path.abspath(sys.argv[1]), sys.argv[2]
HEAN = os.path.join(build, "hean")
KEY = "sk-test-Abc123-do-not-tell"
REPLIES = os.path.join(os.path.dirname(__file__), "..", "factory", "replies")
failures = checks = 0


def definition(name="idle_cash"):
    return {
        "id": name, "name": "Idle cash", "type": "EARN", "description": "Parks idle balances.",
        "actions": [], "safety": {"max_capital_usd": 500, "max_risk_factor": 2},
        "measurement": {"metrics": ["capital_delta", "time_hours"]},
        "kill_conditions": [{"metric": "fail_rate", "threshold": 0.5},
                            {"metric": "pnl_sum", "threshold": -50, "comparison": "<"}]}


def envelope(content, tokens=100):
    return json.dumps({"choices": [{"index": 0, "finish_reason": "stop", "message": {
        "role": "assistant", "content": content}}], "usage": {"total_tokens": tokens}}).encode()


class Model(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script = []    # what to do with the next requests; the last one goes on
    requests = []  # (path, authorization, body)

    def answer(self, status, body, kind="application/json", headers=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.do_POST()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        Model.requests.append((self.path, self.headers.get("Authorization"), body))
        act = Model.script.pop(0) if len(Model.script) > 1 else Model.script[0]
        try:
            act(self)
        except OSError:
            pass
        self.close_connection = True

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


def good(name="idle_cash", **more):
    return lambda peer: peer.answer(200, envelope(json.dumps(definition(name))), **more)


def raw(body):
    return lambda peer: peer.answer(200, body)


def status(code, text="no", headers=()):
    body = json.dumps({"error": {"message": text}}).encode()
    return lambda peer: peer.answer(code, body, headers=headers)


def cut(peer):
    peer.send_response(200)
    peer.send_header("Content-Type", "application/json")
    peer.send_header("Content-Length", "100000")
    peer.end_headers()
    peer.wfile.write(b'{"choices": [')


def slow(peer):
    peer.send_response(200)
    peer.send_header("Content-Type", "application/json")
    peer.send_header("Content-Length", "100000")
    peer.end_headers()
    for _ in range(200):
        peer.wfile.write(b" ")
        time.sleep(0.1)


def huge(peer):
    peer.send_response(200)
    peer.send_header("Content-Type", "application/json")
    peer.send_header("Content-Length", str(100 << 20))
    peer.end_headers()
    for _ in range(100):
        peer.wfile.write(b" " * (1 << 20))


def echo_key(peer):
    peer.answer(200, envelope(peer.headers.get("Authorization", "")))


def echo_key_escaped(peer):
    text = envelope("KEY").decode().replace("KEY", "".join(f"\\u{ord(c):04x}" for c in KEY))
    peer.answer(200, text.encode())


def no_schema(peer):
    if b"json_schema" in Model.requests[-1][2]:
        return status(400, "response_format json_schema is not supported")(peer)
    return good("no_schema")(peer)


server = Server(("127.0.0.1", 0), Model)
threading.Thread(target=server.serve_forever, daemon=True).start()
URL = f"http://127.0.0.1:{server.server_port}/v1"


def run(script, *arguments, url=URL, key=KEY, store="main.db", more=None):
    Model.script, Model.requests = list(script), []
    environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    environment.pop("OPENAI_API_KEY", None)
    environment["OPENAI_BASE_URL"] = url
    if key:
        environment["OPENAI_API_KEY"] = key
    environment.update(more or {})
    made = subprocess.run(
        [HEAN, "process", "generate", "--store", os.path.join(work, store), *arguments],
        env=environment, cwd=work, capture_output=True, timeout=120, check=False)
    made.words = (made.stdout + made.stderr).decode(errors="replace")
    check("the key is not printed", KEY not in made.words, made.words, quiet=True)
    try:
        made.json = json.loads(made.stdout)
    except ValueError:
        made.json = {}
    return made


def check(name, held, shown="", quiet=False):
    global checks, failures
    checks += 1
    if not held:
        failures += 1
        print(f"FAILED: {name}: {str(shown)[:1500]}")
    elif not quiet:
        print(f"ok: {name}")


def fails(name, script, word, requests=None, code=1, **more):
    made = run(script, "--json", "--timeout", "1", "--fresh", **more)
    held = made.returncode == code and word in made.words
    if requests is not None:
        held = held and len(Model.requests) == requests
    check(name, held, (made.returncode, len(Model.requests), made.words))


# ---- the way through ----
first = run([good()], "--json")
check("a good answer is accepted and stored", first.returncode == 0 and first.json["stored"]
      and first.json["code"] == "accepted" and first.json["answered_by"] == "network", first.words)
check("one request is made, with the key",
      [r[:2] for r in Model.requests] == [("/v1/chat/completions", "Bearer " + KEY)],
      Model.requests)
body = json.loads(Model.requests[0][2])
check("temperature, seed, format and no stream", body["temperature"] == 0.3 and body["seed"] == 42
      and body["stream"] is False and body["response_format"]["type"] == "json_schema", body)
if schema is not None:
    schema(first.json)
    check("the outcome has the shape of its schema", True)
request_bytes = Model.requests[0][2]
second = run([status(500)], "--json", key=None, url="http://127.0.0.1:1/v1")
check("the same question is answered from the record, without network and key",
      second.returncode == 0 and second.json["answered_by"] == "record"
      and not second.json["stored"] and second.json["definition"] == first.json["definition"],
      second.words)
again = run([good()], "--json", store="other.db")
check("the same environment gives the same request bytes", Model.requests[0][2] == request_bytes)
replays = [run([status(500)], "--replay", first.json["hash"], url="http://127.0.0.1:1/v1")
           for _ in range(2)]
check("a replay gives the same bytes", replays[0].stdout == replays[1].stdout
      and json.loads(replays[0].stdout) == definition(), replays[0].words)
check("a replay of what was never asked fails",
      "no record" in run([good()], "--replay", "0" * 64).words)
listed = subprocess.run([HEAN, "process", "list", "--json", "--store", f"{work}/main.db"],
                        capture_output=True, check=False).stdout.decode()
row = [json.loads(l) for l in listed.splitlines() if '"idle_cash"' in l]
check("it is NEW and disabled, from source generated", len(row) == 1
      and row[0].get("state") == "NEW" and row[0].get("enabled") is False
      and row[0].get("source") == "generated", listed)
approved = subprocess.run([HEAN, "process", "approve", "idle_cash", "--store", f"{work}/main.db"],
                          capture_output=True, check=False)
check("an operator can approve it", approved.returncode == 0, approved.stderr)

# ---- what servers do ----
fresh = run([status(429, headers=[("Retry-After", "1")]), good("after_429")], "--json", "--fresh")
check("429 with Retry-After is waited for", fresh.returncode == 0 and len(Model.requests) == 2,
      fresh.words)
fresh = run([status(429), good("after_429_bare")], "--json", "--fresh")
check("429 without Retry-After is tried again", fresh.returncode == 0, fresh.words)
fresh = run([status(503), status(500), good("after_5xx")], "--json", "--fresh")
check("5xx is tried again", fresh.returncode == 0 and len(Model.requests) == 3, fresh.words)
fresh = run([no_schema], "--json", "--fresh")
check("a server without json_schema is asked for a json_object", fresh.returncode == 0
      and len(Model.requests) == 2, fresh.words)
fails("a wait of a day is not waited for", [status(429, headers=[("Retry-After", "86400")])],
      "asks to wait", 1)
far = email.utils.formatdate(time.time() + 86400, usegmt=True)
fails("a Retry-After by date is read", [status(429, headers=[("Retry-After", far)])],
      "asks to wait", 1)
fails("5xx without end is given up", [status(502)], "HTTP 502", 4)
fails("401 is not tried again", [status(401, "bad key")], "HTTP 401", 1)
fails("a cut body is an error", [cut], "llm:", 4)
fails("a slow body times out", [slow], "llm:", 4)
fails("100 MB are not read", [huge], "llm:", 4)
fails("a wrong content type is refused", [lambda p: good(kind="text/html")(p)],
      "expected application/json", 1)
other = Server(("127.0.0.1", 0), Model)
threading.Thread(target=other.serve_forever, daemon=True).start()
for code in (301, 302, 303, 307, 308):
    there = f"http://127.0.0.1:{other.server_port}/v1/chat/completions"
    fails(f"a redirect {code} is not followed",
          [status(code, headers=[("Location", there)]), good("elsewhere")], "redirects", 1)
fails("an answer with the key in it is thrown away", [echo_key], "contains the key", 1)
fails("so is one with the key in escapes", [echo_key_escaped], "contains the key", 1)

# ---- where the key may go ----
for url in ("http://example.com/v1", "http://127.0.0.1.example.com/v1", "http://10.0.0.1/v1"):
    fails(f"no TLS: {url} is not asked", [good()], "without TLS", 0, url=url, code=3)
for url in ("http://user@127.0.0.1/v1", "ftp://127.0.0.1", "https://a b/v1", "https://"):
    fails(f"{url!r} is no base URL", [good()], "OPENAI_BASE_URL", 0, url=url, code=None or 1)
fails("https without a key asks for one", [good()], "OPENAI_API_KEY", 0, key=None,
      url="https://127.0.0.1:1/v1")
key_file = os.path.join(work, "key")
with open(key_file, "w", encoding="ascii") as out:
    out.write(KEY + "\n")
os.chmod(key_file, stat.S_IRUSR)
made = run([good("by_file")], "--json", "--fresh", "--key-file", key_file, key=None)
check("an owner's file holds the key", Model.requests
      and Model.requests[0][1] == "Bearer " + KEY, made.words)
os.chmod(key_file, 0o644)
made = run([good()], "--json", "--fresh", "--key-file", key_file, key=None)
check("a file that others may read is refused", made.returncode != 0
      and "chmod 600" in made.words and not Model.requests, made.words)
made = run([good("no_proxy")], "--json", "--fresh",
           more={"http_proxy": "http://127.0.0.1:1", "all_proxy": "http://127.0.0.1:1"})
check("this machine is not asked through a proxy", made.returncode == 0, made.words)

# ---- budgets ----
made = [run([good("budget")], "--fresh", "--json", "--max-requests", "2", store="budget.db")
        for _ in range(3)]
check("the budget of requests ends", made[2].returncode == 1 and "requests a day" in made[2].words
      and made[1].returncode == 0, made[2].words)
made = run([good("tokens")], "--json", "--max-tokens", "5000", store="tokens.db")
check("the budget of tokens is asked before", made.returncode == 1
      and "tokens a day" in made.words and not Model.requests, made.words)


# ---- the key is nowhere, while it is in use ----
def look_around(peer):
    time.sleep(0.3)
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if int(pid) == os.getpid():
            continue
        for name in ("environ", "cmdline"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as text:
                    if KEY.encode() in text.read():
                        found.append(f"{pid}/{name}")
            except OSError:
                pass
    look_around.found = found
    good("looked")(peer)


run([look_around], "--fresh", "--json")
check("the key is in no process's environment or command line", look_around.found == [],
      look_around.found)

# ---- every recorded reply, over the wire ----
wrong = []
paths = sorted(glob.glob(os.path.join(REPLIES, "*.txt")))
for path in paths:
    code = os.path.basename(path).split(".")[0]
    with open(path, "rb") as text:
        content = text.read()
    try:
        reply = content if code.startswith("answer_") else envelope(content.decode())
    except UnicodeDecodeError:
        continue  # no text of JSON
    made = run([raw(reply)], "--json", "--fresh", "--max-requests", "1000", "--max-tokens",
               "100000000", store="replies.db")
    if made.json.get("code") != code or made.returncode != (0 if code == "accepted" else 1) \
            or made.json["stored"] != (code == "accepted"):
        wrong.append((os.path.basename(path), made.words[:200]))
check(f"{len(paths)} recorded replies get their codes", not wrong and len(paths) >= 150, wrong)

for path in glob.glob(os.path.join(work, "*")):
    if path == key_file:
        continue
    with open(path, "rb") as text:
        check(f"the key is not in {os.path.basename(path)}", KEY.encode() not in text.read(),
              quiet=True)

print(f"{checks} checks, {failures} failed")
sys.exit(1 if failures else 0)
