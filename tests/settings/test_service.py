"""Peers: their names, addresses and keys."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from dj_core_utils.settings.base import CoreSettings
from tests.settings.key_pairs import key_pair

if TYPE_CHECKING:
    from pathlib import Path

    from dj_core_utils.settings.errors import Problem
    from dj_core_utils.settings.loading import Loaded
    from tests.settings.conftest import LoadFrom

KEY = "q8Zr-w1Vt5uP0xLm2Nc7Bd4Fg6Hj9Ks3Qa_Ye-Rt7Uo"
OTHER_KEY = "Pz4Lk8Jh2Gf6Ds0Aq1Wx3Se5Dc7Rf9Vt_Bg-Yh3Nu8"
MICROSERVICE = {"SERVICE_NAME": "users", "SERVICE_API_KEY": KEY}


def problems(loaded: Loaded) -> list[Problem]:
    """The problems about peers."""
    return [found for found in loaded.problems if found.id.startswith(("service.", "code.", "internal"))]


def digest(key: str) -> str:
    """A key as it is exported."""
    return f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def test_monolith_has_no_peers(load_from: LoadFrom) -> None:
    """Without configuration there is nobody to call and nobody who may."""
    loaded = load_from()
    assert problems(loaded) == []
    names = ("SERVICES", "SERVICE_URLS", "SERVICE_KEYS", "SERVICE_API_KEY", "SERVICE_CONTACT")
    assert [loaded.rendered[name] for name in names] == [[], {}, {}, None, ""]


def test_peers_are_rendered(load_from: LoadFrom) -> None:
    """Names without one's own, addresses without the slash, and keys of callers as digests only."""
    environ = {
        **MICROSERVICE,
        "SERVICES": "users,orders,products",
        "SERVICE_URLS": "orders=http://localhost:8001/,products=https://products.internal/api",
        "SERVICE_KEYS": f"orders={OTHER_KEY},products={digest('made elsewhere')}",
        "SERVICE_PREVIOUS_KEYS": "orders=Mn2Bv4Cx6Zl8Kj0Hg1Fd3Sa5Po7Iu9Yt_Re-Wq",
        "SERVICE_CONTACT": "team@example.com",
    }
    loaded = load_from(environ=environ, profiles=("microservice", "development"))
    assert problems(loaded) == []
    assert loaded.rendered["SERVICES"] == ["orders", "products"]
    assert loaded.rendered["SERVICE_URLS"] == {
        "orders": "http://localhost:8001",
        "products": "https://products.internal/api",
    }
    assert loaded.rendered["SERVICE_API_KEY"] == KEY
    assert loaded.rendered["SERVICE_KEYS"] == {
        "orders": [digest(OTHER_KEY), digest("Mn2Bv4Cx6Zl8Kj0Hg1Fd3Sa5Po7Iu9Yt_Re-Wq")],
        "products": [digest("made elsewhere")],
    }
    assert OTHER_KEY not in repr(dict(loaded.rendered))


def test_addresses_are_a_list_of_peers_too(load_from: LoadFrom) -> None:
    """Where SERVICES is not set, the peers are those with an address."""
    loaded = load_from(environ={"SERVICE_URLS": "orders=http://localhost:1,products=http://localhost:2"})
    assert loaded.rendered["SERVICES"] == ["orders", "products"]


@pytest.mark.parametrize(
    ("environ", "problem_id", "message"),
    [
        ({"SERVICE_URLS": "orders=orders:8000"}, "service.url", "begins with http"),
        ({"SERVICE_URLS": "Orders=http://orders"}, "service.name", "small letters"),
        ({"SERVICES": "users,or ders"}, "service.name", 'item 2, "or ders"'),
        ({"SERVICE_CONTACT": "somebody"}, "service.contact", "neither a mail address nor a URL"),
    ],
)
def test_what_cannot_work_is_refused(
    load_from: LoadFrom, environ: dict[str, str], problem_id: str, message: str
) -> None:
    """Names and addresses are judged one by one."""
    (found,) = problems(load_from(environ=environ))
    assert (found.id, found.severity) == (problem_id, "error")
    assert message in found.message


@pytest.mark.parametrize("variable", ["SERVICE_URLS", "SERVICE_KEYS", "SERVICE_PREVIOUS_KEYS"])
def test_unknown_service_is_named_with_the_nearest(load_from: LoadFrom, variable: str) -> None:
    """A name that is not among SERVICES is probably misspelt."""
    value = "ordres=http://localhost:1" if variable == "SERVICE_URLS" else f"ordres={KEY}"
    (found,) = problems(load_from(environ={"SERVICES": "orders", variable: value}))
    assert (found.id, found.variable) == ("service.unknown", variable)
    assert found.message == '"ordres" is not among SERVICES. Did you mean orders?'


