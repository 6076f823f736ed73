"""Origins are accepted in the one form that browsers send, and refused with the form that was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from dj_core_utils.settings.web_origins import (
    canonical_origin,
    check_cors_origin,
    check_http_url,
    check_trusted_origin,
    host_of,
    is_local,
)

ORIGINS = [
    "https://shop.example.com",
    "http://localhost:3000",
    "http://127.0.0.1:3000",
    "http://[::1]:3000",
    "https://xn--mnchen-3ya.example",
    "https://under_score.example.com",
    "capacitor://localhost",
    "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
]
labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
hosts = st.lists(labels, min_size=1, max_size=4).map(".".join)
ports = st.one_of(st.just(""), st.integers(1, 65_535).filter(lambda port: port not in (80, 443)).map(":{}".format))
origins = st.builds("{}://{}{}".format, st.sampled_from(["http", "https"]), hosts, ports)


def refused(check: object, text: str) -> tuple[str, str]:
    """The message and hint that a check refuses a text with."""
    with pytest.raises(PydanticCustomError) as caught:
        check(text)  # type: ignore[operator]  # one of the checks
    message, _, hint = caught.value.message().partition("\n")
    return message, hint


@pytest.mark.parametrize("origin", [*ORIGINS, "null", "file://"])
def test_origin_that_browsers_send_is_accepted(origin: str) -> None:
    """An origin in the form of RFC 6454, and the two special ones, pass unchanged."""
    assert check_cors_origin(origin) == origin


@pytest.mark.parametrize("origin", [*ORIGINS, "https://*.example.com", "https://*.example.com:8443"])
def test_trusted_origin_is_accepted(origin: str) -> None:
    """CSRF protection also knows subdomains by an asterisk."""
    assert check_trusted_origin(origin) == origin


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("shop.example.com", "an origin needs its scheme.", "expected  https://shop.example.com"),
        ("localhost:3000", "an origin needs its scheme.", "expected  http://localhost:3000"),
        ("https://shop.example.com/", "an origin ends with its host or port.", "expected  https://shop.example.com"),
        ("https://shop.example.com/a?b#c", "an origin ends with", "expected  https://shop.example.com"),
        ("https://Shop.Example.com", "lower case", "expected  https://shop.example.com"),
        ("HTTPS://shop.example.com", "lower case", "expected  https://shop.example.com"),
        ("https://shop.example.com:443", "leave the default port out", "expected  https://shop.example.com"),
        ("http://shop.example.com:80", "leave the default port out", "expected  http://shop.example.com"),
        ("https://shop.example.com:0443", "not a port", "expected  https://shop.example.com"),
        ("https://shop.example.com:", "not a port", "expected  https://shop.example.com"),
        ("https://shop.example.com:99999", "not a port", "expected  https://shop.example.com"),
        ("https://shop.example.com:54x2", "not a port", ""),
        ("https://user:pw@shop.example.com", "names no user", "expected  https://shop.example.com"),
        ("https://münchen.example", "ASCII form", "expected  https://xn--mnchen-3ya.example"),
        ("https://straße.example", "ASCII form", "expected  https://shop.example.com"),
        ("https://", "needs its host", ""),
        ("https://shop .example.com", "no spaces", ""),
        ("https://-shop-.example.com", "not the name of a host", ""),
        ("https://[::1", "not the name of a host", ""),
        ("https://[0:0::1]", "not the name of a host", ""),
        ("https://[fe80::1%25eth0]", "not the name of a host", ""),
        ("", "cannot be empty", ""),
        ("1https://shop.example.com", "not a scheme", ""),
        ("*", "names one site", "CORS_ALLOW_ALL_ORIGINS=true"),
        ("https://*", "letter by letter", "use CORS_ALLOWED_ORIGIN_REGEXES"),
        (
            "https://*.my-shop.example",
            "letter by letter",
            r"CORS_ALLOWED_ORIGIN_REGEXES=^https://[a-z0-9-]+\.my-shop\.example$",
        ),
    ],
)
def test_origin_that_never_matches_is_refused_with_what_was_meant(text: str, message: str, hint: str) -> None:
    """Each form that browsers do not send is refused, with the right form where it can be told."""
    found = refused(check_cors_origin, text)
    assert message in found[0]
    assert hint in found[1]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("*", "https://*.example.com"),
        ("null", "https://*.example.com"),
        ("https://*", "https://*.example.com"),
        ("https://shop.*.com", "https://*.example.com"),
        ("https://*.*.com", "https://*.example.com"),
        ("https://*.Example.com", "expected  https://*.example.com"),
        ("https://*.example.com/", "expected  https://*.example.com"),
        ("example.com", "expected  https://example.com"),
        (" https://example.com", "expected  https://example.com"),
    ],
)
def test_trusted_origin_that_never_matches_is_refused(text: str, hint: str) -> None:
    """Django would accept these silently, and refuse each post of such a page."""
    assert hint in refused(check_trusted_origin, text)[1]


@given(origins)
def test_every_origin_of_a_browser_passes(origin: str) -> None:
    """Whatever a browser can send, both lists take."""
    assert check_cors_origin(origin) == origin
    assert check_trusted_origin(origin) == origin
    assert canonical_origin(origin) == origin


@given(origins, st.sampled_from(["{}/", "{}/path", " {}", "'{}'", "{}?x=1"]), st.booleans())
def test_what_was_meant_is_found(origin: str, form: str, is_upper: bool) -> None:  # noqa: FBT001  # from hypothesis
    """The usual slips are repaired, in the hint only."""
    text = form.format(origin.upper() if is_upper else origin)
    assert canonical_origin(text) == origin
    assert refused(check_cors_origin, text)


@given(st.one_of(st.text(max_size=40), st.text("htps:/.*@[]ax1-_ %", max_size=25).map("https://{}".format)))
def test_any_text_is_accepted_as_it_is_or_refused(text: str) -> None:
    """A check never changes an origin, never breaks, and suggests nothing that it would refuse."""
    try:
        assert check_cors_origin(text) == text
    except PydanticCustomError as error:
        assert error.type == "cors.origin"  # noqa: PT017  # either outcome is right, as long as it is this one
    meant = canonical_origin(text)
    assert not meant or check_cors_origin(meant) == meant


@pytest.mark.parametrize(
    ("given_url", "url"),
    [
        ("https://users.internal", "https://users.internal"),
        ("http://users:8000/api/", "http://users:8000/api"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://Users.Internal", "https://Users.Internal"),
    ],
)
def test_address_of_a_service_is_accepted(given_url: str, url: str) -> None:
    """An address may have a port and a path, and loses the slash at its end."""
    assert check_http_url(given_url) == url


@pytest.mark.parametrize(
    "text",
    [
        "users:8000",
        "ftp://users",
        "http://",
        "http://user:pw@users",
        "http://users:port",
        "http://users/?a=1",
        "http://users#x",
        "http://us ers",
        "http://[zz]",
    ],
)
def test_address_that_cannot_be_called_is_refused(text: str) -> None:
    """What is not http, names no host, or holds a password or query is refused; the message quotes none of it."""
    message, hint = refused(check_http_url, text)
    assert hint == "expected  https://users.internal  or  http://users:8000/api"
    assert "pw" not in message


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:8000/x", True),
        ("http://api.localhost", True),
        ("http://127.1.2.3:80", True),
        ("http://[::1]:9", True),
        ("http://localhost.example.com", False),
        ("http://orders", False),
        ("http://10.0.0.1", False),
    ],
)
def test_this_machine_is_recognised(url: str, expected: bool) -> None:  # noqa: FBT001  # a column of the table
    """Only addresses that lead to this machine count as local."""
    assert is_local(url) is expected


def test_host_of_an_origin() -> None:
    """The host stands without scheme and port."""
    assert host_of("https://shop.example.com:8443") == "shop.example.com"
