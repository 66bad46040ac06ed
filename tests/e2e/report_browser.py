"""A small client of Chromium's DevTools protocol over its pipe (descriptors 3 and 4): no port, no package."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-extensions",
    "--hide-scrollbars", "--remote-debugging-pipe", "about:blank",
)  # fmt: skip


class Page:
    """One tab. Every call has a deadline; console messages, exceptions and requests are collected."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._write, self._read = to_browser, from_browser
        self._buffer, self._next, self._session = b"", 0, ""
        self.width = 0
        self.console: list[str] = []
        self.requests: list[str] = []

    def attach(self) -> None:
        """Opens a tab and listens to all that it says."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, *, timeout: float = 20, **params: Any) -> dict[str, Any]:
        """One command and its answer; AssertionError on the browser's error, TimeoutError past the deadline."""
        self._next += 1
        message = {"id": self._next, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        for answer in self._messages(time.monotonic() + timeout):
            if answer.get("id") == self._next:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]  # type: ignore[no-any-return]
        raise TimeoutError(f"{method}: no answer in {timeout} s")

    def _messages(self, deadline: float) -> Iterator[dict[str, Any]]:
        while (left := deadline - time.monotonic()) > 0:
            while b"\0" in self._buffer:
                raw, self._buffer = self._buffer.split(b"\0", 1)
                message = json.loads(raw)
                self._note(message)
                yield message
            if select.select([self._read], [], [], left)[0]:
                chunk = os.read(self._read, 1 << 20)
                if not chunk:
                    raise ConnectionError("Chromium closed its pipe")
                self._buffer += chunk

    def _note(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        match message.get("method"):
            case "Runtime.exceptionThrown":
                self.console.append(str(params["exceptionDetails"].get("exception", params["exceptionDetails"])))
            case "Runtime.consoleAPICalled":
                self.console.append(str(params["args"]))
            case "Log.entryAdded":
                self.console.append(f"{params['entry']['level']}: {params['entry']['text']}")
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])

    def view(self, width: int, height: int = 900, *, dark: bool = False, scale: float = 1) -> None:
        """Window size in CSS pixels and the colour scheme that the reader prefers."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < 500,
        )
        self.width = width
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[feature])

    def open(self, path: Path) -> None:
        """Loads a file and waits until its scripts have run."""
        self.call("Page.navigate", url=path.resolve().as_uri())
        deadline = time.monotonic() + 20
        while self.js("document.readyState") != "complete" or self.js("location.protocol") != "file:":
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path} did not load in 20 s")
        self.settle()

    def settle(self) -> None:
        """Two frames, so that observers and redraws are done."""
        self.js("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def js(self, expression: str) -> Any:
        """The value of an expression in the page, promises awaited."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def screenshot(self, path: Path, *, whole: bool = True) -> None:
        """A PNG of the whole page."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=whole, format="png", timeout=40)
        path.write_bytes(base64.b64decode(shot["data"]))


@contextlib.contextmanager
def browser(profile: Path) -> Iterator[Page]:
    """A Chromium of our own with a fresh profile; it is gone when the block ends."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, "no Chromium on this machine; install it (Debian: apt-get install chromium)"
    read_by_it, write_to_it = os.pipe()
    read_from_it, written_by_it = os.pipe()
    command = f'exec "$0" "$@" 3<&{read_by_it} 4>&{written_by_it}'
    silent = subprocess.DEVNULL
    process = subprocess.Popen(
        ["bash", "-c", command, program, f"--user-data-dir={profile}", *_FLAGS],
        pass_fds=(read_by_it, written_by_it),
        stdin=silent,
        stdout=silent,
        stderr=silent,
    )
    os.close(read_by_it)
    os.close(written_by_it)
    try:
        page = Page(write_to_it, read_from_it)
        page.attach()
        yield page
    finally:
        os.close(write_to_it)
        os.close(read_from_it)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()
        process.wait(5)
