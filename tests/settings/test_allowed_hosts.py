"""Entries of ALLOWED_HOSTS that no request can match, held against Django's own comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.http.request import split_domain_port, validate_host
from hypothesis import given
from hypothesis import strategies as st

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.web_origins import meant_host

if TYPE_CHECKING:
    from tests.settings.conftest import LoadFrom


@pytest.mark.parametrize(
    "entry", ["*", "shop.example.com", ".example.com", "Shop.Example.COM", "localhost", "127.0.0.1", "[::1]"]
)
def test_entry_that_can_match_is_left_alone(entry: str, load_from: LoadFrom) -> None:
    """Names, domains, addresses and the wildcard are what Django knows."""
    loaded = load_from(CoreSettings, {"ALLOWED_HOSTS": entry})
    assert [problem for problem in loaded.problems if problem.id == "security.host"] == []


@pytest.mark.parametrize(
    ("entry", "meant"),
    [
        ("https://shop.example.com", "shop.example.com"),
        ("https://shop.example.com:8443/", "shop.example.com"),
        ("shop.example.com:8000", "shop.example.com"),
        ("shop.example.com/", "shop.example.com"),
        ("shop.example.com.", "shop.example.com"),
        ("*.example.com", ".example.com"),
        ("::1", "[::1]"),
        ("[::1]:8000", "[::1]"),
        ("shop_web", "shop.example.com  or  .example.com"),
    ],
)
def test_entry_that_cannot_match_is_an_error(entry: str, meant: str, load_from: LoadFrom) -> None:
    """The report names the entry and what was probably meant."""
    loaded = load_from(CoreSettings, {"ALLOWED_HOSTS": f"localhost,{entry}"})
    found = [problem for problem in loaded.problems if problem.id == "security.host"]
    assert [(problem.variable, problem.severity, problem.hint) for problem in found] == [
        ("ALLOWED_HOSTS", "error", f"expected  {meant}")
    ]
    assert f'item 2, "{entry}"' in found[0].message


@given(st.text("aB1.-_:/*[] ", max_size=12) | st.sampled_from(["http://a.b", "[::1]", "[a::1]", "::1"]))
def test_suggestions_are_accepted(entry: str) -> None:
    """What is suggested is itself an entry that can match."""
    meant = meant_host(entry)
    assert meant is None or meant == "" or meant_host(meant) is None


@given(st.text("ab1.-_:/*[]", min_size=1, max_size=8))
def test_refused_entries_match_nothing(entry: str) -> None:
    """Django itself finds no host that fits an entry which we refuse."""
    if meant_host(entry) is None:
        return
    hosts = [entry, entry.lower(), entry.strip("."), entry.partition(":")[0], f"www.{entry}", f"www{entry}"]
    domains = [split_domain_port(host)[0] for host in hosts]
    real = [domain for domain in domains if domain.startswith("[") or all(domain.split("."))]
    assert [domain for domain in real if validate_host(domain, [entry])] == []