def test_unknown_service_without_a_neighbour(load_from: LoadFrom) -> None:
    """Nothing is suggested where nothing is near."""
    (found,) = problems(load_from(environ={"SERVICES": "orders", "SERVICE_URLS": "payments=http://localhost:1"}))
    assert (found.message, found.hint) == ('"payments" is not among SERVICES.', "known: orders, app")


@pytest.mark.parametrize(
    ("profiles", "severity"), [(("microservice",), "error"), (("microservice", "development"), "warning")]
)
def test_microservice_needs_a_credential_and_addresses(
    load_from: LoadFrom, profiles: tuple[str, ...], severity: str
) -> None:
    """A service that cannot call its peers does not start; on a developer's machine it says so."""
    environ = {
        "SERVICE_NAME": "users",
        "SERVICES": "users,orders,products",
        "SERVICE_URLS": "orders=http://localhost:1",
    }
    found = {each.id: each for each in problems(load_from(environ=environ, profiles=profiles))}
    assert {each.severity for each in found.values()} == {severity}
    assert found["service.credential"].variable == "SERVICE_SIGNING_KEY"
    missing = found["service.url_missing"]
    assert missing.message == "nothing says where products can be reached."
    assert "or, for one alone,  PRODUCTS_SERVICE_URL=https://products.internal" in missing.hint


OWN = {"SERVICES": "orders,users-data", "ORDERS_SERVICE_URL": "https://orders.internal/"}


@pytest.mark.parametrize(
    ("files", "origin"),
    [
        ({".env": "ORDERS_SERVICE_URL=https://orders.internal"}, ".env:1"),
        ({"address": "https://orders.internal", ".env": "ORDERS_SERVICE_URL_FILE=address"}, "address"),
        (
            {"secrets/orders_service_url": "https://orders.internal", ".env": "DJANGO_SECRETS_DIR=secrets"},
            "secrets/orders_service_url",
        ),
        (
            {"profiles/development.toml": '[settings]\norders_service_url = "https://orders.internal"\n'},
            "profile development",
        ),
    ],
)
@pytest.mark.parametrize("named", ["SERVICES=orders", "SERVICE_URLS=orders=http://localhost:1"])
def test_address_under_a_name_of_its_own(
    load_from: LoadFrom, files: dict[str, str], origin: str, named: str, tmp_path: Path
) -> None:
    """Without a field in the class it is read from every source for the services that are named, and goes first."""
    name, _, value = named.partition("=")
    loaded = load_from(environ={name: value}, files=files)
    assert loaded.problems == ()
    assert loaded.settings is not None
    assert loaded.settings.service.addresses(loaded.settings) == {"orders": "https://orders.internal"}
    assert loaded.rendered["ORDERS_SERVICE_URL"] == "https://orders.internal"
    trace = loaded.traces["ORDERS_SERVICE_URL"]
    assert str(trace.origin).replace(f"{tmp_path}/", "") == origin
    assert loaded.settings_class is CoreSettings
    assert isinstance(loaded.settings, CoreSettings)
    assert type(loaded.settings).__name__ == "CoreSettings"


def test_address_of_one_service_beside_a_field(load_from: LoadFrom) -> None:
    """A field of the project stays what it is; names of other services are not ours."""

    class WithField(CoreSettings):
        orders_service_url: str = ""

    environ = {"SERVICES": "orders", "ORDERS_SERVICE_URL": "http://localhost:1", "STOCK_SERVICE_URL": "http://x"}
    loaded = load_from(WithField, environ=environ)
    assert loaded.problems == ()
    assert type(loaded.settings) is WithField
    assert "STOCK_SERVICE_URL" not in loaded.traces
    assert loaded.rendered["ORDERS_SERVICE_URL"] == "http://localhost:1"


def test_address_of_one_service_that_is_wrong(load_from: LoadFrom) -> None:
    """It is told with its name and its origin, once, like everything else that is wrong in the same file."""
    [found] = load_from(environ={"SERVICES": "orders"}, dotenv="ORDERS_SERVICE_URL=orders:80").problems
    assert (found.variable, found.origin, found.severity) == ("ORDERS_SERVICE_URL", ".env:1", "error")
    found, *others = load_from(environ={"SERVICES": "Orders!"}, dotenv="ORDERS_SERVICE_URL=http://o\n=\n").problems
    assert [each.id for each in (found, *others)].count("dotenv.syntax") == 1


def test_address_of_one_service_that_is_empty(load_from: LoadFrom) -> None:
    """It counts as not set."""
    loaded = load_from(environ={**OWN, "ORDERS_SERVICE_URL": ""})
    assert loaded.problems == ()
    assert loaded.settings is not None
    assert loaded.settings.service.addresses(loaded.settings) == {}


