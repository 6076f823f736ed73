"""The secret key: shared in a monolith, own in a microservice; and what is asked of every secret."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel, SecretBytes, SecretStr

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.secret_hygiene import HeldSecret
from dj_core_utils.settings.secret_keys import SecretKeySettings
from dj_core_utils.settings.variables import VariableTable

if TYPE_CHECKING:
    from dj_core_utils.settings.errors import Problem
    from dj_core_utils.settings.loading import Loaded
    from tests.settings.conftest import LoadFrom

KEY = "q8Zr#w1Vt5uP0xLm2Nc7Bd4Fg6Hj9Ks3Qa-Ye_Rt!Uo$Ip&Wz*Xb"
OTHER_KEY = "Pz4Lk8Jh2Gf6Ds0Aq1Wx3Se5Dc7Rf9Vt!Bg_Yh-Nu$Mj&Ik*Lo(Ap"
THIRD_KEY = "Mn2Bv4Cx6Zl8Kj0Hg1Fd3Sa5Po7Iu9Yt_Re-Wq!Zx$Cv&Bn*Mk(Lq"
PEERS = {"SERVICES": "users,orders", "SERVICE_NAME": "users"}


def problems(loaded: Loaded, problem_id: str) -> list[Problem]:
    """The problems of one kind."""
    return [found for found in loaded.problems if found.id == problem_id]


def ids(loaded: Loaded) -> set[str]:
    """The kinds of problems about secrets."""
    return {found.id for found in loaded.problems if found.id.startswith(("secret", "code.", "internal"))}


def test_monolith_uses_the_shared_key(load_from: LoadFrom) -> None:
    """A monolith signs with DJANGO_SECRET_KEY and accepts its fallbacks; a service's own key is left alone."""
    environ = {
        "DJANGO_SECRET_KEY": KEY,
        "DJANGO_SECRET_KEY_FALLBACKS": f"{OTHER_KEY}, {THIRD_KEY}",
        "APP_SECRET_KEY": "not used here, and as long as a secret key has to be: 50+",
    }
    loaded = load_from(environ=environ)
    assert ids(loaded) == set()
    assert loaded.rendered["SECRET_KEY"] == KEY
    assert loaded.rendered["SECRET_KEY_FALLBACKS"] == [OTHER_KEY, THIRD_KEY]


def test_microservice_uses_its_own_key(load_from: LoadFrom) -> None:
    """A microservice signs with the key named after it and with nothing else."""
    environ = {
        "SERVICE_NAME": "user-accounts",
        "USER_ACCOUNTS_SECRET_KEY": KEY,
        "USER_ACCOUNTS_SECRET_KEY_FALLBACKS": OTHER_KEY,
        "DJANGO_SECRET_KEY": THIRD_KEY,
    }
    loaded = load_from(environ=environ, profiles=("microservice", "development"))
    assert ids(loaded) == set()
    assert loaded.rendered["SECRET_KEY"] == KEY
    assert loaded.rendered["SECRET_KEY_FALLBACKS"] == [OTHER_KEY]


@pytest.mark.parametrize("profile", ["development", "test"])
@pytest.mark.parametrize("topology", ["monolith", "microservice"])
def test_local_profiles_bring_a_key(load_from: LoadFrom, topology: str, profile: str) -> None:
    """A developer or a test sets no key, and hears nothing about the one that comes with the profile."""
    loaded = load_from(profiles=(topology, profile))
    assert ids(loaded) == set()
    assert loaded.rendered["SECRET_KEY"]


@pytest.mark.parametrize("profile", ["development", "test", "build"])
def test_keys_of_profiles_never_serve(load_from: LoadFrom, profile: str) -> None:
    """The keys that everybody knows are refused in production, wherever they come from."""
    key = load_from(profiles=("monolith", profile)).settings.secret_keys.django  # type: ignore[union-attr]  # it loads
    loaded = load_from(environ={"DJANGO_SECRET_KEY": key.get_secret_value()}, profiles=("production",))  # type: ignore[union-attr]  # set by the profile
    (found,) = problems(loaded, "secret.placeholder")
    assert (found.severity, found.variable) == ("error", "DJANGO_SECRET_KEY")


