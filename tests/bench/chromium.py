"""Chromium with nothing between it and the page.

Playwright, which drives the tests' browser, listens to each page's network: every message of a WebSocket is then told
twice, once to the page and once to the listener. Here nobody listens.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

from playwright.sync_api import sync_playwright
from websockets.sync.client import connect

from tests.browser.conftest import ARGUMENTS, CHROMIUMS
from tests.servers import HOST, wait_for

__all__ = ["Chromium", "Page"]

# Seconds for an answer; a page that is busy gives it late.
PATIENCE = 120.0

WIDTH, HEIGHT = 1280, 800

ORIGIN = "() => location.origin"


class Chromium:
    """A browser of its own profile, until `with` ends."""

    def __init__(self, directory: Path) -> None:
        root = ("--no-sandbox",) if os.geteuid() == 0 else ()
        ours = ("--headless", "--remote-debugging-port=0", f"--user-data-dir={directory}")
        self._log = directory / "chromium.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([_path(), *ARGUMENTS, *root, *ours, "about:blank"], stdout=log, stderr=log)
        self._asked = 0
        self._events: list[dict[str, Any]] = []
        with ExitStack() as stack:
            stack.callback(self._end)
            self._socket = stack.enter_context(connect(self._address(directory), max_size=None, compression=None))
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()

    def _address(self, directory: Path) -> str:
        told = directory / "DevToolsActivePort"

        def is_told() -> bool:
            if self._process.poll() is not None:
                raise AssertionError(f"Chromium ended at its start:\n{self._log.read_text(errors='replace')}")
            return told.exists() and "\n" in told.read_text()

        wait_for(is_told, PATIENCE, "Chromium")
        port, path = told.read_text().split("\n")[:2]
        return f"ws://{HOST}:{port}{path}"

    @contextmanager
    def page(self) -> Iterator[Page]:
        """A tab whose browser has seen nothing of what it opens. Of the one window: another would be busy itself."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        try:
            session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            self.call("Network.clearBrowserCache", session)
            screen = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
            self.call("Emulation.setDeviceMetricsOverride", session, **screen)
            page = Page(self, session)
            yield page
            self.call("Storage.clearDataForOrigin", session, origin=page.evaluate(ORIGIN), storageTypes="all")
        finally:
            self.call("Target.closeTarget", targetId=target)

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """What the browser answers.

        Raises:
            AssertionError: when it refuses.
        """
        self._asked += 1
        request: dict[str, Any] = {"id": self._asked, "method": method, "params": parameters}
        if session is not None:
            request["sessionId"] = session
        self._socket.send(json.dumps(request))
        while (message := json.loads(self._socket.recv(PATIENCE))).get("id") != self._asked:
            self._events.append(message)
        assert "error" not in message, f"{method}: {message['error']}"
        found: dict[str, Any] = message["result"]
        return found

    def event(self, method: str, session: str) -> dict[str, Any]:
        """What the next event of this name tells in a session."""
        while True:
            for message in self._events:
                if message["method"] == method and message.get("sessionId") == session:
                    self._events.remove(message)
                    found: dict[str, Any] = message["params"]
                    return found
            self._events.append(json.loads(self._socket.recv(PATIENCE)))


class Page:
    def __init__(self, browser: Chromium, session: str) -> None:
        self._browser = browser
        self._session = session

    def goto(self, address: str) -> None:
        self._browser.call("Page.navigate", self._session, url=address)

    def before_scripts(self, script: str) -> None:
        """Runs this in whatever is opened here from now on, before its own scripts."""
        self._browser.call("Page.enable", self._session)
        self._browser.call("Page.addScriptToEvaluateOnNewDocument", self._session, source=script)

    def evaluate(self, function: str, *arguments: Any) -> Any:
        """What the function returns, or what its promise becomes."""
        said = ", ".join(map(json.dumps, arguments))
        answer = self._browser.call(
            "Runtime.evaluate",
            self._session,
            expression=f"({function})({said})",
            awaitPromise=True,
            returnByValue=True,
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_for(self, function: str, what: str) -> None:
        wait_for(lambda: bool(self.evaluate(function)), PATIENCE, what)

    def heap(self) -> tuple[float, float]:
        """Bytes that the page and its worker use: as they are, and without garbage."""
        parties = (self._session, self._worker())
        before = sum(map(self._used, parties))
        for party in parties:
            self._browser.call("HeapProfiler.collectGarbage", party)
        return before, sum(map(self._used, parties))

    def _worker(self) -> str:
        self._browser.call(
            "Target.setAutoAttach", self._session, autoAttach=True, waitForDebuggerOnStart=False, flatten=True
        )
        return str(self._browser.event("Target.attachedToTarget", self._session)["sessionId"])

    def _used(self, session: str) -> float:
        usage = self._browser.call("Runtime.getHeapUsage", session)
        return float(usage["usedSize"] + usage["embedderHeapUsedSize"] + usage["backingStorageSize"])


def _path() -> str:
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is not None:
        return found
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path
