"""Parts of a plan that one project alone would not show: mail, comparison, the text of the module."""

from __future__ import annotations

from pathlib import Path

import pytest

from dj_core_utils.cli.init.comparison import compare
from dj_core_utils.cli.init.dotenv_text import dotenv_text, gitignore_text
from dj_core_utils.cli.init.mail import in_the_form_of
from dj_core_utils.cli.init.migration import Attempt
from dj_core_utils.cli.init.module_text import module_text
from dj_core_utils.cli.init.plan import Leaf, Plan, Secret
from dj_core_utils.cli.init.report import outcome_lines
from dj_core_utils.cli.init.starting import Started
from dj_core_utils.cli.init.terms import Term, term
from tests.init.conftest import planner_of

SMTP = "django.core.mail.backends.smtp.EmailBackend"
CONSOLE = "django.core.mail.backends.console.EmailBackend"
MAIL = {"EMAIL_BACKEND": SMTP, "EMAIL_HOST": "localhost", "EMAIL_PORT": 25, "EMAIL_TIMEOUT": None}
MEMORY = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}


def _terms(values: dict[str, object]) -> dict[str, Term]:
    return {name: term(value) for name, value in values.items()}


def _started(**values: object) -> Started:
    base: dict[str, object] = {"DEBUG": True, "INTERNAL_IPS": []}
    return Started(
        module="shop.settings",
        file=Path("/srv/shop/settings.py"),
        folder=Path("/srv"),
        declared=frozenset(values),
        django=frozenset(),
        values=_terms({**base, **values}),
    )


def _changed(name: str, before: object, after: object, **others: object) -> list[str]:
    found = compare(_started(**others, **{name: before}), _started(**others, **{name: after}))
    return [one.note or "changed" for one in found.differences]


def test_mailers_are_compared_with_what_they_replace() -> None:
    """From Django 6.1 one setting says what ``EMAIL_*`` said before."""
    mailer = {"BACKEND": SMTP, "OPTIONS": {"host": "localhost", "port": 25, "timeout": 10.0}}
    found = in_the_form_of(_terms(MAIL), _terms({"MAILERS": {"default": mailer}}))
    assert found["EMAIL_HOST"] == term("localhost")
    assert found["EMAIL_TIMEOUT"] == term(10.0)
    printed = in_the_form_of(_terms(MAIL), _terms({"MAILERS": {"default": {"BACKEND": CONSOLE}}}))
    assert (printed["EMAIL_BACKEND"], printed["EMAIL_PORT"]) == (term(CONSOLE), term(25))
    both = _terms({"MAILERS": {"default": mailer}})
    assert in_the_form_of({**_terms(MAIL), **both}, both) == both
    assert in_the_form_of({**_terms(MAIL), "MAILERS": term({})}, both)["MAILERS"] == term({})
    assert in_the_form_of(_terms(MAIL), _terms(MAIL)) == _terms(MAIL)


@pytest.mark.parametrize(
    ("name", "before", "after", "found"),
    [
        ("ALLOWED_HOSTS", [], ["localhost", ".localhost", "127.0.0.1", "[::1]"], []),
        ("ALLOWED_HOSTS", ["a"], ["b"], ["changed"]),
        ("SECURE_REFERRER_POLICY", "same-origin,origin", ["same-origin", "origin"], []),
        ("SECURE_REFERRER_POLICY", None, ["origin"], ["changed"]),
        ("LOCALE_PATHS", ("/srv/locale",), ["/srv/locale"], []),
        ("MEDIA_ROOT", Path("/srv/media"), "/srv/media", ["changed"]),
        ("CACHES", {"a": {"BACKEND": "x", "TIMEOUT": 300}}, {"a": {"BACKEND": "x"}}, []),
        ("CACHES", {"a": {"BACKEND": "x"}}, {"a": {"BACKEND": "x", "KEY_PREFIX": "shop"}}, ["changed"]),
        ("INSTALLED_APPS", ["a"], ["b", "dj_core_utils"], ["changed"]),
        ("INSTALLED_APPS", ["a"], ["a", "dj_core_utils"], ["dj_core_utils added: commands and checks, no tables"]),
        ("DEFAULT_EXCEPTION_REPORTER_FILTER", "django.a", "dj_core_utils.b", ["debug pages hide more"]),
        ("DEFAULT_EXCEPTION_REPORTER_FILTER", "shop.a", "dj_core_utils.b", ["changed"]),
        ("EMAIL_TIMEOUT", 5, 10, ["changed"]),
        ("DATABASES", {"default": MEMORY}, {"default": {**MEMORY, "OPTIONS": {"timeout": 5}}}, []),
        ("PAGE_SIZE", 5, "5", ["changed"]),
    ],
)
def test_what_counts_as_different(name: str, before: object, after: object, found: list[str]) -> None:
    """What Django takes for the same is the same, what comes by design is noted, all else has changed."""
    assert _changed(name, before, after) == found