def test_missing_key_is_one_problem_with_the_command(load_from: LoadFrom) -> None:
    """Without a key nothing starts, and the message says how to make one."""
    (found,) = problems(load_from(profiles=("monolith",)), "secret_key.missing")
    assert (found.variable, found.origin, found.severity) == ("DJANGO_SECRET_KEY", "not set", "error")
    assert "config keygen django" in found.hint


def test_microservice_without_any_key(load_from: LoadFrom) -> None:
    """A microservice names the variable that it misses."""
    loaded = load_from(environ={"SERVICE_NAME": "users"}, profiles=("microservice",))
    (found,) = problems(loaded, "secret_key.missing")
    assert found.variable == "USERS_SECRET_KEY"
    assert problems(loaded, "secret_key.shared") == []


def test_microservice_with_the_shared_key_only(load_from: LoadFrom) -> None:
    """A shared key is not taken for a service's own, and that is said once."""
    loaded = load_from(environ={"SERVICE_NAME": "users", "DJANGO_SECRET_KEY": KEY}, profiles=("microservice",))
    (found,) = problems(loaded, "secret_key.shared")
    assert found.variable == "USERS_SECRET_KEY"
    assert "shared keys are for the monolith" in found.message
    assert problems(loaded, "secret_key.missing") == []


def test_name_known_from_elsewhere_is_answered(load_from: LoadFrom) -> None:
    """SECRET_KEY is not read, and whoever sets it is told the right name."""
    loaded = load_from(dotenv=f"SECRET_KEY={KEY}\n", profiles=("monolith",))
    assert "DJANGO_SECRET_KEY" in problems(loaded, "variable.other_name")[0].message


@pytest.mark.parametrize(
    ("profiles", "severity"), [(("production",), "error"), (("monolith",), "warning"), (("development",), None)]
)
def test_weak_key_counts_more_the_more_people_it_protects(
    load_from: LoadFrom, profiles: tuple[str, ...], severity: str | None
) -> None:
    """A weak key stops production, is a warning elsewhere, and nothing on a developer's machine."""
    environ = {"DJANGO_SECRET_KEY": "django-insecure-" + KEY, "DJANGO_SECRET_KEY_FALLBACKS": "k5Jd9sLw2"}
    loaded = load_from(environ=environ, profiles=profiles)
    found = problems(loaded, "secret_key.strength") + problems(loaded, "secret_key.fallbacks")
    assert [problem.severity for problem in found] == ([severity] * 2 if severity else [])
    if found:
        assert "django-insecure-" in found[0].message
        assert "item 1: the key has 9 characters" in found[1].message


def test_waived_strength_silences_django(load_from: LoadFrom) -> None:
    """A waiver with a reason also silences Django's own check."""
    waiver = '[policy.waivers]\n"secret_key.strength" = "migrating, see the runbook"\n'
    loaded = load_from(
        environ={"DJANGO_SECRET_KEY": KEY[:40], "ALLOWED_HOSTS": "a.example", "DATABASE_URL": "sqlite:///x.sqlite3"},
        files={"profiles/migration.toml": waiver},
        profiles=("production", "migration"),
    )
    assert problems(loaded, "secret_key.strength") == []
    assert "secret_key.strength" in {found.id for found in loaded.waived}


def test_unfinished_rotation_is_seen(load_from: LoadFrom) -> None:
    """A key that is in force and among the earlier ones was not rotated."""
    loaded = load_from(environ={"DJANGO_SECRET_KEY": KEY, "DJANGO_SECRET_KEY_FALLBACKS": KEY})
    (found,) = problems(loaded, "secret_key.rotation")
    assert (found.severity, found.variable) == ("warning", "DJANGO_SECRET_KEY_FALLBACKS")
    assert "secret.reused" not in ids(loaded)


