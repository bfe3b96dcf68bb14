"""A headless Chromium driven over its DevTools protocol: go, look, type, press, take a picture.

`with Browser() as browser:` skips the test where no Chromium is installed.
"""

import base64
import contextlib
import json
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0"),
)
CODES = {"Enter": 13, "Tab": 9, "Escape": 27, "ArrowUp": 38, "ArrowDown": 40}


class Browser:
    """One window; `complaints` collects errors of the page's scripts and what its policy blocked."""

    def __init__(self, width: int = 1280, height: int = 860, *, dark: bool = False) -> None:
        program = next(filter(None, map(shutil.which, NAMES)), None)
        if program is None:
            pytest.skip("no Chromium is installed")
        self.complaints: list[str] = []
        self._sent = 0
        self._session = ""
        with contextlib.ExitStack() as started:
            folder = tempfile.mkdtemp(prefix="valet-browser-")
            started.callback(shutil.rmtree, folder, ignore_errors=True)
            command = [program, *FLAGS, f"--user-data-dir={folder}", "about:blank"]
            self._process = started.enter_context(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
            started.callback(self._process.terminate)
            self._socket = started.enter_context(connect(self._address(), max_size=None))
            self._open_window(width, height, "dark" if dark else "light")
            self._close = started.pop_all().close

    def _open_window(self, width: int, height: int, scheme: str) -> None:
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._call(f"{domain}.enable")
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_error: object) -> None:
        self._close()

    def _address(self) -> str:
        for line in self._process.stderr:
            found = re.search(r"ws://\S+", line)
            if found:
                return found.group(0)
        pytest.skip("Chromium does not start here")

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._sent += 1
        message = {"id": self._sent, "method": method, "params": params}
        self._socket.send(json.dumps(message | ({"sessionId": self._session} if self._session else {})))
        while True:
            answer = json.loads(self._socket.recv(timeout=30))
            if answer.get("id") == self._sent:
                assert "error" not in answer, answer
                return answer["result"]
            self._note(answer)

    def _note(self, event: dict[str, Any]) -> None:
        if event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(event["params"]["exceptionDetails"]))
        if event.get("method") == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
            self.complaints.append(event["params"]["entry"]["text"])

    def go(self, address: str) -> None:
        """Open an address in a fresh page."""
        self._call("Page.navigate", url="about:blank")
        self._call("Page.navigate", url=address)

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answer = self._call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, script: str, seconds: float = 10) -> Any:
        """Wait until the expression is true, and return its value."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            value = self.run(script)
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(f"never true: {script}\nthe page says:\n{self.run('document.body.innerText')}")

    def press(self, label: str) -> None:
        """Press the last button on the page with that label, once there is one."""
        buttons = "[...document.querySelectorAll('dialog[open] button, button')]"
        find = f"{buttons}.filter((one) => one.textContent.trim() === {json.dumps(label)}).at(-1)"
        self.until(f"Boolean({find})")
        self.run(f"{find}.click()")

    def type(self, selector: str, text: str, *, enter: bool = True) -> None:
        """Type into a field, and press Enter."""
        self.until(f"Boolean(document.querySelector({json.dumps(selector)}))")
        self.run(f"document.querySelector({json.dumps(selector)}).focus()")
        self._call("Input.insertText", text=text)
        if enter:
            self.key("Enter")

    def key(self, name: str) -> None:
        """Press one key, such as "Enter" or "Tab"."""
        text = {"text": "\r"} if name == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            typed = text if kind == "keyDown" else {}
            self._call("Input.dispatchKeyEvent", type=kind, key=name, windowsVirtualKeyCode=CODES[name], **typed)

    def picture(self, path: Path) -> None:
        """Save what is on screen as PNG."""
        path.write_bytes(base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"]))
