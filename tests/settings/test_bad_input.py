"""Bad input of every kind, each through the whole start: what is reported, about what, from where, and how it helps."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING, NamedTuple

import pytest
from pydantic import Field, SecretStr

from dj_core_utils.settings.base import CoreSettings

if TYPE_CHECKING:
    from pathlib import Path

    from dj_core_utils.settings.errors import Problem
    from dj_core_utils.settings.loading import Loaded
    from tests.conftest import RunPython, WriteProject
    from tests.settings.conftest import LoadFrom

KEY = "q8Zr#w1Vt5uP0xLm2Nc7Bd4Fg6Hj9Ks3Qa-Ye_Rt!Uo$Ip&Wz*Xb"
PASSWORD = "Jd8sKw2LqPz"
DATABASE = f"postgres://shop:{PASSWORD}@db.example/shop"
PRODUCTION = ("monolith", "production")


class ShopSettings(CoreSettings):
    """A project with a field that must be set, a secret and a bounded number."""

    page_size: int = Field(ge=1, le=500)
    payment_key: SecretStr | None = None


class Said(NamedTuple):
    """What a problem says, apart from its id."""

    variable: str
    origin: str
    message: str
    hint: str = ""


def said(loaded: Loaded, problem_id: str) -> Said:
    """The one problem of a kind, which holds no secret."""
    (problem,) = (problem for problem in loaded.problems if problem.id == problem_id)
    assert_sound(problem)
    return Said(problem.variable, problem.origin, problem.message, problem.hint)


def assert_sound(problem: Problem) -> None:
    """A message is one sentence that ends, on one line, without a secret."""
    assert problem.message.endswith((".", "?"))
    assert problem.message.isprintable()
    assert KEY not in str(problem)
    assert PASSWORD not in str(problem)


def only(loaded: Loaded) -> tuple[str, Said]:
    """The only error of a load, with its id."""
    (problem,) = loaded.errors
    return problem.id, said(loaded, problem.id)


def test_missing(load_from: LoadFrom) -> None:
    """What a field, a rule or a profile asks for is named, with an example or a command that makes one."""
    loaded = load_from(ShopSettings, profiles=PRODUCTION)
    assert said(loaded, "variable.required") == Said(
        "PAGE_SIZE",
        "not set",
        "required, and nothing sets it.",
        "set PAGE_SIZE, or give the field page_size a default",
    )
    database = said(loaded, "database.missing")
    assert database[:3] == ("DATABASE_URL", "not set", "no database is configured.")
    assert "set  DATABASE_URL=postgres://USER:PASSWORD@HOST:5432/NAME" in database.hint
    key = said(loaded, "secret_key.missing")
    assert key[:3] == ("DJANGO_SECRET_KEY", "not set", "no secret key is set.")
    assert "config keygen django" in key.hint
    assert said(loaded, "security.allowed_hosts").variable == "ALLOWED_HOSTS"
    assert loaded.rendered == {}


def test_empty(load_from: LoadFrom) -> None:
    """An empty variable counts as not set, and the layer below shows through it."""
    environ = {"PAGE_SIZE": "", "DATABASE_URL": "", "LOG_FORMAT": ""}
    loaded = load_from(ShopSettings, environ, profiles=PRODUCTION)
    assert said(loaded, "variable.required") == Said(
        "PAGE_SIZE",
        "not set",
        "required, and nothing sets it.",
        "set PAGE_SIZE, or give the field page_size a default",
    )
    assert said(loaded, "database.missing").origin == "not set"
    assert loaded.traces["LOG_FORMAT"].origin.label == "profile production"


@pytest.mark.parametrize(
    ("name", "value", "problem_id", "message"),
    [
        ("DEBUG", "Flase", "value.boolean", '"Flase" is not a boolean; use true or false.'),
        ("PAGE_SIZE", "ten", "value.integer", '"ten" is not an integer; use digits only, such as 10.'),
        ("PAGE_SIZE", "501", "value.range", '"501" should be less than or equal to 500.'),
        ("JWT_LEEWAY", "soon", "value.duration", '"soon" is not a duration; use seconds, 15m, 1h30m, 2d or ISO 8601'),
        ("LOG_FORMAT", "xml", "value.choice", "\"xml\" should be 'console' or 'json'."),
        ("ALLOWED_HOSTS", '["a"', "value.json", "is not valid JSON from character"),
        ("SERVICE_URLS", "orders", "value.mapping", "has no name=value in entry 1; write it like a=1, b=2"),
    ],
)
def test_wrong_type(load_from: LoadFrom, name: str, value: str, problem_id: str, message: str) -> None:
    """The report shows what was found and how it should be written."""
    found_id, found = only(load_from(ShopSettings, {"PAGE_SIZE": "5", name: value}))
    assert (found_id, found.variable, found.origin) == (problem_id, name, "environment")
    assert message in found.message


@pytest.mark.parametrize(("name", "meant"), [("debug", "DEBUG"), ("Allowed_Hosts", "ALLOWED_HOSTS")])
def test_wrong_case(load_from: LoadFrom, name: str, meant: str) -> None:
    """Names are upper case, wherever they stand."""
    message = f"unknown variable: names are upper case. Did you mean {meant}?"
    assert said(load_from(environ={name: "1"}), "variable.unknown") == Said(name, "environment", message)
    assert said(load_from(dotenv=f"{name}=1\n"), "variable.unknown") == Said(name, ".env:1", message)


def test_misspelt_name(load_from: LoadFrom) -> None:
    """A name that nothing reads is answered with the nearest one; in production it stops the start."""
    for profiles, severity in ((("development",), "warning"), (PRODUCTION, "error")):
        loaded = load_from(dotenv="\nCORS_ALOWED_ORIGINS=https://shop.example\n", profiles=profiles)
        message = "unknown variable. Did you mean CORS_ALLOWED_ORIGINS?"
        assert said(loaded, "variable.unknown") == Said("CORS_ALOWED_ORIGINS", ".env:2", message)
        assert {problem.severity for problem in loaded.problems if problem.id == "variable.unknown"} == {severity}


def test_misspelt_profile(load_from: LoadFrom) -> None:
    """The report suggests and lists profiles, and goes on as if the suggestion had been meant."""
    loaded = load_from(environ={"DJANGO_PROFILE": "microservice,prodution"}, profiles=None)
    found = said(loaded, "profile.unknown")
    assert found[:2] == ("DJANGO_PROFILE", "environment")
    assert found.message == '"prodution" is not a profile. Did you mean production?'
    assert found.hint == "known: build, development, microservice, monolith, production, test"
    assert loaded.profiles.display == "microservice, production?"
    assert said(loaded, "secret_key.missing").variable == "APP_SECRET_KEY"


def test_conflicting_profiles(load_from: LoadFrom) -> None:
    """Two profiles that exclude each other are told with where they were chosen."""
    loaded = load_from(dotenv="DJANGO_PROFILE=production,development\n", profiles=None)
    expected = "production and development cannot be active together."
    assert said(loaded, "profile.conflict") == Said("DJANGO_PROFILE", ".env:1", expected, "choose one of them")


def test_malformed_toml(load_from: LoadFrom, tmp_path: Path) -> None:
    """The file, the line and what was expected; nothing of what stands in the file."""
    files = {"profiles/own.toml": f'[settings.secret_keys]\ndjango "{KEY}"\n'}
    problem_id, found = only(load_from(files=files, profiles=["development", "own"]))
    assert (problem_id, found.variable) == ("profile.syntax", "own.toml")
    assert found.origin == str(tmp_path / "profiles/own.toml")
    assert found.message == "not valid TOML: Expected '=' after a key in a key/value pair (at line 2, column 8)."


@pytest.mark.parametrize(
    ("kind", "problem_id", "words"),
    [
        ("missing", "secret_file.missing", "does not exist"),
        ("loop", "secret_file.unreadable", "cannot be read: too many levels of symbolic links"),
        ("folder", "secret_file.kind", "is a directory, not a file"),
        ("huge", "secret_file.size", "holds more than 64 KiB"),
        ("device", "secret_file.kind", "is a device, not a file"),
        ("binary", "secret_file.encoding", "is not UTF-8 text"),
        ("nul", "secret_file.encoding", "holds a NUL byte"),
    ],
)
def test_secret_file_that_cannot_be_used(
    load_from: LoadFrom, tmp_path: Path, kind: str, problem_id: str, words: str
) -> None:
    """The file is named with its variable and the reason; no key is called missing on top."""
    file = tmp_path / "key"
    if kind in ("loop", "device"):
        file.symlink_to(file if kind == "loop" else "/dev/zero")
    elif kind == "folder":
        file.mkdir()
    elif kind != "missing":
        file.write_bytes({"huge": KEY.encode() * 2000, "binary": b"\xff" * 60, "nul": KEY.encode() + b"\0"}[kind])
    found_id, found = only(load_from(environ={"DJANGO_SECRET_KEY_FILE": "key"}))
    assert (found_id, found.variable, found.origin) == (problem_id, "DJANGO_SECRET_KEY_FILE", "environment")
    assert found.message.startswith("the file for DJANGO_SECRET_KEY (")
    assert words in found.message


def test_symlinked_secret_file(load_from: LoadFrom, tmp_path: Path) -> None:
    """A link out of the secrets directory is not followed; one that NAME_FILE names is."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "elsewhere").write_text(f"{KEY}\n")
    link = tmp_path / "secrets" / "DJANGO_SECRET_KEY"
    link.symlink_to(tmp_path / "elsewhere")
    problem_id, found = only(load_from(environ={"DJANGO_SECRETS_DIR": "secrets"}))
    assert (problem_id, found.variable, found.origin) == ("secret_file.escape", "DJANGO_SECRET_KEY", str(link))
    assert found.message == "this link leads out of the secrets directory, and is not followed."
    assert found.hint == "put the file itself there, or name it with DJANGO_SECRET_KEY_FILE"
    assert load_from(environ={"DJANGO_SECRET_KEY_FILE": str(link)}).rendered["SECRET_KEY"] == KEY