def test_empty_fallback_is_refused(load_from: LoadFrom) -> None:
    """Django would accept a signature made with the empty key."""
    loaded = load_from(environ={"DJANGO_SECRET_KEY_FALLBACKS": '["", "x"]'})
    assert problems(loaded, "secret_key.empty")[0].severity == "error"


@pytest.mark.parametrize("name", ["ORDERS_SECRET_KEY", "ORDERS_SECRET_KEY_FILE"])
def test_key_of_a_peer_is_refused(load_from: LoadFrom, name: str) -> None:
    """A microservice that could read another one's key says so, with the place."""
    environ = {**PEERS, "USERS_SECRET_KEY": KEY, "STRIPE_SECRET_KEY": "of somebody else"}
    loaded = load_from(environ=environ, dotenv=f"{name}=x\n", profiles=("microservice", "production"))
    (found,) = problems(loaded, "secret_key.foreign")
    assert (found.variable, found.origin, found.severity) == (name, ".env:1", "error")


def test_keys_of_peers_are_normal_on_one_machine(load_from: LoadFrom) -> None:
    """One .env for all services is what a developer has."""
    loaded = load_from(
        environ=PEERS,
        dotenv=f"USERS_SECRET_KEY={KEY}\nORDERS_SECRET_KEY={OTHER_KEY}\n",
        profiles=("microservice", "development"),
    )
    assert ids(loaded) == set()


def test_quotes_and_spaces_are_reported_and_kept(load_from: LoadFrom) -> None:
    """What surrounds a secret may belong to it, so it is kept and said, for parts of lists and mappings, too."""
    environ = {
        "DJANGO_SECRET_KEY": f'"{KEY}"',
        "SERVICE_KEYS": '{"orders": " spaced spaced spaced spaced spaced "}',
        "DJANGO_SECRET_KEY_FALLBACKS": f'["{OTHER_KEY}", "{THIRD_KEY} "]',
    }
    loaded = load_from(environ=environ)
    found = {problem.variable: problem for problem in problems(loaded, "secret.whitespace")}
    assert loaded.rendered["SECRET_KEY"] == f'"{KEY}"'
    assert found["DJANGO_SECRET_KEY"].message.startswith("the value is in quotes")
    assert found["DJANGO_SECRET_KEY_FALLBACKS"].message.startswith("item 2 begins or ends")
    assert found["SERVICE_KEYS"].message.startswith("orders begins or ends")
    assert {problem.severity for problem in found.values()} == {"warning"}


@pytest.mark.parametrize(("profile", "severity"), [("production", "error"), ("development", "warning")])
def test_placeholder_is_reported_everywhere(load_from: LoadFrom, profile: str, severity: str) -> None:
    """A placeholder is a warning to a developer and stops production; nothing else is said about that key."""
    environ = {"DJANGO_SECRET_KEY": "your_unique_and_complex_secret_key", "SERVICE_API_KEY": "changeme"}
    loaded = load_from(environ=environ, profiles=(profile,))
    found = problems(loaded, "secret.placeholder")
    assert {problem.variable for problem in found} == set(environ)
    assert {problem.severity for problem in found} == {severity}
    assert not problems(loaded, "secret_key.strength") + problems(loaded, "service.key_length")


@pytest.mark.parametrize(("profile", "count"), [("production", 1), ("development", 0)])
def test_default_password_is_refused_where_it_matters(load_from: LoadFrom, profile: str, count: int) -> None:
    """postgres:postgres is fine on a developer's machine only."""
    environ = {"DJANGO_SECRET_KEY": KEY, "DATABASE_URL": "postgres://postgres:postgres@localhost/shop"}
    found = problems(load_from(environ=environ, profiles=(profile,)), "secret.placeholder")
    assert [(problem.variable, problem.severity) for problem in found] == [("DATABASE_URL", "error")] * count


