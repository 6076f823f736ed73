"""The partial order of middleware: what is arranged, and what is said when it is broken."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from dj_core_utils.settings import middleware_order as order

OURS = [order.CONTEXT, order.HEALTH, order.SECURITY, order.CSP, order.WHITENOISE, order.CORS, order.SESSION,
        order.LOCALE, order.COMMON, order.CSRF, order.AUTHENTICATION, order.MESSAGE, order.FRAME]  # fmt: skip


def swapped(first: str, second: str) -> list[str]:
    """Our list with one entry moved right behind another."""
    entries = [name for name in OURS if name != first]
    entries.insert(entries.index(second) + 1, first)
    return entries


def said(middleware: list[str], first: str, second: str, **conditions: bool) -> list[tuple[str, str]]:
    """What is said about one pair: how bad, and what breaks."""
    start = f"{first.rpartition('.')[2]} stands after {second.rpartition('.')[2]}: "
    return [
        (strength, message.removeprefix(start))
        for strength, message, _ in order.violations(middleware, conditions)
        if message.startswith(start)
    ]


def test_our_own_order_breaks_nothing() -> None:
    """The recommended order satisfies every line, whatever the settings that sharpen some."""
    conditions = {"CSRF_USE_SESSIONS": True, "PREPEND_WWW": True}
    assert list(order.violations(OURS, conditions)) == []
    assert list(order.violations(list(order.RECOMMENDED), conditions)) == []


@pytest.mark.parametrize(
    ("first", "second", "conditions", "strength", "breaks"),
    [
        (order.SESSION, order.AUTHENTICATION, {}, "must", "every request ends with 500."),
        (order.SESSION, order.MESSAGE, {}, "must", "every request ends with 500."),
        (
            order.SESSION,
            order.CSRF,
            {"CSRF_USE_SESSIONS": True},
            "must",
            "every request ends with 500, because CSRF_USE_SESSIONS is on.",
        ),
        (
            order.SECURITY,
            order.WHITENOISE,
            {},
            "must",
            "static files are served over plain HTTP, without redirect, HSTS and nosniff.",
        ),
        (order.SECURITY, order.COMMON, {"PREPEND_WWW": True}, "must", "the first redirect goes to plain HTTP."),
        (order.SECURITY, order.COMMON, {}, "should", "the first redirect goes to plain HTTP."),
        (
            order.SECURITY,
            order.CORS,
            {},
            "should",
            "preflight requests are answered over plain HTTP, without HSTS and nosniff.",
        ),
        (
            order.CORS,
            order.COMMON,
            {},
            "must",
            "redirects that append a slash or www carry no CORS headers, so browsers refuse them.",
        ),
        (
            order.CORS,
            order.LOCALE,
            {},
            "should",
            "redirects to a language (i18n_patterns) carry no CORS headers, so browsers refuse them.",
        ),
        (
            order.WHITENOISE,
            order.SESSION,
            {},
            "should",
            "static files pass it for nothing and get its headers, such as Vary.",
        ),
        (order.CONTEXT, order.SECURITY, {}, "should", "what it answers or logs has no correlation id."),
        (order.CONTEXT, order.FRAME, {}, "should", "what it answers or logs has no correlation id."),
        (order.HEALTH, order.COMMON, {}, "should", "health checks by address get 400."),
        (order.CSP, order.WHITENOISE, {}, "should", "what it answers by itself has no Content-Security-Policy."),
        (order.CSP, order.COMMON, {}, "should", "what it answers by itself has no Content-Security-Policy."),
    ],
)
def test_a_broken_line_says_what_breaks(
    first: str, second: str, conditions: dict[str, bool], strength: str, breaks: str
) -> None:
    """Each constraint, violated alone, is told by its strength and its consequence."""
    assert said(swapped(first, second), first, second, **conditions) == [(strength, breaks)]


@pytest.mark.parametrize(
    ("first", "second", "conditions"),
    [
        (order.SESSION, order.CSRF, {"CSRF_USE_SESSIONS": False}),
        (order.SESSION, order.MESSAGE, {"MESSAGE_STORAGE": False}),
        (order.CORS, order.CSRF, {}),
        (order.HEALTH, order.SECURITY, {}),
        (order.CSRF, order.AUTHENTICATION, {}),
        (order.SESSION, order.LOCALE, {}),
        (order.LOCALE, order.COMMON, {}),
        (order.COMMON, order.FRAME, {}),
    ],
)
def test_what_is_free_is_left_free(first: str, second: str, conditions: dict[str, bool]) -> None:
    """Pairs whose order changes nothing, or nothing under these settings, are no one's business."""
    assert said(swapped(first, second), first, second, **conditions) == []