def test_memory_of_one_process_may_have_any_place() -> None:
    """A cache in memory is gone with its process; its name and prefix are nobody's business."""
    memory = "django.core.cache.backends.locmem.LocMemCache"
    ours = {"default": {"BACKEND": memory, "LOCATION": "default", "KEY_PREFIX": "shop"}}
    assert _changed("CACHES", {"default": {"BACKEND": memory}}, ours) == []
    apart = {"default": {"BACKEND": memory, "LOCATION": "pages"}}
    assert _changed("CACHES", apart, ours) == ["changed"]


def test_a_setting_that_is_gone_has_changed() -> None:
    """And one that is new has not."""
    found = compare(_started(OWN=1), _started(OTHER=1))
    assert [one.name for one in found.changed] == ["OWN"]
    assert found.added == ("OTHER",)


def test_databases_on_a_server_keep_their_age() -> None:
    """A kept connection that is tried first is another one than a kept connection."""
    entries = {"ENGINE": "django.db.backends.postgresql", "NAME": "a", "CONN_MAX_AGE": 60}
    after = {"default": {**entries, "CONN_HEALTH_CHECKS": True}}
    assert _changed("DATABASES", {"default": entries}, after) == ["changed"]
    named = {"default": {**entries, "OPTIONS": {"connect_timeout": 5}}}
    assert "given up after 5 seconds" in _changed("DATABASES", {"default": entries}, named)[0]


def test_names_in_doubt_are_not_said_to_be_read() -> None:
    """A variable that no longer does the same is told once; of settings that do not start nothing is told."""
    plan = Plan("shop", "", retired={"A": "DEBUG", "B": "DB_NAME"}, unheard={"DEBUG": ("A",)})
    after = _started()
    attempt = Attempt(plan, "", "", after, compare(after, after))
    assert [(one.word, one.subject) for one in outcome_lines(attempt)][1:] == [("names", "B"), ("LOOK", "DEBUG")]
    assert list(outcome_lines(attempt._replace(comparison=None))) == []


def test_fields_hold_what_the_module_and_the_environment_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A default of another type than the value, or a place in the project, is left as it was."""
    monkeypatch.setenv("LIMIT", "five")
    planner = planner_of(tmp_path, f'LIMIT = os.getenv("LIMIT", 5)\nPLACE = "{tmp_path}/place"\nWORD = "a"\n')
    assert planner.plan().leaves.keys() == {"service_name", "word"}


def test_long_lines_of_the_class_are_broken() -> None:
    """One name a line, as a formatter would have it."""
    plan = Plan("shop-api", "", has_mail_by_hand=True)
    plan.allowed |= {f"VARIABLE_NUMBER_{number}" for number in range(9)}
    plan.retired = {"SECRET_KEY": "DJANGO_SECRET_KEY"}
    plan.leaves["token"] = Leaf("token", "SecretStr", "")
    plan.values["LOGGING"] = "{}"
    text = module_text(plan)
    assert "class ShopApiSettings(CoreSettings):" in text
    assert '        "VARIABLE_NUMBER_8",\n    )\n    retired_names = {' in text
    assert "\n    token: SecretStr\n" in text
    assert "del MAILERS" in text
    compile(text, "settings.py", "exec")


def test_lines_of_dotenv_are_only_added() -> None:
    """Nothing to add leaves the text as it is."""
    assert dotenv_text("A=1", []) == "A=1"
    assert dotenv_text("A=1", [Secret("B", "two words")]) == "A=1\n\nB='two words'\n"


def test_what_is_ignored_is_only_added(tmp_path: Path) -> None:
    """Lines that are there stay and count, also in another form; ``.env.*`` leaves ``.env`` itself open."""
    file = tmp_path / ".gitignore"
    assert gitignore_text(file, ".env") == ".env\n"
    for text, expected in {
        "*.pyc": "*.pyc\n.env\n",
        ".env.*\n": ".env.*\n.env\n",
        "/.env\n": None,
        ".env*": None,
    }.items():
        file.write_text(text, encoding="utf-8")
        assert gitignore_text(file, ".env") == expected
    file.write_text("__pycache__\n", encoding="utf-8")
    assert gitignore_text(file, ".env", "__pycache__/") == "__pycache__\n.env\n"
