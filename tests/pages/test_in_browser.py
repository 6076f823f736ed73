"""The pages in a real browser: the admin's page of the configuration, and the pages of the example shop."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.conftest import clean_environment
from tests.examples.conftest import EXAMPLE, LEFT_BEHIND
from tests.examples.shop_server import Served, serving
from tests.pages.chromium import TIMEOUT, Watched, chromium
from tests.pages.conftest import PAGE
from tests.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, StorageState

    from tests.warm_python import WarmPython

AUDIT = Path(__file__).with_name("page_audit.js").read_text(encoding="utf-8")
ENVIRON = {
    "DJANGO_PROFILE": "monolith,demo",
    "ALLOWED_HOSTS": "localhost,127.0.0.1",
    "PAYMENT_API_KEY": "cAnArY-of-the-payment-provider",
    "JWT_ACCESS_TOKEN_LIFETIME": "30m",
    "JWT_ISSUER": "<script>alert(1)</script>" + "x" * 200,
    "CORS_ALLOWED_ORIGINS": ",".join(f"https://app-{number}.shop.example" for number in range(30)),
    "LOG_LEVEL": "WARNING",
}
PHONE, DESKTOP = 360, 1280
LOGIN = {"username": "demo@shop.example", "password": "demo"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of this module."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def shop(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001  # no browser, no shop
    """A copy of the example, set up."""
    folder = shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("project") / "shop", ignore=LEFT_BEHIND)
    environment = {**clean_environment(), **ENVIRON}
    command = [sys.executable, "demo.py", "--check"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def site(shop: Path, python: WarmPython) -> Iterator[Served]:
    """The demo, served by its own WSGI server."""
    port = free_port()
    with serving(python, ["demo.py", "--port", str(port)], ENVIRON, shop=shop, port=port) as served:
        yield served


@pytest.fixture(scope="module")
def signed_in(browser: Browser, site: Served) -> StorageState:
    """The cookies of somebody who has signed in to the admin through its form."""
    context = browser.new_context(base_url=address(site))
    page = context.new_page()
    page.goto("/admin/login/?next=/admin/")
    for name, value in LOGIN.items():
        page.fill(f"[name={name}]", value)
    page.click("[type=submit]")
    expect(page).to_have_url(re.compile(r"/admin/$"))
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(params=[("light", PHONE), ("light", DESKTOP), ("dark", PHONE), ("dark", DESKTOP)], ids=str)
def look(request: pytest.FixtureRequest) -> tuple[str, int]:
    """A colour scheme and a width."""
    scheme, width = request.param
    return str(scheme), int(width)


class Open:
    """Opens pages, and holds each of them to what is true of all.

    Args:
        browser: The browser.
        site: The server.
        cookies: Of somebody who has signed in.
    """

    def __init__(self, browser: Browser, site: Served, cookies: StorageState) -> None:
        self._browser = browser
        self._site = site
        self._cookies = cookies
        self._watched: list[Watched] = []
        self._bad: list[Watched] = []

    def __call__(
        self, path: str, *, scheme: str = "light", width: int = DESKTOP, has_script: bool = True, is_good: bool = True
    ) -> Page:
        """Open a page.

        Args:
            path: Its path.
            scheme: ``light`` or ``dark``.
            width: Of the window, in pixels.
            has_script: Whether scripts run.
            is_good: Whether nothing may complain.
        """
        context = self._browser.new_context(
            base_url=address(self._site),
            storage_state=self._cookies,
            viewport={"width": width, "height": 800},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
            java_script_enabled=has_script,
        )
        context.set_default_timeout(TIMEOUT)
        watched = Watched.watch(context.new_page(), address(self._site))
        self._watched.append(watched)
        if not is_good:
            self._bad.append(watched)
        watched.page.goto(path)
        return watched.page

    def complaints(self, page: Page) -> list[str]:
        """What a page has complained of so far."""
        return [complaint for watched in self._watched if watched.page is page for complaint in watched.complaints]

    def close(self) -> None:
        """Close all pages; none may have complained, or asked for anything of another host."""
        for watched in self._watched:
            watched.page.context.close()
        good = [watched for watched in self._watched if watched not in self._bad]
        assert [complaint for watched in good for complaint in watched.complaints] == []
        assert [stranger for watched in self._watched for stranger in watched.strangers] == []


@pytest.fixture
def open_page(browser: Browser, site: Served, signed_in: StorageState) -> Iterator[Open]:
    """Open pages as somebody who has signed in."""
    opened = Open(browser, site, signed_in)
    yield opened
    opened.close()


def address(site: Served) -> str:
    """Where the server is."""
    return f"http://127.0.0.1:{site.port}"


def focused(page: Page) -> str:
    """What has the focus, and whether one can see that."""
    return str(
        page.evaluate(
            """() => {
                const element = document.activeElement, style = getComputedStyle(element);
                const ring = style.outlineStyle !== "none" || style.boxShadow !== "none";
                const name = element.name || element.textContent.trim().slice(0, 40);
                return `${element.tagName.toLowerCase()} ${name}${ring ? "" : " unseen"}`;
            }"""
        )
    )


def tab_to(page: Page, wanted: str, *, presses: int = 60) -> None:
    """Press Tab until something has the focus; whatever has it on the way inside of the page can be seen."""
    seen = []
    for _ in range(presses):
        page.keyboard.press("Tab")
        seen.append(focused(page))
        if seen[-1] == wanted:
            return
    pytest.fail(f"{wanted} is not reached: {seen}")


BAD = """
    <body style="background: #fff; animation: turn 1s infinite"><style>@keyframes turn { to { rotate: 1deg } }</style>
    <p id="twice" style="color: #999">pale</p><p id="twice" style="width: 2000px">wide</p>
    <input placeholder="pale" style="background: #888"><section aria-labelledby="nothing"></section>
