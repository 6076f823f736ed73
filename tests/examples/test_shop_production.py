"""The example shop in production: PostgreSQL, gunicorn, and a complete environment or no start at all."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass, replace
from secrets import token_urlsafe
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.conftest import clean_environment
from tests.examples.shop_server import Served, serving, sign_in, sign_in_to_admin
from tests.servers import free_port, postgres
from tests.settings.key_pairs import key_pair

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import RunPython
    from tests.warm_python import WarmPython

HOST = "shop.example.com"
OVER_HTTPS = {"Host": HOST, "X-Forwarded-Proto": "https"}
SERVICE = {"DJANGO_PROFILE": "microservice,production"}
GUNICORN = ["-m", "gunicorn", "shop.wsgi", "--workers", "1"]
ADMIN = {"email": "admin@shop.example.com", "password": "a horse that nobody knows"}


@dataclass(frozen=True)
class Deployment:
    """The shop, installed as its example of a production environment says.

    Attributes:
        shop: Where it is.
        environment: What the process is given.
        secrets: What must not be read anywhere.
        python: What starts interpreters.
    """

    shop: Path
    environment: dict[str, str]
    secrets: tuple[str, ...]
    python: WarmPython

    def manage(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run ``manage.py`` in an environment that holds nothing else."""
        environment = {**clean_environment(), **self.environment, **more}
        return self.python.run(["manage.py", *arguments], env=environment, cwd=self.shop)


def problems(report: str) -> list[tuple[str, str]]:
    """Variable and id of each problem in a report, in its order; warnings are left out."""
    found: list[tuple[str, str]] = []
    name = ""
    for line in report.splitlines():
        if start := re.match(r"  ([A-Z][A-Z0-9_]+|[a-z]+\.\w+) ", line):
            name = start[1]
        found += [(name, label) for label in re.findall(r"\[([a-z_]+\.[a-z_]+)\]", line)]
    return found


@pytest.fixture(scope="module")
def example(shop: Path) -> dict[str, str]:
    """The variables of ``production.env.example``."""
    text = (shop / "production.env.example").read_text(encoding="utf-8")
    return dict(line.split("=", 1) for line in text.splitlines() if re.match(r"[A-Z]", line))


@pytest.fixture(scope="module")
def deployment(shop: Path, example: dict[str, str], postgres_url: str, python: WarmPython) -> Iterator[Deployment]:
    """The shop with real values in place of those that the example asks to replace, migrated, with its static files."""
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (shop / "keys").mkdir()
    (shop / "keys" / "jwt-2026-11.private.pem").write_bytes(key)
    secrets = [token_urlsafe(50) for _ in example]
    with postgres(postgres_url) as database:
        values = {
            name: re.sub(r"change-me[-\w]*", secret, value)
            for (name, value), secret in zip(example.items(), secrets, strict=True)
        }
        values["DATABASE_URL"] = database
        del values["DATABASE_TLS"], values["DATABASE_TLS_CA"]  # a loopback server without certificates
        lines = [f"{name}={value}\n" for name, value in values.items()]
        (shop / "production.env").write_text("".join(lines), encoding="utf-8")
        installed = Deployment(
            shop,
            {"DJANGO_ENV_FILE": "production.env"},
            (*secrets, database.partition("@")[0], key.decode().splitlines()[1]),
            python,
        )
        install(installed)
        yield installed


def install(deployment: Deployment) -> None:
    """What a release does: collect the static files without a secret at hand, migrate, make the first user."""
    image = {"DJANGO_PROFILE": "monolith,production,build"}
    steps = [
        replace(deployment, environment=image).manage("collectstatic", "--no-input"),
        deployment.manage("migrate", "--no-input"),
        deployment.manage("loaddata", "products"),
        deployment.manage(
            "createsuperuser",
            "--no-input",
            DJANGO_SUPERUSER_EMAIL=ADMIN["email"],
            DJANGO_SUPERUSER_PASSWORD=ADMIN["password"],
        ),
    ]
    for step in steps:
        assert (step.returncode, step.stderr) == (0, ""), step.stdout + step.stderr


@pytest.fixture(scope="module")
def service(deployment: Deployment) -> Iterator[Served]:
    """The shop behind gunicorn."""
    port = free_port()
    environment = {**deployment.environment, "HOME": str(deployment.shop.parent)}  # gunicorn writes there
    arguments = [*GUNICORN, "--bind", f"127.0.0.1:{port}"]
    with serving(deployment.python, arguments, environment, shop=deployment.shop, port=port) as served:
        yield served
    assert [secret for secret in deployment.secrets if secret in served.printed()] == []


def test_a_production_environment_passes_the_deployment_checks(deployment: Deployment) -> None:
    """Django's own deployment checks, and ours, have nothing to say."""
    done = deployment.manage("check", "--deploy", "--fail-level", "WARNING")
    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues" in done.stdout