def test_nul_bytes(load_from: LoadFrom) -> None:
    """No source can bring one in."""
    assert only(load_from(dotenv="DEBUG=true\nLANGUAGE_CODE=e\0s\n")) == (
        "dotenv.encoding",
        Said("", ".env:2", "the line holds a NUL byte.", "save it as UTF-8 text"),
    )
    files = {"profiles/own.toml": '[settings]\nlanguage_code = "e\\u0000s"\n'}
    problem_id, found = only(load_from(dotenv="", files=files, profiles=["development", "own"]))
    assert (problem_id, *found[:2]) == ("value.nul", "LANGUAGE_CODE", "profile own")


def test_byte_order_marks(load_from: LoadFrom, tmp_path: Path) -> None:
    """A mark of UTF-8 is dropped everywhere; UTF-16 is told."""
    mark = "\N{ZERO WIDTH NO-BREAK SPACE}"
    files = {"key": f"{mark}{KEY}\n", "profiles/own.toml": f"{mark}[settings]\ntime_zone = 'Europe/Madrid'\n"}
    environ = {"DJANGO_SECRET_KEY_FILE": "key"}
    loaded = load_from(environ=environ, dotenv=f"{mark}LANGUAGE_CODE=es\n", files=files, profiles=["test", "own"])
    assert loaded.problems == ()
    assert (loaded.rendered["SECRET_KEY"], loaded.rendered["LANGUAGE_CODE"]) == (KEY, "es")
    assert loaded.rendered["TIME_ZONE"] == "Europe/Madrid"
    (tmp_path / ".env").write_text("LANGUAGE_CODE=es\n", encoding="utf-16")
    assert only(load_from()) == ("dotenv.encoding", Said("", ".env", "the file is UTF-16.", "save it as UTF-8"))