@pytest.mark.parametrize(
    ("name", "in_file", "message"),
    [
        ("ORDRES_SERVICE_URL", False, "unknown variable. Did you mean ORDERS_SERVICE_URL?"),
        ("USER_DATA_SERVICE_URL", True, "unknown variable. Did you mean USERS_DATA_SERVICE_URL?"),
        ("orders_service_url", True, "unknown variable: names are upper case. Did you mean ORDERS_SERVICE_URL?"),
        ("STOCK_SERVICE_URL", True, "unknown variable. Did you mean SERVICE_URLS?"),
    ],
)
def test_misspelt_address_of_one_service(load_from: LoadFrom, name: str, in_file: bool, message: str) -> None:  # noqa: FBT001  # a parameter of a test
    """The service that was probably meant is named; in the environment it is a warning, for it may be another's."""
    line = {name: "http://localhost:1"}
    environ = {"SERVICES": "orders,users-data", **({} if in_file else line)}
    [found] = load_from(environ=environ, dotenv=f"{name}=http://localhost:1" if in_file else None).problems
    assert (found.id, found.message) == ("variable.unknown", message)


def test_plain_http_under_a_name_of_its_own(load_from: LoadFrom) -> None:
    """The rule names the variable that says so."""
    environ = {**MICROSERVICE, "SERVICE_URLS": "orders=https://o", "ORDERS_SERVICE_URL": "http://orders.internal"}
    found = {each.id: each for each in problems(load_from(environ=environ, profiles=("microservice", "production")))}
    assert found["service.https"].variable == "ORDERS_SERVICE_URL"
    assert "expected  https://orders.internal\n" in found["service.https"].hint


def test_image_of_a_service_is_built_without_peers(load_from: LoadFrom) -> None:
    """A build calls nobody."""
    environ = {"SERVICES": "orders"}
    assert problems(load_from(environ=environ, profiles=("microservice", "production", "build"))) == []


def test_own_address_is_not_needed(load_from: LoadFrom) -> None:
    """A service that stands among its peers by mistake is told."""
    (found,) = problems(load_from(environ={**MICROSERVICE, "SERVICE_URLS": "users=http://localhost:1"}))
    assert (found.id, found.severity) == ("service.self", "warning")


@pytest.mark.parametrize(("profile", "severity"), [("production", "error"), ("development", "warning")])
@pytest.mark.parametrize("variable", ["SERVICE_API_KEY", "SERVICE_KEYS", "SERVICE_PREVIOUS_KEYS"])
def test_short_key_is_named(load_from: LoadFrom, variable: str, profile: str, severity: str) -> None:
    """A key that could be guessed stops production; the message holds its length only."""
    value = "k3Jd9sLw2" if variable == "SERVICE_API_KEY" else "orders=k3Jd9sLw2"
    (found,) = problems(load_from(environ={variable: value}, profiles=(profile,)))
    assert (found.id, found.severity) == ("service.key_length", severity)
    assert "has 9 characters; 32 are the least" in found.message


def test_plain_http_between_services(load_from: LoadFrom) -> None:
    """In production calls are encrypted, unless they stay on the machine, or a waiver says that a mesh does it."""
    environ = {"SERVICE_URLS": "orders=http://orders:8000,stock=http://localhost:8001,shop=https://shop"}
    (found,) = problems(load_from(environ=environ, profiles=("production",)))
    assert (found.id, found.severity) == ("service.https", "error")
    assert found.message.startswith("orders is called over plain HTTP")
    waiver = {"profiles/mesh.toml": '[policy.waivers]\n"service.https" = "the mesh encrypts between pods"\n'}
    loaded = load_from(environ=environ, files=waiver, profiles=("production", "mesh"))
    assert problems(loaded) == []
    assert "service.https" in {each.id for each in loaded.waived}
    assert problems(load_from(environ=environ)) == []


ORDERS, PRODUCTS = key_pair("P-256", 11), key_pair("P-256", 12)
TOKENS = {
    "SERVICE_NAME": "users",
    "SERVICE_SIGNING_KEY": ORDERS[0].replace("\n", "\\n"),
    "SERVICE_PUBLIC_KEYS": f"orders={PRODUCTS[1]}",
    "SERVICE_PREVIOUS_PUBLIC_KEYS": f"orders={key_pair('P-256', 13)[1]}",
    "SERVICE_SCOPES": "orders=users:read users:write",
}


def test_signed_calls_are_rendered(load_from: LoadFrom) -> None:
    """The own key, those of the callers with the newest first, and what each may do; no private key is shown."""
    loaded = load_from(
        environ={**TOKENS, "SERVICE_URLS": "orders=http://localhost:1"}, profiles=("microservice", "test")
    )
    assert [found for found in problems(loaded) if found.id != "service.replay_cache"] == []
    assert loaded.rendered["SERVICE_TOKENS"] == {
        "signing_key": ORDERS[0],
        "lifetime": 60,
        "public_keys": {"orders": [PRODUCTS[1].strip(), key_pair("P-256", 13)[1].strip()]},
        "replay_cache": "default",
    }
    assert loaded.rendered["SERVICE_SCOPES"] == {"orders": ["users:read", "users:write"]}
    assert ORDERS[0].splitlines()[1] not in repr(dict(loaded.rendered))