def test_pages_are_served_over_https_alone(service: Served) -> None:
    """What the proxy has received over HTTPS is answered; anything else is sent there, foreign hosts are refused."""
    answer = service.request("/", headers=OVER_HTTPS)
    assert answer.status == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=3600"
    assert "Enamel mug" in answer.text
    plain = service.request("/?page=2", headers={"Host": HOST})
    assert (plain.status, plain.headers["Location"]) == (301, f"https://{HOST}/?page=2")
    assert service.request("/", headers={**OVER_HTTPS, "Host": "evil.example"}).status == 400


def test_health_is_told_to_anybody(service: Served) -> None:
    """Who asks for the health of a container neither speaks HTTPS nor knows the host's name."""
    answer = service.request("/healthz", headers={"Host": "10.0.0.7"})
    assert answer.status == 200


def test_static_files_can_be_kept_for_ever(service: Served) -> None:
    """Names hold the digest of their content, and the page asks for those."""
    page = service.request("/", headers=OVER_HTTPS).text
    style = re.search(r'href="(/static/pages/shop\.[0-9a-f]{12}\.css)"', page)
    assert style is not None
    answer = service.request(style[1], headers=OVER_HTTPS)
    assert answer.status == 200
    assert "immutable" in answer.headers["Cache-Control"]


def test_strangers_do_not_see_the_configuration(service: Served) -> None:
    """The configuration is shown to staff alone."""
    page = service.request("/", headers=OVER_HTTPS)
    assert "Sign in" in page.text
    assert "DATABASE_URL" not in page.text
    assert service.request("/broken/", headers=OVER_HTTPS).status == 403
    assert service.request("/admin/login/", headers=OVER_HTTPS).status == 200


def test_superusers_see_the_configuration_without_secrets(service: Served, deployment: Deployment) -> None:
    """The admin shows what the service runs on, with style of its own, and no secret of the deployment is in it."""
    signed_in = sign_in_to_admin(service, ADMIN["email"], ADMIN["password"], OVER_HTTPS)
    page = service.request("/admin/dj_core_utils/configuration/", headers=signed_in)
    assert page.status == 200
    assert re.search(r"DATABASE_URL</code>.*?production\.env:\d+", page.text, re.DOTALL)
    assert "no-store" in page.headers["Cache-Control"]
    files = re.findall(r'"(/static/dj_core_utils/configuration\.[0-9a-f]{12}\.(?:css|js))"', page.text)
    assert [service.request(file, headers=OVER_HTTPS).status for file in files] == [200, 200]
    compared = service.request("/admin/dj_core_utils/configuration/profiles/?after=production", headers=signed_in)
    assert compared.status == 200
    assert [secret for secret in deployment.secrets if secret in page.text + compared.text] == []


def test_tokens_are_signed_with_the_private_key(service: Served) -> None:
    """A token says ES256, and opens the API."""
    signed_in = sign_in(service, ADMIN, OVER_HTTPS)
    header = signed_in["Authorization"].removeprefix("Bearer ").partition(".")[0]
    assert json.loads(urlsafe_b64decode(header + "=="))["alg"] == "ES256"
    answer = service.request("/api/products/", headers={**OVER_HTTPS, **signed_in})
    assert answer.status == 200
    assert answer.json()["next"] == f"https://{HOST}/api/products/?page=2"


def test_seeding_is_refused(deployment: Deployment) -> None:
    """Users with known passwords are not made in production."""
    done = deployment.manage("seed")
    assert done.returncode == 1
    assert "only runs where DEBUG is on" in done.stderr


def test_the_example_lacks_nothing_but_secrets(shop: Path, example: dict[str, str], run_python: RunPython) -> None:
    """Copied as it is, the example is refused for each value that it asks to replace, and for nothing else."""
    asked = [name for name, value in example.items() if "change-me" in value]
    named = {"DJANGO_ENV_FILE": "production.env.example", "JWT_SIGNING_KEY_FILE": "elsewhere.pem"}
    done = run_python(["manage.py", "check"], env=named, cwd=shop)
    assert done.returncode == 1
    assert sorted({name for name, _ in problems(done.stderr)}) == sorted([*asked, "JWT_SIGNING_KEY_FILE"])


