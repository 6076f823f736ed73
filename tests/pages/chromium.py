"""A real browser for the tests: the Chromium of this machine, headless, driven by Playwright.

Playwright's own browsers are not used, for they would have to be downloaded beside the package.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Route

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# It talks to nobody but the page, and root may start it.
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
TIMEOUT = 20_000  # milliseconds, for a machine that does other things, too
POLICY = "default-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser that ``DJ_TEST_CHROMIUM`` names, or the one on the path; skip where there is none."""
    program = os.environ.get("DJ_TEST_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is on the path (DJ_TEST_CHROMIUM names another)")
    expect.set_options(timeout=TIMEOUT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watched:
    """A page that is watched while it is used.

    Attributes:
        page: The page.
        complaints: Errors and warnings in its console, and exceptions that nobody caught.
        strangers: Addresses of other origins that it asked for.
    """

    page: Page
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    @classmethod
    def watch(cls, page: Page, origin: str) -> Watched:
        """Begin to watch a page of one origin; every document gets the strict policy, whatever Django sends."""
        watched = cls(page)
        page.on("console", watched._heard)
        page.on("pageerror", lambda error: watched.complaints.append(str(error)))
        page.on("request", lambda request: watched._asked(request, origin))
        page.route("**/*", _with_policy)
        return watched

    def _heard(self, message: ConsoleMessage) -> None:
        is_icon = message.location.get("url", "").endswith("/favicon.ico")  # the admin has none
        if message.type in {"error", "warning"} and not is_icon:
            self.complaints.append(message.text)

    def _asked(self, request: Request, origin: str) -> None:
        parts = urlsplit(request.url)
        if f"{parts.scheme}://{parts.netloc}" != origin:
            self.strangers.append(request.url)


def _with_policy(route: Route) -> None:
    """Send a document on under the strict Content Security Policy."""
    if route.request.resource_type != "document":
        route.continue_()
        return
    answer = route.fetch(max_redirects=0)
    route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": POLICY})
