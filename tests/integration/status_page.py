"""The status page in headless Chromium, over its debugging pipe: status_page.py URL [real]

Prints "restart" when the host should be started anew, "ok" at the end, else what is wrong.
Exit 77 where there is no Chromium.
"""
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time


class Browser:
    def __init__(self, program):
        self.profile = tempfile.mkdtemp(prefix="hean-chromium.")
        to_read, self.write_fd = os.pipe()
        self.read_fd, to_write = os.pipe()

        def give_pipes():  # Chromium reads commands from 3 and answers on 4
            a, b = os.dup(to_read), os.dup(to_write)
            os.dup2(a, 3)
            os.dup2(b, 4)
        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-dev-shm-usage", "--remote-debugging-pipe",
             f"--user-data-dir={self.profile}", "about:blank"],
            close_fds=False, preexec_fn=give_pipes, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.number, self.data, self.events, self.session = 0, b"", [], None

    def message(self, seconds):
        deadline = time.time() + seconds
        while b"\0" not in self.data:
            left = deadline - time.time()
            if left <= 0 or not select.select([self.read_fd], [], [], left)[0]:
                raise TimeoutError("the browser does not answer")
            chunk = os.read(self.read_fd, 1 << 20)
            if not chunk:
                raise EOFError("the browser is gone")
            self.data += chunk
        text, self.data = self.data.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **params):
        self.number += 1
        command = {"id": self.number, "method": method, "params": params}
        if self.session:
            command["sessionId"] = self.session
        os.write(self.write_fd, json.dumps(command).encode() + b"\0")
        while True:
            answer = self.message(60)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True,
                           returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def until(self, what, expression, seconds=30):
        deadline = time.time() + seconds
        while time.time() < deadline:
            if self.evaluate(expression):
                return
            time.sleep(0.1)
        raise AssertionError(f"{what}: {self.evaluate('document.body.innerText')[:1500]}")

    def complaints(self):
        """Errors of the console, and what was not allowed."""
        found = []
        for event in self.events:
            params = event.get("params", {})
            if event["method"] == "Runtime.exceptionThrown":
                found.append(params["exceptionDetails"].get("text"))
            elif event["method"] == "Log.entryAdded" and params["entry"]["level"] == "error":
                found.append(params["entry"]["text"])
            elif event["method"] == "Runtime.consoleAPICalled" and params["type"] == "error":
                found.append(str(params["args"]))
        self.events.clear()
        return found

    def close(self):
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.profile, ignore_errors=True)


# The figures of the page and those of /metrics, at one snapshot.
COMPARE = """(async () => {
  for (let i = 0; i < 100; i++) {
    const text = await (await fetch('/metrics', { cache: 'no-store' })).text();
    const metric = (name) => (text.match(new RegExp('^' + name + ' (.*)$', 'm')) || [])[1];
    if (metric('hean_snapshots_total') === document.body.dataset.sequence) {
      const shown = (field) => document.querySelector(`[data-field="${field}"]`).dataset.value;
      return JSON.stringify([[metric('hean_equity'), shown('account.equity')],
        [metric('hean_net_pnl'), shown('pnl.net')],
        [metric('hean_drawdown_pct'), shown('account.drawdown_pct')]]);
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  return null;
})()"""


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def looks(browser):
    """Light and dark, desk and phone."""
    colours = []
    for scheme in ("light", "dark"):
        browser.call("Emulation.setEmulatedMedia",
                     features=[{"name": "prefers-color-scheme", "value": scheme}])
        colours.append(browser.evaluate("getComputedStyle(document.body).backgroundColor"))
    check(colours[0] != colours[1], f"light and dark are alike: {colours}")
    for width in (360, 768, 1920):
        browser.call("Emulation.setDeviceMetricsOverride", width=width, height=800,
                     deviceScaleFactor=1, mobile=width < 500)
        wide = browser.evaluate("document.documentElement.scrollWidth")
        check(wide <= width, f"{wide} wide on a screen of {width}")
    browser.call("Emulation.clearDeviceMetricsOverride")


def keyboard(browser):
    def key(name, code):
        for kind in ("keyDown", "keyUp"):
            browser.call("Input.dispatchKeyEvent", type=kind, key=name, code=code,
                         text=name if len(name) == 1 and kind == "keyDown" else "",
                         windowsVirtualKeyCode=9 if name == "Tab" else 80)
    key("p", "KeyP")
    check(browser.evaluate("document.getElementById('pause').ariaPressed") == "true", "p: no pause")
    key("p", "KeyP")
    check(browser.evaluate("document.getElementById('pause').ariaPressed") == "false", "p: stays")
    reached = set()
    for _ in range(14):
        key("Tab", "Tab")
        reached.add(browser.evaluate("document.activeElement.id || "
                                     "document.activeElement.getAttribute('aria-label') || "
                                     "document.activeElement.className"))
    check({"skip", "pause", "Strategies", "Open orders"} <= reached, f"Tab reaches {reached}")


def run(browser, url):
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    browser.session = browser.call("Target.attachToTarget", targetId=target,
                                   flatten=True)["sessionId"]
    for domain in ("Runtime", "Log", "Network", "Page"):
        browser.call(domain + ".enable")
    browser.evaluate("console.error('a control')")
    check(len(browser.complaints()) == 1, "complaints of the console are not heard")
    browser.call("Page.navigate", url=url)
    browser.until("the page shows figures", "document.body?.dataset.sequence > 3")
    figures = browser.evaluate(COMPARE)
    check(figures, "page and /metrics never were at one snapshot")
    for metric, shown in json.loads(figures):
        check(metric == shown, f"{shown} on the page, {metric} in /metrics")
    check(browser.evaluate("document.querySelectorAll('canvas').length") >= 4, "no charts")
    if "real" not in sys.argv:  # what the fixture of metrics_page_test.c says
        strategies = browser.evaluate("document.getElementById('strategies').innerText")
        check(strategies.count("<b>boom</b>") == 1, "a strategy's text is not shown as it is")
        check(browser.evaluate("document.getElementById('rejects').innerText.includes("
                               "'risk_order_rate')"), "no refusals")
    check(browser.evaluate("document.querySelectorAll('main b').length") == 0, "text became markup")
    before = browser.evaluate("document.body.dataset.sequence")
    browser.until("figures move", f"document.body.dataset.sequence !== '{before}'")
    looks(browser)
    keyboard(browser)
    outside = [event["params"]["request"]["url"] for event in browser.events
               if event["method"] == "Network.requestWillBeSent"
               and not event["params"]["request"]["url"].startswith((url, "data:"))]
    check(not outside, f"asks elsewhere: {outside}")
    complaints = browser.complaints()
    check(not complaints, f"the console complains: {complaints}")

    print("restart", flush=True)
    browser.until("a host that is gone is told", "!document.getElementById('banner').hidden")
    browser.until("the new host is shown", "document.getElementById('banner').hidden && "
                  "document.body.dataset.sequence < 20")
    complaints = [text for text in browser.complaints() if "Failed to load resource" not in text]
    check(not complaints, f"the console complains after a restart: {complaints}")


def main():
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        print("skipped: chromium is not installed")
        return 77
    browser = Browser(program)
    try:
        run(browser, sys.argv[1])
        print("ok: the status page is right")
        return 0
    except (AssertionError, RuntimeError, TimeoutError, EOFError) as problem:
        print(f"FAILED: {problem}")
        return 1
    finally:
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
