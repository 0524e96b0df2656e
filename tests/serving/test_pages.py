"""The pages: whole in themselves, and in a browser a review is typed and its class read."""

import json
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.inspection.models import FORECAST, TEXTS, make_model
from tests.serving.running import running

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_page_loads_nothing_from_elsewhere(path: str) -> None:
    with running(make_model("gru", TEXTS)) as server:
        found = server.client.get(path)
        reads = server.client.get("/model").json()
    assert found.headers["content-type"].startswith("text/html")
    policy = found.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-") and "connect-src 'self'" in policy
    # A name space of SVG is no address that is asked.
    assert set(re.findall(r"https?://[^\s\"'`]+", found.text)) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(?:script|link|img)[^>]*(?:src|href)=", found.text)
    assert reads["kind"] == "text" and reads["classes"] == ["negative", "positive"]


class Browser:
    """A page of a headless browser, by its debugging protocol."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket, self._number = socket, 0

    def call(self, method: str, **given: Any) -> Any:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": given}))
        while (found := json.loads(self._socket.recv(30))).get("id") != self._number:
            pass
        return found["result"]

    def says(self, script: str) -> Any:
        return self.call("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def until(self, script: str) -> None:
        end = time.monotonic() + 30
        while not self.says(script):
            assert time.monotonic() < end, script
            time.sleep(0.05)

    def open(self, address: str, width: int) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1, mobile=width < 500)
        self.call("Page.navigate", url=address)
        self.until("document.readyState === 'complete' && document.getElementById('ask')?.disabled === false")

    def write(self, field: str, text: str) -> None:
        self.says(f"document.getElementById({field!r}).focus()")
        self.call("Input.insertText", text=text)

    def click(self, button: str) -> None:
        self.says(f"document.getElementById({button!r}).click()")


@contextmanager
def browsing(folder: Path) -> Iterator[Browser]:
    assert BROWSER is not None
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", f"--user-data-dir={folder}"]
    process = subprocess.Popen([BROWSER, *options, "about:blank"], stderr=subprocess.PIPE, text=True)
    with process:
        try:
            assert process.stderr is not None
            line = next(line for line in process.stderr if "DevTools listening on" in line)
            with urllib.request.urlopen(f"http://{line.split('ws://')[1].split('/')[0]}/json") as listed:
                address = next(page for page in json.load(listed) if page["type"] == "page")["webSocketDebuggerUrl"]
            with connect(address, proxy=None, max_size=None) as socket:
                yield Browser(socket)
        finally:
            process.kill()


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")
def test_a_review_is_typed_and_its_class_read_with_a_token(tmp_path: Path) -> None:
    model, text = make_model("gru", TEXTS), "a fine film, and not a dull minute in it"
    with running(model, "a-token") as server, browsing(tmp_path) as browser:
        for width in (1280, 390):
            browser.open(f"http://127.0.0.1:{server.port}/", width)
            browser.write("token", "a-token")
            browser.click("ask")
            browser.until("!document.getElementById('text-input').hidden")
            browser.write("text", text)
            browser.click("ask")
            browser.until("!document.getElementById('answer').hidden")
            assert browser.says("document.getElementById('said').textContent") == model.predict([text])[0]
            assert browser.says("document.querySelectorAll('.bars li').length") == 2
            assert browser.says("document.documentElement.scrollWidth") <= width


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")
def test_numbers_are_typed_and_a_forecast_or_what_is_wrong_is_read(tmp_path: Path) -> None:
    model = make_model("gru", FORECAST)
    with running(model) as server, browsing(tmp_path) as browser:
        browser.open(f"http://127.0.0.1:{server.port}/", 390)
        browser.write("numbers", "1\n2\nx\n")
        browser.click("ask")
        browser.until("!document.getElementById('problem').hidden")
        assert "Line 3" in browser.says("document.getElementById('problem').textContent")
        browser.says("document.getElementById('numbers').value = ''")
        browser.write("numbers", "load\n" + "\n".join(map(str, range(12))))
        browser.click("ask")
        browser.until("!document.getElementById('answer').hidden")
        assert browser.says("document.querySelectorAll('tbody tr').length") == 3
        shown = float(browser.says("document.querySelector('tbody td:last-child').textContent"))
        expected = model.predict([[[float(step)] for step in range(12)]])[0][0][0]
        assert abs(shown - expected) <= 1e-4 * abs(expected) + 1e-4
