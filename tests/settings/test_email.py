"""The mail section and its URLs: what each Django gets, what is refused, and a server that receives the mail."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import django
import pytest
from environ import Env
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.email_url import SERVERLESS, parse_email_url
from dj_core_utils.settings.profiles import ActiveProfiles
from dj_core_utils.settings.rendering import RenderContext

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dj_core_utils.settings.loading import Loaded
    from tests.conftest import RunPython, WriteProject
    from tests.servers import SmtpSink
    from tests.settings.conftest import LoadFrom

SMTP = "django.core.mail.backends.smtp.EmailBackend"
PRODUCTION = ("monolith", "production")
RESERVED = "@/:#?%+,&=[]"
MAIL = {"EMAIL_URL": "smtps://mail.example.com", "DEFAULT_FROM_EMAIL": "shop@example.com"}


def ids(loaded: Loaded) -> list[tuple[str, str, str]]:
    """What the load says about mail: id, variable and severity."""
    return [(found.id, found.variable, found.severity) for found in loaded.problems if found.id.startswith("email.")]


def rendered(loaded: Loaded, version: tuple[int, int], tmp_path: Path) -> dict[str, object]:
    """What the mail section renders for a Django."""
    assert loaded.errors == ()
    assert isinstance(loaded.settings, CoreSettings)
    context = RenderContext(loaded.settings, tmp_path, ActiveProfiles((), ()), django_version=version)
    return dict(loaded.settings.email.render(context))


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("smtp://mail", {"host": "mail", "port": 25}),
        ("smtp://mail:2525/", {"host": "mail", "port": 2525}),
        ("smtp://[::1]:2525", {"host": "::1", "port": 2525}),
        ("smtps://mail", {"host": "mail", "port": 465, "use_ssl": True}),
        ("smtp+ssl://mail:2465", {"host": "mail", "port": 2465, "use_ssl": True}),
        ("submission://mail", {"host": "mail", "port": 587, "use_tls": True}),
        ("smtp+tls://mail", {"host": "mail", "port": 587, "use_tls": True}),
        ("smtp://mail?use_tls=true", {"host": "mail", "port": 587, "use_tls": True}),
        ("smtp://mail?ssl=yes&tls=no", {"host": "mail", "port": 465, "use_ssl": True}),
        ("smtps://mail?EMAIL_USE_SSL=True", {"host": "mail", "port": 465, "use_ssl": True}),
        (
            "submission://me%40x.com:p%3A%2F+q@mail?timeout=2.5&ssl_certfile=/c&ssl_keyfile=/k",
            {
                "host": "mail",
                "port": 587,
                "username": "me@x.com",
                "password": "p:/+q",
                "use_tls": True,
                "timeout": 2.5,
                "ssl_certfile": "/c",
                "ssl_keyfile": "/k",
            },
        ),
    ],
)
def test_reads_servers(url: str, options: dict[str, object]) -> None:
    """A URL means what it says, and the port follows the kind of connection."""
    assert parse_email_url(url).render_mailer() == {"BACKEND": SMTP, "OPTIONS": options}


@pytest.mark.parametrize(
    ("url", "backend", "folder"),
    [
        ("console://", "console", ""),
        ("consolemail://", "console", ""),
        ("memory://", "locmem", ""),
        ("locmem://", "locmem", ""),
        ("dummy://", "dummy", ""),
        ("file:///srv/a%20b/", "filebased", "/srv/a b"),
        ("filemail:////srv/mail", "filebased", "/srv/mail"),
        ("file:///C:/srv/mail", "filebased", "C:/srv/mail"),
        ("file:///c%3A%5Csrv", "filebased", "c:\\srv"),
        ("file:///C:mail", "filebased", "/C:mail"),
    ],
)
def test_reads_backends_that_send_nothing(url: str, backend: str, folder: str) -> None:
    """The backends of development have short names; the folder of one is absolute."""
    entry = parse_email_url(url).render_mailer()
    assert entry["BACKEND"] == f"django.core.mail.backends.{backend}.EmailBackend"
    assert entry.get("OPTIONS", {}) == ({"file_path": folder} if folder else {})


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "the URL is empty."),
        ("mail:25", "the URL does not begin with a scheme and ://."),
        ("smpt://u:word@mail", 'the scheme "smpt" is not known: smpt://u:***@mail\ndid you mean smtp?'),
        ("smtp://me@x.com:word@mail", "an @ in the user is not encoded: smtp://me@x.com:***@mail\nwrite every @ but"),
        ("smtp://", "the URL names no host"),
        ("smtp://%2Frun%2Fmail", "the URL names no host"),
        ("smtp://mail1,mail2", "a smtp URL names one host, not a list"),
        ("smtp://mail/inbox", "a mail server has no path"),
        ("smtp://me@mail", "a user needs a password, and a password a user"),
        ("smtp://:word@mail", "a user needs a password, and a password a user: smtp://:***@mail"),
        ("smtp://u:w%C3%B6rd@mail", "Python's mail client can only log in with ASCII characters: smtp://u:***@mail"),
        ("smtp://mail:465", "port 465 is encrypted from the beginning: smtp://mail:465\nwrite smtps://"),
        ("submission://mail:465", "port 465 is encrypted from the beginning"),
        ("smtps://mail:587", "port 587 begins in clear and is encrypted then: smtps://mail:587\nwrite submission://"),
        ("smtps://mail?use_tls=true", "the URL asks for two kinds of connection"),
        ("smtp://mail?use_tls=true&use_ssl=true", "the URL asks for two kinds of connection"),
        ("smtps://mail?use_ssl=false", "the URL asks for two kinds of connection"),
        ("smtp://mail?use_tls=1&tls=1", "the option tls repeats another one"),
        ("smtp://mail?fail_silently=true", "the option fail_silently is not known for smtp"),
        ("smtp://mail?timeout=soon", "the option timeout is not a number"),
        ("console://mail", "console has no host"),
        ("console:///srv", "console has no path"),
        ("console://?timeout=1", "the option timeout is not known for console"),
        ("file://mail", "file has no host: file://mail\nwrite three slashes"),
        ("file://", "the URL names no folder"),
        ("file:///", "the URL names no folder"),
    ],
)
def test_refuses(url: str, message: str) -> None:
    """What would hang, be sent in clear or be ignored is refused without showing a password."""
    with pytest.raises(PydanticCustomError) as caught:
        parse_email_url(url)
    refused = caught.value.message()
    assert caught.value.type == "email.url"
    assert refused.startswith(message)
    assert "word" not in refused.replace("password", "").replace("PASSWORD", "")


def test_form_before_mailers(load_from: LoadFrom, tmp_path: Path) -> None:
    """Django before 6.1 gets EMAIL_*, before 6.0 with pairs of name and address."""
    environ = {
        "EMAIL_URL": "submission://u:s3cret@mail",
        "DEFAULT_FROM_EMAIL": "Shop <shop@example.com>",
        "ADMINS": "Jane Doe <jane@example.com>, ops@example.com",
        "SERVICE_NAME": "users",
    }
    found = rendered(load_from(environ=environ), (5, 2), tmp_path)
    assert found == {
        "EMAIL_BACKEND": SMTP,
        "EMAIL_HOST": "mail",
        "EMAIL_PORT": 587,
        "EMAIL_HOST_USER": "u",
        "EMAIL_HOST_PASSWORD": "s3cret",
        "EMAIL_USE_TLS": True,
        "EMAIL_TIMEOUT": 10.0,
        "EMAIL_SUBJECT_PREFIX": "[users] ",
        "DEFAULT_FROM_EMAIL": "Shop <shop@example.com>",
        "SERVER_EMAIL": "Shop <shop@example.com>",
        "ADMINS": [("Jane Doe", "jane@example.com"), ("", "ops@example.com")],
        "MANAGERS": [],
    }
    assert "s3cret" not in repr(found)
    assert rendered(load_from(environ=environ), (6, 0), tmp_path)["ADMINS"] == ["jane@example.com", "ops@example.com"]


def test_form_with_mailers(load_from: LoadFrom, tmp_path: Path) -> None:
    """Django from 6.1 gets MAILERS, and none of the settings that must not stand beside it."""
    loaded = load_from(
        environ={
            "EMAIL_URL": "smtps://u:s3cret@mail?timeout=2",
            "EMAIL_TIMEOUT": "5",
            "SERVER_EMAIL": "errors@example.com",
            "EMAIL_SUBJECT_PREFIX": "",
            "MANAGERS": "web@example.com",
        }
    )
    found = rendered(loaded, (6, 1), tmp_path)
    assert found == {
        "MAILERS": {
            "default": {
                "BACKEND": SMTP,
                "OPTIONS": {
                    "host": "mail",
                    "port": 465,
                    "username": "u",
                    "password": "s3cret",
                    "use_ssl": True,
                    "timeout": 2,
                },
            }
        },
        "EMAIL_SUBJECT_PREFIX": "",
        "SERVER_EMAIL": "errors@example.com",
        "ADMINS": [],
        "MANAGERS": ["web@example.com"],
    }
    assert "s3cret" not in repr(found)
    assert loaded.settings is not None
    assert "s3cret" not in repr(loaded.settings.email) + repr(loaded.settings.email.default)


def test_without_a_url(load_from: LoadFrom, tmp_path: Path) -> None:
    """Without a URL mail goes to this machine, in words that both forms of Django understand."""
    secret = "a-secret-key-of-a-test:Kd8sQm2Zp5Yt1Wv7Rb4Nc9Xf3Lg6Hj0"
    loaded = load_from(
        environ={"DATABASE_URL": "sqlite://:memory:", "DJANGO_SECRET_KEY": secret}, profiles=("monolith",)
    )
    assert rendered(loaded, (6, 1), tmp_path)["MAILERS"] == {
        "default": {"BACKEND": SMTP, "OPTIONS": {"host": "localhost", "port": 25, "timeout": 10.0}}
    }
    before = rendered(loaded, (5, 2), tmp_path)
    assert (before["EMAIL_BACKEND"], before["EMAIL_HOST"], before["EMAIL_PORT"]) == (SMTP, "localhost", 25)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"EMAIL_URL": "smtp://mail/x"}, [("email.url", "EMAIL_URL", "error")]),
        ({"EMAIL_URL": " console://"}, [("email.url_form", "EMAIL_URL", "warning")]),
        ({"ADMINS": "jane"}, [("email.address", "ADMINS", "error")]),
        ({"ADMINS": "Jane <jane@x"}, [("email.address", "ADMINS", "error")]),
        ({"ADMINS": '["jane@x\\nBcc: all@x"]'}, [("email.address", "ADMINS", "error")]),
        ({"DEFAULT_FROM_EMAIL": "shop"}, [("email.address", "DEFAULT_FROM_EMAIL", "error")]),
        ({"DEFAULT_FROM_EMAIL": ""}, []),
        ({"EMAIL_URL": "smtp://mail"}, []),
    ],
)
def test_rules(load_from: LoadFrom, environ: Mapping[str, str], expected: list[tuple[str, str, str]]) -> None:
    """What cannot be used is said once, about the variable to change; development is left alone."""
    assert ids(load_from(environ=environ)) == expected


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({}, ["email.missing"], id="nothing"),
        pytest.param({"IS_MICROSERVICE": "true"}, [], id="a microservice that sends no mail"),
        pytest.param({"IS_MICROSERVICE": "true", "ADMINS": "a@x"}, ["email.missing"], id="one that does"),
        pytest.param({"EMAIL_URL": "console://"}, ["email.backend", "email.sender"], id="console"),
        pytest.param({**MAIL, "EMAIL_URL": "file:///srv/mail"}, ["email.backend"], id="file"),
        pytest.param({**MAIL, "EMAIL_URL": "smtp://mail"}, ["email.tls"], id="in clear"),
        pytest.param({**MAIL, "EMAIL_URL": "smtp://localhost"}, [], id="in clear to this machine"),
        pytest.param({**MAIL, "DEFAULT_FROM_EMAIL": ""}, ["email.sender"], id="no sender"),
        pytest.param(MAIL, [], id="complete"),
    ],
)
def test_production_sends(load_from: LoadFrom, environ: Mapping[str, str], expected: list[str]) -> None:
    """Production refuses mail that reaches nobody, can be read on the way, or comes from nobody."""
    assert [
        found for found, _, severity in ids(load_from(environ=environ, profiles=PRODUCTION)) if severity == "error"
    ] == (expected)


def test_outside_of_production_clear_text_is_a_warning(load_from: LoadFrom) -> None:
    """A process that is neither hardened nor local is warned of mail in clear."""
    assert ids(load_from(environ={"EMAIL_URL": "smtp://mail"}, profiles=("monolith",))) == [
        ("email.tls", "EMAIL_URL", "warning")
    ]


def test_a_waiver_silences_djangos_own_check(load_from: LoadFrom) -> None:
    """Who waives the rule about backends is not asked again by Django's check."""
    waiver = {"profiles/own.toml": '[policy.waivers]\n"email.backend" = "mail is printed on purpose"\n'}
    loaded = load_from(
        environ={**MAIL, "EMAIL_URL": "console://", "DATABASE_URL": "sqlite://:memory:"},
        profiles=("build", "production", "own"),
        files=waiver,
    )
    assert ids(loaded) == []
    assert "email.backend" in [found.id for found in loaded.waived]