def test_windows_line_ends(load_from: LoadFrom) -> None:
    """Files may have them; what ``docker --env-file`` leaves of them is forgiven where it is harmless, else told."""
    files = {"key": f"{KEY}\r\n", "profiles/own.toml": "[settings]\r\ntime_zone = 'Europe/Madrid'\r\n"}
    environ = {"DJANGO_SECRET_KEY_FILE": "key", "DEBUG": "true\r", "ALLOWED_HOSTS": "shop.example\r"}
    loaded = load_from(environ=environ, dotenv="LANGUAGE_CODE=es\r\n", files=files, profiles=["test", "own"])
    assert loaded.problems == ()
    assert (loaded.rendered["SECRET_KEY"], loaded.rendered["LANGUAGE_CODE"]) == (KEY, "es")
    assert loaded.rendered["ALLOWED_HOSTS"] == ["shop.example"]
    found = said(load_from(environ={"DJANGO_SECRET_KEY": f"{KEY}\r"}, dotenv=""), "secret.whitespace")
    assert found[:2] == ("DJANGO_SECRET_KEY", "environment")
    assert "begins or ends with a space or a line break" in found.message


def test_invalid_utf8(load_from: LoadFrom, tmp_path: Path) -> None:
    """Bytes of another encoding are told with the file and line, or the variable."""
    (tmp_path / ".env").write_bytes(b"DEBUG=true\nLANGUAGE_CODE=espa\xf1ol\n")
    expected = Said("", ".env:2", "the line is not UTF-8.", "save it as UTF-8")
    assert only(load_from()) == ("dotenv.encoding", expected)
    problem_id, found = only(load_from(environ={"PAYMENT_NOTE": "x", "DJANGO_SECRET_KEY": f"{KEY}\udcff"}, dotenv=""))
    assert (problem_id, *found[:2]) == ("value.encoding", "DJANGO_SECRET_KEY", "environment")
    assert found.message == "the value holds bytes that are not UTF-8; set it as UTF-8 text."


