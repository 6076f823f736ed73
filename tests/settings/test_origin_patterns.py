"""Patterns of origins let in what was meant and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from dj_core_utils.settings.origin_patterns import check_pattern, pattern_fault

TIGHT = [
    r"^https://shop\.example\.com$",
    r"^https?://shop\.example\.com$",
    r"^https://[a-z0-9-]+\.example\.com$",
    r"^https://(?:[a-z0-9-]+\.)?spa\.example$",
    r"^(https|http)://shop\.example\.com$",
    r"\Ahttps://shop\.example\.com\Z",
    r"^https:\/\/shop\.example\.com$",
    r"^https://(a|b)\.example\.com(:\d+)?$",
    r"^https://[^.]+[.]example[.]com$",
    r"^https://preview-\d+-shop\.hosting\.example$",
    r"^https://[a-z]+shop\.example\.com$",
    r"^http://localhost:\d+$",
    r"^chrome-extension://[a-p]{32}$",
]
LOOSE = [
    (r"https://shop\.example\.com$", "does not begin with ^https://"),
    (r"^shop\.example\.com$", "does not begin with ^https://"),
    (r"^.*shop\.example\.com$", "does not begin with ^https://"),
    ("", "does not begin with ^https://"),
    (r"^https://shop\.example\.com", "no $ at its end"),
    (r"^https://shop\.example\.com\$", "no $ at its end"),
    (r"^https://shop.example\.com$", "dot matches any character"),
    (r"^https://.*\.example\.com$", "dot matches any character"),
    (r"^https://a\.example$|^https://b\.example$", "outside a group"),
    (r"^https://a\.example|https://b\.example$", "outside a group"),
    (r"^https://[a-z]*\.?spa\.example$", "it lets in https://evilspa.example."),
    (r"^https?://\S+$", "it lets in https://evil.invalid."),
    (r"^http://[^/]+$", "it lets in http://evil.invalid."),
    (r"^https://[^/]*spa\.example$", "it lets in https://evilspa.example."),
]


@pytest.mark.parametrize("pattern", TIGHT)
def test_tight_pattern_passes(pattern: str) -> None:
    """A pattern with both ends and escaped dots is left alone."""
    assert pattern_fault(check_pattern(pattern)) == ""


@pytest.mark.parametrize(("pattern", "fault"), LOOSE)
def test_loose_pattern_is_found(pattern: str, fault: str) -> None:
    """Each way to let a stranger in is named."""
    assert fault in pattern_fault(check_pattern(pattern))


@pytest.mark.parametrize("pattern", ["^https://(shop", "[a-", "*", "a{2,1}", "^[[a]"])
def test_pattern_that_does_not_compile_is_refused(pattern: str) -> None:
    """A broken pattern would be an error 500 at run time, so it is refused at once, with its place."""
    with pytest.raises(PydanticCustomError, match="not a regular expression") as caught:
        check_pattern(pattern)
    assert caught.value.type == "cors.pattern"


def test_pattern_too_large_to_compile_is_refused() -> None:
    """A number that the engine cannot hold is refused like any other fault."""
    with pytest.raises(PydanticCustomError, match="too large"):
        check_pattern("a{99999999999999999999}")


labels = st.from_regex(r"[a-z][a-z0-9]{0,6}", fullmatch=True)


@given(st.lists(labels, min_size=2, max_size=4))
def test_pattern_of_a_literal_host_is_tight(parts: list[str]) -> None:
    """An escaped host between both ends always passes, and always means that host alone."""
    host = ".".join(parts)
    pattern = f"^https://{re.escape(host)}$"
    assert pattern_fault(pattern) == ""
    assert re.match(pattern, f"https://{host}")
    assert not re.match(pattern, f"https://{host}.evil.test")


@given(st.text(r"^$\.*+?()[]|{}:/htpsa1-", max_size=30))
def test_any_text_is_judged(text: str) -> None:
    """Whatever compiles gets a verdict, and what passes begins and ends where it should."""
    try:
        pattern = check_pattern(text)
    except PydanticCustomError:
        return
    if pattern_fault(pattern) == "":
        assert not re.match(pattern, "https://evil.invalid")
        assert not re.match(pattern, "https://spa.example.evil.test")