def test_an_incomplete_environment_gets_one_report(shop: Path, run_python: RunPython) -> None:
    """All that is missing or wrong is said at once, and no secret is in it."""
    environment = {
        **SERVICE,
        "DJANGO_SECRET_KEY": token_urlsafe(50),
        "DATABASE_URL": "postgres://shop:swordfish@db.internal:5432/shop",
        "CORS_ALLOWED_ORIGINS": "app.example.com",
        "PAGE_SIZE": "many",
        "PAYMENT_SANDBOX": "off",
        "PAYMENT_API_KY": "tuna-tuna-tuna",
    }
    done = run_python(["manage.py", "migrate"], env=environment, cwd=shop)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert sorted(problems(done.stderr)) == sorted(
        [
            ("SHOP_SECRET_KEY", "secret_key.shared"),
            ("ALLOWED_HOSTS", "security.allowed_hosts"),
            ("PAYMENT_API_KY", "variable.unknown"),
            ("PAYMENT_API_KEY", "payment.api_key"),
            ("PAGE_SIZE", "value.integer"),
            ("CACHE_URL", "cache.local"),
            ("JWT_SIGNING_KEY", "jwt.key"),
            ("CORS_ALLOWED_ORIGINS", "cors.origin"),
            ("SERVICE_SIGNING_KEY", "service.credential"),
            ("DATABASE_URL", "database.tls"),
        ]
    )
    hidden = ("swordfish", "tuna", environment["DJANGO_SECRET_KEY"])
    assert [secret for secret in hidden if secret in done.stderr] == []


def test_a_server_with_an_incomplete_environment_ends(shop: Path, run_python: RunPython) -> None:
    """Gunicorn ends, and shows the report instead of a traceback."""
    done = run_python([*GUNICORN, "--bind", f"127.0.0.1:{free_port()}"], env=SERVICE, cwd=shop)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert done.stderr.count("Configuration of ShopSettings is not usable") == 1
    assert ("ALLOWED_HOSTS", "security.allowed_hosts") in problems(done.stderr)


@pytest.mark.parametrize(
    "server",
    [[*GUNICORN, "--bind", "127.0.0.1:0"], ["manage.py", "runserver", "--noreload"], ["demo.py"]],
    ids=" ".join,
)
def test_the_build_profile_serves_nothing(server: list[str], shop: Path, run_python: RunPython) -> None:
    """Under throw-away secrets no server starts."""
    environment = {"DJANGO_PROFILE": "monolith,production,build"}
    done = run_python(server, env=environment, cwd=shop)
    assert done.returncode != 0
    assert "build" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_of_its_services_in_production(
    shop: Path, tmp_path: Path, postgres_url: str, python: WarmPython, run_python: RunPython
) -> None:
    """The same project under ``microservice,production``: what it lacks is said, then it is served."""
    for number, job in enumerate(("jwt", "service"), 1):
        (tmp_path / f"{job}.pem").write_text(key_pair("P-256", number)[0], encoding="utf-8")
    with postgres(postgres_url) as database:
        incomplete = {
            **SERVICE,
            "DJANGO_SETTINGS_MODULE": "users.settings",
            "ALLOWED_HOSTS": HOST,
            "USERS_SECRET_KEY": token_urlsafe(50),
            "DATABASE_URL": database,
            "JWT_SIGNING_KEY_FILE": str(tmp_path / "jwt.pem"),
            "SERVICE_SIGNING_KEY_FILE": str(tmp_path / "service.pem"),
            "TRUSTED_PROXY_HEADER": "X-Forwarded-Proto",
            "EVENT_BUS_URL": "tls://nats.internal:4222",
        }
        refused = run_python(["manage.py", "check"], env=incomplete, cwd=shop)
        assert refused.returncode == 1
        assert problems(refused.stderr) == [("SERVICE_URLS", "service.url_missing"), ("CACHE_URL", "cache.local")]
        complete = {
            **incomplete,
            "HOME": str(tmp_path),
            "SERVICE_URL_TEMPLATE": "https://{service}.internal",
            "CACHE_URL": "rediss://:a-password-that-nobody-guesses@cache.internal:6379/0",
        }
        service = Deployment(shop, complete, (), python)
        steps = [
            service.manage("check", "--deploy", "--fail-level", "WARNING"),
            service.manage("migrate", "--no-input"),
            service.manage(
                "createsuperuser",
                "--no-input",
                DJANGO_SUPERUSER_EMAIL=ADMIN["email"],
                DJANGO_SUPERUSER_PASSWORD=ADMIN["password"],
            ),
        ]
        assert [(step.returncode, step.stderr) for step in steps] == [(0, "")] * 3
        port = free_port()
        with serving(python, [*GUNICORN, "--bind", f"127.0.0.1:{port}"], complete, shop=shop, port=port) as served:
            answer = served.request("/token/", form=ADMIN, headers=OVER_HTTPS)
            assert (answer.status, {*answer.json()}) == (200, {"access", "refresh"})
            keys = served.request("/.well-known/jwks.json", headers=OVER_HTTPS).json()["keys"]
            assert isinstance(keys, list)
            assert len(keys) == 1
            assert served.request("/users/1/orders/", headers=OVER_HTTPS).status == 401