def test_duplicate_keys_in_dotenv(load_from: LoadFrom) -> None:
    """Which of the two counts should not have to be guessed."""
    expected = Said("LOG_LEVEL", ".env:3", "LOG_LEVEL is set twice, on lines 1 and 3.", "remove one of them")
    loaded = load_from(dotenv="LOG_LEVEL=INFO\nDEBUG=true\nLOG_LEVEL=DEBUG\n")
    assert only(loaded) == ("dotenv.duplicate", expected)


def test_both_name_and_name_file(load_from: LoadFrom) -> None:
    """Two values for one variable in one source."""
    files = {"key": KEY}
    message = "DJANGO_SECRET_KEY and DJANGO_SECRET_KEY_FILE are both set, and only one can be meant."
    environ = {"DJANGO_SECRET_KEY": KEY, "DJANGO_SECRET_KEY_FILE": "key"}
    expected = Said("DJANGO_SECRET_KEY", "environment", message, "remove one of them")
    assert only(load_from(environ=environ, files=files)) == ("variable.both", expected)
    dotenv = "".join(f"{name}={value}\n" for name, value in environ.items()).replace(KEY, f"'{KEY}'")
    assert only(load_from(dotenv=dotenv)) == ("variable.both", expected._replace(origin=".env:1"))


def test_both_database_url_and_parts(load_from: LoadFrom) -> None:
    """The parts that stand beside the URL are listed."""
    loaded = load_from(environ={"DATABASE_URL": DATABASE, "DB_NAME": "shop"}, dotenv="DB_HOST=db\n")
    message = "DB_NAME, DB_HOST set beside DATABASE_URL (environment), and only one of both can be meant."
    assert only(loaded) == ("database.both", Said("DB_NAME", "environment", message, "remove one of them"))


@pytest.mark.parametrize("value", ["changeme", "change-me-to-50-random-characters", "<your secret key>", "x" * 50])
def test_placeholder_secrets(load_from: LoadFrom, value: str) -> None:
    """What was written to be replaced never serves users."""
    loaded = load_from(environ={"DJANGO_SECRET_KEY": value}, profiles=PRODUCTION)
    expected = ("DJANGO_SECRET_KEY", "environment", "the value is a placeholder, not a secret.")
    assert said(loaded, "secret.placeholder")[:3] == expected
    assert "secret.placeholder" in {problem.id for problem in loaded.errors}


