"""A real Chromium, and a page of it that keeps what must not happen: foreign requests, violations, console errors."""

import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import BrowserContext, ConsoleMessage, Page, Request, WebSocket, async_playwright

PROGRAMS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
FLAGS = (
    "--no-sandbox",  # which does not work as root, as CI runs
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SCREENSHOTS = Path(__file__).resolve().parents[3] / "build" / "screenshots"

# A violation is an event of the document; in a worker it is a console line only.
_REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`violates ${event.violatedDirective}: ${event.blockedURI}`));
"""


def find_browser() -> str:
    """Return the program; without one the test is skipped, and in CI it fails."""
    for program in PROGRAMS:
        if found := shutil.which(program):
            return found
    if os.environ.get("CI"):
        pytest.fail("There is no Chromium and no Chrome to test with; on Debian, install the package chromium.")
    pytest.skip("There is no Chromium and no Chrome on this machine; CI has one.")


@asynccontextmanager
async def running_browser() -> AsyncIterator[BrowserContext]:
    """Yield a browser with a profile of its own, which is gone afterwards."""
    program = find_browser()
    with tempfile.TemporaryDirectory(prefix="browser-") as profile:
        async with async_playwright() as playwright:
            context = await playwright.chromium.launch_persistent_context(
                profile,
                executable_path=program,
                headless=True,
                args=list(FLAGS),
                viewport={"width": 1440, "height": 900},
                chromium_sandbox=False,
            )
            yield context
            await context.close()


@dataclass
class WatchedPage:
    """A page of a site, and what went wrong on it so far."""

    page: Page
    origin: str
    faults: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)
    messages: list[Any] = field(default_factory=list)
    """What came over WebSockets, as JSON."""

    async def watch(self) -> None:
        """Listen from now on."""
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.faults.append(f"uncaught: {error}"))
        self.page.on("requestfailed", lambda request: self.faults.append(f"{request.url}: {request.failure}"))
        self.page.on("request", self._on_request)
        self.page.on("websocket", self._on_websocket)
        await self.page.add_init_script(_REPORT_VIOLATIONS)

    async def screenshot(self, name: str) -> None:
        """Keep how it looks, as build output."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "assert"} or "Content Security Policy" in message.text:
            self.faults.append(f"console: {message.text}")

    def _on_request(self, request: Request) -> None:
        self._on_url(request.url)

    def _on_websocket(self, socket: WebSocket) -> None:
        self._on_url(socket.url)
        socket.on("framereceived", lambda data: self.messages.append(json.loads(data)))
        socket.on("socketerror", lambda error: self.faults.append(f"{socket.url}: {error}"))

    def _on_url(self, url: str) -> None:
        self.requested.append(url)
        parts = urlsplit(url)
        scheme = parts.scheme.replace("ws", "http")
        if f"{scheme}://{parts.netloc}" != self.origin and scheme not in {"data", "about", "blob"}:
            self.faults.append(f"foreign request: {url}")