@pytest.mark.parametrize(
    ("after", "conditions"),
    [(order.AUTHENTICATION, {}), (order.MESSAGE, {}), (order.CSRF, {"CSRF_USE_SESSIONS": True})],
)
def test_what_is_needed_has_to_be_there(after: str, conditions: dict[str, bool]) -> None:
    """Without sessions these fail like behind them."""
    ((strength, message, hint),) = order.violations([order.COMMON, after], conditions)
    assert strength == "must"
    assert message.startswith(f"{after.rpartition('.')[2]} needs SessionMiddleware, which is missing: every request")
    assert hint == f"add {order.SESSION} before it"


def test_arranging_slots_known_entries_and_keeps_the_rest() -> None:
    """What has a place gets it; what is the project's own follows in its order; nothing stands twice."""
    entries = ["shop.middleware.A", order.FRAME, order.LOCALE, order.COMMON, "shop.middleware.B", "shop.middleware.A"]
    assert order.arrange(entries) == [
        order.LOCALE,
        order.COMMON,
        order.FRAME,
        "shop.middleware.A",
        "shop.middleware.B",
    ]


@pytest.mark.parametrize(("entry", "expected"), [(order.SECURITY, True), (order.COMMON, True), (order.LOCALE, False)])
def test_a_complete_list_is_known_by_djangos_own(entry: str, expected: object) -> None:
    """Nobody adds SecurityMiddleware or CommonMiddleware to a list that has them."""
    assert order.is_complete(["shop.middleware.A", entry]) is expected


def test_the_first_of_two_equal_entries_counts() -> None:
    """A middleware listed twice has done its work where it stands first."""
    assert list(order.violations([order.SESSION, order.AUTHENTICATION, order.SESSION])) == []


def test_final_settings_are_judged_by_the_same_lines() -> None:
    """What a module assigned after the export is seen by a system check, with the settings that sharpen lines."""
    middleware = [order.COMMON, order.SECURITY, order.CSRF, order.SESSION, order.MESSAGE]
    sharp = SimpleNamespace(MIDDLEWARE=middleware, PREPEND_WWW=True, CSRF_USE_SESSIONS=True)
    cookie = "django.contrib.messages.storage.cookie.CookieStorage"
    mild = SimpleNamespace(
        MIDDLEWARE=[order.MESSAGE, order.SESSION, order.COMMON, order.SECURITY], MESSAGE_STORAGE=cookie
    )
    assert [(problem.id, problem.severity) for problem in order.order_problems(sharp)] == [
        ("apps.middleware_order", "error"),
        ("apps.middleware_order", "error"),
    ]
    assert [(problem.id, problem.severity) for problem in order.order_problems(mild)] == [
        ("apps.middleware_order_advised", "warning")
    ]


def test_a_wrong_order_is_repaired_with_few_moves() -> None:
    """What has no place, and what is missing, stays as it is."""
    wrong = ["own.First", order.COMMON, order.AUTHENTICATION, order.MESSAGE, order.SESSION, "own.Last", order.CORS]
    right = order.repaired(wrong)
    assert right == [
        "own.First",
        order.CORS,
        order.COMMON,
        order.SESSION,
        order.AUTHENTICATION,
        order.MESSAGE,
        "own.Last",
    ]
    assert not [message for strength, message, _ in order.violations(right) if strength == "must"]
    assert order.repaired(right) == right
    assert order.repaired([order.AUTHENTICATION]) == [order.AUTHENTICATION]