def test_long_key_that_follows_a_pattern(load_from: LoadFrom) -> None:
    """Length alone does not make a key."""
    loaded = load_from(environ={"JWT_SIGNING_KEY": "abcdefghij" * 8}, profiles=("monolith", "production"))
    assert "follows a pattern" in problems(loaded, "secret.placeholder")[0].message


def test_secret_in_a_profile_is_refused(load_from: LoadFrom) -> None:
    """A profile is a file of the repository."""
    profile = f'[settings.service]\napi_key = "{OTHER_KEY}"\n'
    loaded = load_from(
        environ={"DJANGO_SECRET_KEY": KEY},
        files={"profiles/ours.toml": profile},
        profiles=("production", "ours"),
    )
    (found,) = problems(loaded, "secret.in_profile")
    assert (found.variable, found.origin, found.severity) == ("SERVICE_API_KEY", "profile ours", "error")
    assert problems(loaded, "secret.in_code") == []


def test_secret_in_the_class_is_refused(load_from: LoadFrom) -> None:
    """So is a settings class."""

    class Leaky(CoreSettings):
        secret_keys: SecretKeySettings = SecretKeySettings(django=SecretStr(KEY))
        webhook_secret: SecretStr = SecretStr(OTHER_KEY)

    found = problems(load_from(Leaky, profiles=("production",)), "secret.in_code")
    assert {problem.variable for problem in found} == {"DJANGO_SECRET_KEY", "WEBHOOK_SECRET"}


@pytest.mark.parametrize(
    ("environ", "variable", "message", "severity"),
    [
        (
            {"DJANGO_SECRET_KEY": KEY, "JWT_SIGNING_KEY": KEY},
            "JWT_SIGNING_KEY",
            "this is the same secret as DJANGO_SECRET_KEY",
            "error",
        ),
        (
            {"DJANGO_SECRET_KEY": KEY, "SERVICE_API_KEY": KEY},
            "SERVICE_API_KEY",
            "this is the same secret as DJANGO_SECRET_KEY",
            "warning",
        ),
        (
            {"SERVICE_API_KEY": KEY, "SERVICE_KEYS": f"orders={KEY}"},
            "SERVICE_KEYS",
            "orders is the same secret as SERVICE_API_KEY",
            "warning",
        ),
        (
            {"SERVICE_KEYS": f"orders={KEY},users={KEY}"},
            "SERVICE_KEYS",
            "orders and users are the same secret.",
            "warning",
        ),
        (
            {"SERVICE_API_KEY": "Jd8sKw2LqP", "DATABASE_URL": "postgres://u:Jd8sKw2LqP@localhost/shop"},
            "SERVICE_API_KEY",
            "this is the same secret as DATABASE_URL",
            "warning",
        ),
    ],
)
def test_one_secret_for_two_jobs(
    load_from: LoadFrom, environ: dict[str, str], variable: str, message: str, severity: str
) -> None:
    """A secret that does two jobs is found wherever it stands, and said once."""
    loaded = load_from(environ=environ)
    (found,) = problems(loaded, "secret.reused")
    assert (found.variable, found.severity) == (variable, severity)
    assert message in found.message
    assert KEY not in str(loaded.problems)


def test_key_of_a_service_used_twice_is_an_error(load_from: LoadFrom) -> None:
    """Between services a signing key that is the secret key gets no advice to leave it out."""
    environ = {"SERVICE_NAME": "users", "USERS_SECRET_KEY": KEY, "JWT_SIGNING_KEY": KEY}
    (found,) = problems(load_from(environ=environ, profiles=("microservice", "development")), "secret.reused")
    assert (found.severity, found.hint) == ("error", "make a new one for one of them")


def test_one_password_for_one_server_is_no_reuse(load_from: LoadFrom) -> None:
    """Cache and events may live on one server, with one password."""
    environ = {
        "DATABASE_URL": "postgres://u:Jd8sKw2LqP@localhost/shop",
        "EVENT_BUS_URL": "redis://:Jd8sKw2LqP@localhost/1",
    }
    assert ids(load_from(environ=environ)) == set()