@pytest.mark.parametrize(
    ("environ", "problem_id", "said"),
    [
        ({"SERVICE_SIGNING_KEY": ORDERS[1]}, "service.signing_key", "public key"),
        ({"SERVICE_SIGNING_KEY": key_pair("P-384")[0]}, "service.signing_key", "P-256"),
        ({"SERVICE_PUBLIC_KEYS": f"orders={ORDERS[0]}"}, "service.public_keys", "orders: this is a private key"),
        (
            {"SERVICE_PUBLIC_KEYS": "orders=-----BEGIN PUBLIC KEY-----\ntorn"},
            "service.public_keys",
            "orders: this looks like a public key in PEM form, but cannot be read",
        ),
        ({"SERVICE_PUBLIC_KEYS": f"orders={key_pair('RSA')[1]}"}, "service.public_keys", "no elliptic-curve key"),
        (
            {"SERVICE_PUBLIC_KEYS": f"orders={ORDERS[1]},products={ORDERS[1]}"},
            "service.public_keys",
            "products has the same key as orders",
        ),
        ({**TOKENS, "SERVICE_REPLAY_CACHE": "calls"}, "service.replay_cache", 'no cache "calls"'),
        ({**TOKENS}, "service.replay_cache", "LocMemCache is not shared"),
        ({"SERVICE_SHARED_KEY": "true"}, "service.shared_key", "no key to share"),
        ({"SERVICE_SHARED_KEY": "true", "SERVICE_API_KEY": KEY}, "service.shared_key", "under any name"),
        ({"SERVICE_API_KEY": "a blank in a key of many characters, more"}, "service.key_form", "a blank"),
        (
            {"SERVICE_API_KEY": "not-ASCII-\xe4\xf6\xfc-and-of-more-than-32-characters"},
            "service.key_form",
            "beyond ASCII",
        ),
        ({"SERVICE_SCOPES": 'orders="quoted"'}, "service.scope", "printable ASCII"),
    ],
)
def test_what_a_call_cannot_be_recognised_by(
    load_from: LoadFrom, environ: dict[str, str], problem_id: str, said: str
) -> None:
    """Each mistake with keys and scopes is named, and no key is shown."""
    loaded = load_from(environ=environ)
    [found] = [each for each in loaded.problems if each.id == problem_id]
    assert said in found.message
    assert ORDERS[0].splitlines()[1] not in str(found)


@pytest.mark.parametrize(("cache", "expected"), [("rediss://:p4ssw0rd-of-it@cache.internal:6379/0", 0), (None, 1)])
def test_production_remembers_calls_in_one_place(load_from: LoadFrom, cache: str | None, expected: int) -> None:
    """A cache of each process lets a recorded call through again, so production does not start with one."""
    environ = {**TOKENS, **({"CACHE_URL": cache} if cache else {})}
    loaded = load_from(environ=environ, profiles=("microservice", "production"))
    found = [each for each in loaded.problems if each.id == "service.replay_cache"]
    assert [each.severity for each in found] == ["error"] * expected


def test_addresses_by_a_template(load_from: LoadFrom) -> None:
    """Where all services follow one pattern, it is written once; a name of its own still wins, and so does a field."""

    class OwnSettings(CoreSettings):
        stock_service_url: str = "https://stock.example"

    environ = {
        **MICROSERVICE,
        "SERVICES": "users,orders,products,stock",
        "SERVICE_URL_TEMPLATE": "https://{service}.internal/api/",
        "SERVICE_URLS": "orders=https://orders.example",
    }
    loaded = load_from(OwnSettings, environ=environ, profiles=("microservice", "development"))
    assert problems(loaded) == []
    assert loaded.rendered["SERVICE_URL_TEMPLATE"] == "https://{service}.internal/api"
    assert loaded.settings is not None
    assert loaded.settings.service.addresses(loaded.settings) == {
        "users": "https://users.internal/api",
        "orders": "https://orders.example",
        "products": "https://products.internal/api",
        "stock": "https://stock.example",
    }


@pytest.mark.parametrize("template", ["https://orders.internal", "ftp://{service}", "{service}"])
def test_template_that_is_none(load_from: LoadFrom, template: str) -> None:
    """It is an address with the name of the service in it."""
    (found,) = load_from(environ={"SERVICE_URL_TEMPLATE": template}).errors
    assert (found.id, found.variable) == ("service.url", "SERVICE_URL_TEMPLATE")