def test_one_secret_used_for_two_jobs(load_from: LoadFrom) -> None:
    """Both variables are named, and the way out."""
    problem_id, found = only(load_from(environ={"DJANGO_SECRET_KEY": KEY}, dotenv=f"JWT_SIGNING_KEY='{KEY}'\n"))
    assert (problem_id, *found[:2]) == ("secret.reused", "JWT_SIGNING_KEY", ".env:1")
    assert found.message == "this is the same secret as DJANGO_SECRET_KEY; each job needs its own."
    assert found.hint.startswith("leave JWT_SIGNING_KEY out")


@pytest.mark.parametrize(
    ("environ", "problem_id", "words", "advice"),
    [
        ({"ALLOWED_HOSTS": "*"}, "security.any_host", '"*" lets the sender of a request choose', "name the hosts"),
        ({"CORS_ALLOWED_ORIGINS": "*"}, "cors.origin", '"*": an origin names one site', "CORS_ALLOW_ALL_ORIGINS=true"),
        ({"CORS_ALLOWED_ORIGINS": "https://*.shop.example"}, "cors.origin", "* stands for nothing else", "REGEXES="),
        ({"CSRF_TRUSTED_ORIGINS": "https://*"}, "csrf.origin", "can never match", "https://*.example.com"),
        ({"CORS_ALLOW_ALL_ORIGINS": "1", "CORS_ALLOW_CREDENTIALS": "1"}, "cors.credentials", "every site can", "list"),
    ],
)
def test_wildcard_hosts_and_origins(
    load_from: LoadFrom, environ: dict[str, str], problem_id: str, words: str, advice: str
) -> None:
    """A wildcard stops the start of what serves users, and the hint has what was probably wanted."""
    loaded = load_from(environ=environ, profiles=PRODUCTION)
    found = said(loaded, problem_id)
    assert (found.variable, found.origin) == (next(iter(environ)), "environment")
    assert words in found.message
    assert advice in found.hint
    assert problem_id in {problem.id for problem in loaded.errors}


def test_unanchored_origin_regex(load_from: LoadFrom) -> None:
    """A pattern that also matches a stranger is told why, and how to write it."""
    loaded = load_from(environ={"CORS_ALLOWED_ORIGIN_REGEXES": r"https://.*\.shop\.example"}, profiles=PRODUCTION)
    found = said(loaded, "cors.regex")
    assert found[:2] == ("CORS_ALLOWED_ORIGIN_REGEXES", "environment")
    assert "it does not begin with ^https://" in found.message
    assert found.hint == r"expected  ^https://[a-z0-9-]+\.example\.com$"
    assert "cors.regex" in {problem.id for problem in loaded.errors}


def test_pool_with_connection_age(load_from: LoadFrom) -> None:
    """Django would fail at the first connection."""
    environ = {"DATABASE_URL": DATABASE, "DATABASE_POOL": "true", "DATABASE_CONN_MAX_AGE": "60"}
    found = said(load_from(environ=environ), "database.pool_age")
    assert found[:2] == ("DATABASE_CONN_MAX_AGE", "environment")
    assert found.message == "DATABASE_POOL (environment) excludes an age: a pool keeps connections itself."
    assert found.hint == "remove one of them"
    in_url = load_from(environ={"DATABASE_URL": f"{DATABASE}?pool=true&conn_max_age=60"})
    assert said(in_url, "database.pool_age").message == "a pool and conn_max_age exclude each other."


def test_two_settings_classes_in_one_module(run_python: RunPython, project: WriteProject) -> None:
    """``manage.py`` ends with a report that names both, and says how to choose."""
    classes = "".join(f"\n\nclass {name}(CoreSettings):\n    pass\n" for name in ("UsersSettings", "OrdersSettings"))
    imports = "from dj_core_utils.settings import CoreSettings, export_settings\n"
    folder = project({"settings.py": f"{imports}{classes}\n\nexport_settings(globals())\n"})
    done = run_python([folder / "manage.py", "check"], env={"DJANGO_PROFILE": "development"})
    report = " ".join(done.stderr.split())
    assert done.returncode == 1
    assert (
        "settings has several settings classes and only one can be exported: OrdersSettings, UsersSettings." in report
    )
    assert "such as export_settings(globals(), UsersSettings) [class.several]" in report
    assert "Traceback" not in done.stderr


