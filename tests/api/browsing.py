"""A real Chromium at the API's address, kept from everything but this machine: what its page sent, and what it complained of."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

BUILT = Path(__file__).parents[2] / "app" / "api" / "static"
CHROMIUM = shutil.which("chromium")
PATIENCE_MS = 15_000
LATE = ("jsonMode", "graphqlMode", "monaco.contribution")
"""Scripts the page asks for by itself, the last of them only when its first look at a typed operation has ended."""
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip


@dataclass
class Visit:
    """One opened page, what it sent and what the browser complained of."""

    page: Page
    sent: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def sends(self, request: Request) -> None:
        self.sent.append(request)

    def says(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """What was posted, in order."""
        return [json.loads(request.post_data or "") for request in self.sent if request.method == "POST"]

    def opened(self) -> None:
        """Wait until GraphiQL is ready to be typed into."""
        expect(self.page.locator(".graphiql-query-editor .view-line").first).to_be_visible()

    def loaded(self) -> None:
        """Wait until the page has asked for all it needs: from then on it works without the address it came from."""
        self.page.wait_for_function(
            "late => late.every(name => performance.getEntriesByType('resource').some(entry => entry.name.includes(name)))",
            arg=LATE,
        )

    def run(self) -> None:
        """Send what stands in the editor."""
        self.page.get_by_role("button", name="Execute query").click()

    def type(self, name: str, query: str) -> None:
        """Write the operation of this name into a tab of its own; done when GraphiQL has read it, which takes it a moment."""
        self.page.get_by_role("button", name="New tab").click()
        self._fill(".graphiql-query-editor", query)
        expect(self.page.get_by_role("tabpanel", name=name, exact=True)).to_be_visible()

    def show(self, headers: dict[str, str]) -> None:
        """Write into the Headers tab."""
        self.page.get_by_role("button", name="Headers", exact=True).click()
        self._fill(".graphiql-editor-tool", json.dumps(headers))

    def _fill(self, editor: str, text: str) -> None:
        self.page.locator(editor).click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)


@contextlib.contextmanager
def browsing() -> Iterator[Browser]:
    """A started browser."""
    if CHROMIUM is None:
        pytest.skip("no chromium on PATH: apt-get install chromium")
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@contextlib.contextmanager
def visiting(browser: Browser, url: str) -> Iterator[Visit]:
    """A browser with no memory opens the API's address and is closed again, whatever happens."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    visit = Visit(page=context.new_page())
    context.on("request", visit.sends)
    visit.page.on("websocket", lambda socket: visit.complaints.append(f"opened {socket.url}"))
    visit.page.on("console", visit.says)
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.add_init_script(
        "addEventListener('securitypolicyviolation', e => console.error('refused by policy:', e.violatedDirective, e.blockedURI))"
    )
    try:
        visit.page.goto(f"{url}/graphql")
        yield visit
    finally:
        context.close()


def built_or_skip() -> None:
    """Nothing to visit without it."""
    if not (BUILT / "page.html").is_file():
        pytest.skip("GraphiQL is not built: make graphiql")