"""


def test_the_audit_finds_what_it_looks_for(browser: Browser) -> None:
    """A page with every fault gets a line for each."""
    page = browser.new_page(reduced_motion="reduce")
    page.set_content(BAD)
    found = [re.split(r"[:0-9]", line)[0].strip() for line in page.evaluate(AUDIT, "body")]
    page.close()
    faults = [
        "contrast",
        "contrast",
        "no name",
        "nothing is called nothing",
        "two elements are called twice",
        "not one main",
    ]
    assert found == [*faults, "no h", "no language", "", "cut off", "moves"]


def test_the_policy_is_in_force(open_page: Open) -> None:
    """What the strict policy forbids does not run, so the silence of the other tests says something."""
    page = open_page("/", is_good=False)
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), { text: 'window.ran = 1' }))")
    assert page.evaluate("window.ran === undefined")
    assert "Content Security Policy" in "".join(open_page.complaints(page))


OPEN_ALL = "document.querySelectorAll('details').forEach((each) => { each.open = true; })"


def test_the_admin_page_is_fit_to_read(open_page: Open, look: tuple[str, int]) -> None:
    """In both themes, on a phone and on a desk: contrast, names, landmarks, no scrolling sideways."""
    scheme, width = look
    page = open_page(PAGE, scheme=scheme, width=width)
    expect(page.get_by_role("heading", name="Configuration", exact=True)).to_be_visible()
    compared = "profiles/?after=microservice,production"
    for query in ("", "?q=url", "?q=nothing+like+it", "profiles/", compared, "profiles/?after=prodution"):
        page.goto(PAGE + query)
        page.evaluate(OPEN_ALL)
        assert page.evaluate(AUDIT, ".configuration") == [], query


def test_the_pages_of_the_shop_are_fit_to_read(open_page: Open, look: tuple[str, int]) -> None:
    """The same for every page of the demo."""
    scheme, width = look
    page = open_page("/", scheme=scheme, width=width)
    for path in ("/", "/?page=2", "/broken/", "/api/"):
        page.goto(path)
        page.evaluate(OPEN_ALL)
        assert page.evaluate(AUDIT, "body") == [], path


def test_more_columns_fit_beside_those_of_the_shop(open_page: Open) -> None:
    """What is added to the page stands beside the rest on a desk, and below it on a phone."""
    more = "for (const _ of '1') { const it = document.querySelector('.cards'); it.parentNode.append(it.cloneNode()); }"
    lefts = "[...document.querySelectorAll('.column')].map((each) => Math.round(each.getBoundingClientRect().left))"
    for width, places in ((DESKTOP, 4), (PHONE, 1)):
        page = open_page("/", width=width)
        page.evaluate(more)
        assert len(set(page.evaluate(lefts))) == places
        assert page.evaluate(AUDIT, "body") == []


def test_no_secret_reaches_the_browser(open_page: Open) -> None:
    """Whatever is opened, the document that the browser holds has no secret in it."""
    for path in (PAGE, f"{PAGE}?q=payment", "/", "/broken/"):
        page = open_page(path)
        assert "PAYMENT_API_KEY" in page.content()
        assert "cAnArY" not in page.content()
        assert page.evaluate("[localStorage.length, sessionStorage.length]")[1] == 0


def test_the_filter_answers_while_one_types(open_page: Open) -> None:
    """Nothing is reloaded; the address can be kept and given to others."""
    page = open_page(PAGE)
    page.evaluate("window.isTheSame = true; window.said = document.querySelector('[role=status]')")
    page.get_by_role("searchbox", name="Find").fill("leeway")
    expect(page.get_by_role("status")).to_contain_text("1 variable found.")
    expect(page.get_by_text("JWT_LEEWAY", exact=True)).to_be_visible()
    expect(page.get_by_text("PAGE_SIZE", exact=True)).to_have_count(0)
    expect(page).to_have_url(re.compile(r"\?q=leeway$"))
    assert page.evaluate("window.isTheSame && window.said.isConnected") is True
    page.get_by_role("searchbox", name="Find").fill("")
    expect(page.get_by_text("PAGE_SIZE", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(r"/configuration/$"))
    page.get_by_role("combobox", name="Comes from").select_option("Environment")
    expect(page.get_by_role("status")).to_contain_text(f"{len(ENVIRON) - 1} variables found.")
    assert page.evaluate("window.isTheSame") is True


def test_the_filter_works_without_script(open_page: Open) -> None:
    """Where scripts are off, a button does it."""
    page = open_page(PAGE, has_script=False)
    page.get_by_role("searchbox", name="Find").fill("leeway")
    page.get_by_role("combobox", name="Section").select_option("jwt")
    page.get_by_role("button", name="Filter").click()
    expect(page).to_have_url(re.compile(r"\?q=leeway&section=jwt&origin=$"))
    expect(page.get_by_role("status")).to_contain_text("1 variable found.")
    page.get_by_role("link", name="Show all").click()
    expect(page.get_by_text("PAGE_SIZE", exact=True)).to_be_visible()


def test_whoever_was_signed_out_meanwhile_is_asked_to_sign_in(open_page: Open) -> None:
    """The filter does not stay silent when its request is turned away."""
    page = open_page(PAGE)
    page.context.clear_cookies()
    page.get_by_role("searchbox", name="Find").fill("leeway")
    expect(page).to_have_url(re.compile(r"/admin/login/\?next=.*leeway"))


def test_the_admin_page_is_used_by_keyboard(open_page: Open) -> None:
    """Tab goes to the filter, on to the values, and a key opens what is closed; the focus is always seen."""
    page = open_page(PAGE)
    page.locator("main").focus()
    tab_to(page, "input q")
    page.keyboard.type("jwt")
    expect(page.get_by_role("status")).to_contain_text("variables found.")
    for wanted in ("select section", "select origin", "a Show all"):
        tab_to(page, wanted, presses=1)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/configuration/\??$"))
    page.locator("main").focus()
    summary = page.locator(".card summary").first
    tab_to(page, f"summary {summary.inner_text().strip()}")
    page.keyboard.press("Enter")
    expect(page.locator(".card details").first).to_have_attribute("open", "")


def test_profiles_are_compared_by_keyboard(open_page: Open) -> None:
    """From the link beside the profiles in use to the comparison, without a mouse and without a script."""
    page = open_page(PAGE)
    page.locator("main").focus()
    tab_to(page, "a Compare with other profiles", presses=1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Profiles")).to_have_value("monolith,demo")
    page.get_by_role("combobox", name="compared with").focus()
    page.keyboard.type("microservice,production")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="values differ")).to_be_visible()
    expect(page.get_by_role("row", name="SECURE_HSTS_SECONDS")).to_contain_text("3600")
    assert "cAnArY" not in page.content()


def test_the_shop_is_used_by_keyboard(open_page: Open) -> None:
    """The first Tab offers to skip the head; the rest is reached in the order in which it is read."""
    page = open_page("/")
    page.keyboard.press("Tab")
    assert focused(page) == "a Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    tab_to(page, "a Search and compare in the admin", presses=1)
    tab_to(page, "a Show what a broken environment prints", presses=60)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="A broken environment")).to_be_visible()


def test_the_way_into_the_api_is_shown(open_page: Open, site: Served) -> None:
    """The link of the head leads to a form that gives a token, and the command with it works."""
    page = open_page("/", width=PHONE)
    page.get_by_role("link", name="API", exact=True).click()
    page.get_by_role("textbox", name="Password").fill("wrong")
    expect(page.get_by_role("textbox", name="E-mail address")).to_have_value(LOGIN["username"])
    page.get_by_role("textbox", name="Password").fill(LOGIN["password"])
    page.get_by_role("button", name="Get a token").click()
    expect(page.get_by_role("status")).to_contain_text("good for 30 minutes")
    token = re.search(r"Bearer ([\w.-]+)", page.locator("pre.wraps").first.inner_text())
    assert token is not None
    answer = site.request("/api/products/", headers={"Authorization": f"Bearer {token[1]}"})
    assert (answer.status, answer.json()["count"]) == (200, 12)
    assert page.evaluate(AUDIT, "body") == []


def test_print_leaves_out_what_paper_cannot_do(open_page: Open) -> None:
    """On paper there is no filter, no button and no menu, and nothing is cut off."""
    page = open_page(PAGE)
    page.emulate_media(media="print")
    expect(page.locator(".filter")).to_be_hidden()
    expect(page.get_by_text("PAGE_SIZE", exact=True)).to_be_visible()
    page = open_page("/")
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Site")).to_be_hidden()
    expect(page.get_by_role("link", name="Show what a broken environment prints")).to_be_hidden()


def test_another_server_serves_the_same(
    browser: Browser, shop: Path, signed_in: StorageState, python: WarmPython
) -> None:
    """Under ASGI the pages come with style and script, too, and are filtered in the same way."""
    port = free_port()
    arguments = ["-m", "uvicorn", "shop.asgi:application", "--port", str(port), "--log-level", "warning"]
    with serving(python, arguments, ENVIRON, shop=shop, port=port) as site:
        opened = Open(browser, site, signed_in)
        page = opened("/admin/configuration/")
        expect(page).to_have_url(re.compile(f"{PAGE}$"))
        page.get_by_role("searchbox", name="Find").fill("leeway")
        expect(page.get_by_role("status")).to_contain_text("1 variable found.")
        assert page.evaluate(AUDIT, ".configuration") == []
        opened.close()


def test_the_timeline_is_live(open_page: Open) -> None:
    """What somebody else does appears by itself, is announced, and nothing that is read is moved without a change."""
    page, other = open_page("/"), open_page("/")
    timeline = page.get_by_role("list").and_(page.locator("#timeline"))
    expect(page.locator("#timeline-status")).to_have_text("Live.")
    expect(page.get_by_role("link", name="Reload")).to_be_hidden()
    before = timeline.locator("> li").first.inner_text()
    page.evaluate("window.isTheSame = document.querySelector('#timeline > li')")
    with page.expect_response(lambda answer: answer.url.endswith("/changes/")):
        page.evaluate("window.asked = true")
    assert page.evaluate("window.isTheSame.isConnected")
    other.get_by_role("button", name="Order something").click()
    expect(other).to_have_url(re.compile("/#changes$"))
    expect(timeline.locator("> li").first).to_contain_text("the button of the demo")
    expect(page.locator("#timeline-status")).to_contain_text("Something changed at")
    assert timeline.locator("> li").first.inner_text() != before
    assert page.evaluate(AUDIT, "body") == []


def test_the_timeline_works_without_script(open_page: Open) -> None:
    """A button makes something happen, and a link reloads."""
    page = open_page("/", has_script=False, width=PHONE)
    page.get_by_role("button", name="Order something").click()
    expect(page.locator("#timeline > li").first).to_contain_text("the button of the demo")
    page.get_by_role("link", name="Reload").click()
    expect(page).to_have_url(re.compile("#changes$"))
    expect(page.locator("#timeline > li").first).to_contain_text("customer@shop.example")


def test_the_timeline_says_that_the_shop_is_gone(open_page: Open) -> None:
    """Whoever looks at it knows whether it is live, and it goes on by itself."""
    page = open_page("/", is_good=False)
    page.route("**/changes/", lambda route: route.abort())
    expect(page.locator("#timeline-status")).to_contain_text("does not answer")
    page.unroute("**/changes/")
    expect(page.locator("#timeline-status")).to_contain_text("answers again")
    page.route("**/changes/", lambda route: route.fulfill(status=403))
    expect(page.locator("#timeline-status")).to_contain_text("You are signed out")


def test_the_timeline_is_reached_by_keyboard(open_page: Open) -> None:
    """The button is pressed and the whole log opened without a mouse."""
    page = open_page("/")
    page.locator("main").focus()
    tab_to(page, "button Order something")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/#changes$"))
    tab_to(page, "a All of it, in the admin")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/operationlog/$"))