def test_export_called_twice(run_python: RunPython, project: WriteProject) -> None:
    """By the same module it changes nothing; by another one the later export counts, and a warning says so once."""
    module = (
        "from dj_core_utils.settings import CoreSettings, export_settings\n\n\nclass {0}(CoreSettings):\n    pass\n"
    )
    files = {
        "first.py": module.format("First") + "\n\nexport_settings(globals())\nexport_settings(globals())\n",
        "second.py": module.format("Second") + "\n\nexport_settings(globals())\n",
    }
    code = "import first, second\nfrom dj_core_utils.settings import get_settings\nprint(type(get_settings()).__name__)"
    done = run_python(code, env={"DJANGO_PROFILE": "development"}, cwd=project(files))
    assert done.stdout == "Second\n"
    assert done.stderr.count("UserWarning") == 1
    assert (
        "second.py:8: UserWarning: second exports settings although first has done so in this process;" in done.stderr
    )


@pytest.mark.parametrize(("profile", "status", "kind"), [("development", 0, "W002"), ("production", 1, "E002")])
def test_a_setting_reassigned_after_export(
    run_python: RunPython, project: WriteProject, profile: str, status: int, kind: str
) -> None:
    """A check of Django names the setting and where it should be set; in production it is an error."""
    text = """
        from dj_core_utils.settings import CoreSettings, export_settings


        class ProjectSettings(CoreSettings):
            root_urlconf: str = "urls"
            waivers = {"cache.local": "one process", "email.missing": "no mail"}


        export_settings(globals())
        SESSION_COOKIE_SECURE = "sometimes"
    """
    env = {
        "DJANGO_PROFILE": profile,
        "DJANGO_SECRET_KEY": KEY,
        "DATABASE_URL": f"{DATABASE}?sslmode=verify-full",
        "ALLOWED_HOSTS": "shop.example",
        "TRUSTED_PROXY_HOPS": "0",
    }
    done = run_python([project({"settings.py": text}) / "manage.py", "check"], env=env)
    output = " ".join(done.stderr.split())
    assert done.returncode == status, done.stderr
    assert f"(dj_core_utils.{kind}) SESSION_COOKIE_SECURE (settings): changed by the settings module" in output
    assert "after the export; no rule has seen that. [setting.reassigned]" in output
    assert "HINT: take the assignment out, and set SESSION_COOKIE_SECURE" in output
    assert KEY not in done.stderr + done.stdout


@pytest.mark.parametrize("content", [b"A=\xff\n", b"A=\0\n", "A=1".encode("utf-16"), b"#" * (1024 * 1024 + 1)])
def test_a_file_of_which_nothing_was_read_is_all_that_is_told(
    load_from: LoadFrom, tmp_path: Path, content: bytes
) -> None:
    """What is missing for want of it is no news; what the environment has wrong is still said."""
    (tmp_path / ".env").write_bytes(content)
    found = load_from(environ={"TIME_ZONE": "Nowhere"}, profiles=None).problems
    assert [problem.id for problem in found if not problem.id.startswith("dotenv.")] == ["core.time_zone"]
    assert len(found) == 2


def test_a_named_file_that_is_not_there_is_all_that_is_told(load_from: LoadFrom) -> None:
    """It would have named the profile, too."""
    found = load_from(environ={"DJANGO_ENV_FILE": "deploy/.env"}, profiles=None).problems
    assert [problem.id for problem in found] == ["dotenv.missing"]


def test_what_pydantic_says_of_a_type_reads_on(load_from: LoadFrom) -> None:
    """Its sentence goes on from the value."""

    class Networked(CoreSettings):
        network: IPv4Network | None = None

    (problem,) = load_from(Networked, {"NETWORK": "10.0.0.1/8"}).errors
    assert problem.message == '"10.0.0.1/8" is not a valid IPv4 network.'