@given(text=st.one_of(st.text(), st.text().map("smtp://{}".format), st.text().map("file://{}".format)))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the parser fail in another way than by refusing it."""
    try:
        config = parse_email_url(text)
    except PydanticCustomError as error:
        assert error.type == "email.url"  # noqa: PT017  # accepted texts are fine, too
    else:
        assert config.backend


CREDENTIALS = st.text(st.characters(min_codepoint=1, max_codepoint=127), min_size=1)


@given(user=CREDENTIALS, password=CREDENTIALS)
def test_what_is_put_in_comes_out(user: str, password: str) -> None:
    """Encoded credentials come out as they were."""
    config = parse_email_url(f"smtps://{quote(user, safe='')}:{quote(password, safe='')}@mail")
    assert (config.user, config.password.get_secret_value()) == (user, password)


def test_a_real_server(run_python: RunPython, project: WriteProject, smtp_sink: SmtpSink) -> None:
    """Mail from a project arrives, from whom and to whom the environment says, after a login."""
    server = smtp_sink.url.removeprefix("smtp://")
    result = run_python(
        ["-W", "error", "manage.py", "sendtestemail", "--admins"],
        cwd=project(),
        env={
            "DJANGO_PROFILE": "monolith,development",
            "EMAIL_URL": f"smtp://me%40example.com:{quote(RESERVED, safe='')}@{server}",
            "DEFAULT_FROM_EMAIL": "Shop <shop@example.com>",
            "ADMINS": "Jane <jane@example.com>,ops@example.com",
            "SERVICE_NAME": "shop",
        },
    )
    assert (result.returncode, result.stderr) == (0, "")
    (message,) = smtp_sink.messages
    assert message["Subject"].startswith("[shop] Test email")
    assert message["From"] == "Shop <shop@example.com>"
    assert smtp_sink.recipients == [["jane@example.com", "ops@example.com"]]
    assert smtp_sink.logins == [("me@example.com", RESERVED)]


def test_the_form_follows_the_installed_django(load_from: LoadFrom) -> None:
    """What a load renders is the form of the Django that is installed, and only that."""
    loaded = load_from(environ=MAIL)
    assert ("MAILERS" in loaded.rendered) is (django.VERSION >= (6, 1))
    assert ("EMAIL_HOST" in loaded.rendered) is (django.VERSION < (6, 1))


def test_backends_without_a_server_are_those_of_django_environ() -> None:
    """The short list that saves an import says what django-environ says."""
    assert {name: Env.EMAIL_SCHEMES[name] for name in SERVERLESS} == SERVERLESS
    assert {name for name in Env.EMAIL_SCHEMES if "smtp" not in name} == set(SERVERLESS)