def test_secrets_of_the_project_count_too(load_from: LoadFrom) -> None:
    """A secret that a project declares itself is held to the same rules."""

    class Shop(CoreSettings):
        webhook_secret: SecretStr | None = None

    loaded = load_from(Shop, {"DJANGO_SECRET_KEY": KEY, "WEBHOOK_SECRET": KEY})
    (found,) = problems(loaded, "secret.reused")
    assert (found.variable, found.severity) == ("WEBHOOK_SECRET", "warning")


def test_secrets_in_bytes_count_too(load_from: LoadFrom) -> None:
    """A secret that a project keeps as bytes is compared like any other."""

    class Shop(CoreSettings):
        webhook_secret: SecretBytes | None = None

    (found,) = problems(load_from(Shop, {"DJANGO_SECRET_KEY": KEY, "WEBHOOK_SECRET": KEY}), "secret.reused")
    assert found.variable == "WEBHOOK_SECRET"


def test_only_the_secret_fields_of_a_model_are_judged(load_from: LoadFrom) -> None:
    """A model is no placeholder because its other fields say ``test``, and each secret in it counts by itself."""

    class Account(BaseModel):
        name: str = "test"
        key: SecretStr = SecretStr("")

    class Shop(CoreSettings):
        account: Account = Account()

    assert ids(load_from(Shop, {"ACCOUNT": '{"name": "changeme"}'})) == set()
    environ = {"DJANGO_SECRET_KEY": KEY, "ACCOUNT": json.dumps({"key": KEY})}
    (found,) = problems(load_from(Shop, environ), "secret.reused")
    assert found.message == "key is the same secret as DJANGO_SECRET_KEY; each job needs its own."
    (found,) = problems(load_from(Shop, {"ACCOUNT": '{"key": "changeme"}'}), "secret.placeholder")
    assert found.message == "key is a placeholder, not a secret."


def test_a_long_list_of_one_secret_is_judged_in_no_time(load_from: LoadFrom) -> None:
    """Not every pair of a list is compared: 10,000 equal entries would make 50 million."""
    started = time.process_time()
    loaded = load_from(
        environ={"DJANGO_SECRET_KEY_FALLBACKS": ",".join([KEY] * 10_000), "DJANGO_SECRET_KEY": OTHER_KEY}
    )
    assert loaded.errors == ()
    assert time.process_time() - started < 5


def test_held_secret_hides_itself() -> None:
    """What a rule holds in its hands shows its place and not its text."""
    row = VariableTable(CoreSettings, "app")["SERVICE_KEYS"]
    assert repr(HeldSecret(row, KEY, "orders")) == "HeldSecret(SERVICE_KEYS, 'orders')"


def test_failed_secret_does_not_hide_the_others(load_from: LoadFrom) -> None:
    """Rules over all secrets judge those that can be read."""
    environ = {"DJANGO_SECRET_KEY": "changeme", "SERVICE_KEYS": "{broken", "JWT_LEEWAY": "-1"}
    loaded = load_from(environ=environ)
    assert [problem.variable for problem in problems(loaded, "secret.placeholder")] == ["DJANGO_SECRET_KEY"]


def test_section_can_be_given_in_the_class() -> None:
    """The section stands by itself, frozen and with its defaults."""
    section = SecretKeySettings()
    assert section.current(is_microservice=False) is None
    assert section.fallbacks(is_microservice=True) == []


def test_placeholders_are_not_called_reuse_on_top(load_from: LoadFrom) -> None:
    """The same placeholder in two places is two placeholders, and one message for each."""
    environ = {"DJANGO_SECRET_KEY": "changeme", "SERVICE_API_KEY": "changeme"}
    found = [problem.id for problem in load_from(environ=environ, profiles=["production"]).problems]
    assert found.count("secret.placeholder") == 2
    assert "secret.reused" not in found
