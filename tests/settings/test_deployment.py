"""What a rendered project is to Django: silent under ``check --deploy``, and refusing to serve under ``build``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import RunPython, WriteProject

KEY = "k3y-Zq8!vT0pW4mX7rB2nL9sD5fG1hJ6cA_yUeIoPqRtSwVxZ0123"
COMPLETE = {
    "ALLOWED_HOSTS": "shop.example.com",
    "TRUSTED_PROXY_HEADER": "X-Forwarded-Proto",
    "DATABASE_URL": "postgres://shop:8f7sd6f87sd6f@db.example.com:5432/shop?sslmode=verify-full",
    "CACHE_URL": "rediss://:8sd7f6s8d7f6@cache.example.com:6379/0",
    "EMAIL_URL": "smtps://mailer:9sd8f7s9d8f7@mail.example.com:465",
    "DEFAULT_FROM_EMAIL": "shop@example.com",
}
MONOLITH = {**COMPLETE, "DJANGO_PROFILE": "monolith,production", "DJANGO_SECRET_KEY": KEY}
MICROSERVICE = {
    **COMPLETE,
    "DJANGO_PROFILE": "microservice,production",
    "SERVICE_NAME": "orders",
    "ORDERS_SECRET_KEY": KEY,
    "JWT_ALGORITHM": "ES256",
    "JWT_SIGNING_KEY_FILE": "jwt.pem",
    "SERVICE_API_KEY": "m2iO8vT0pW4mX7rB2nL9sD5fG1hJ6cA_yUeIo",
    "EVENT_BUS_URL": "nats://events.example.com:4222",
}
STRICT = ["-W", "error::DeprecationWarning", "-W", "error::PendingDeprecationWarning"]
CHECK = [*STRICT, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]


@pytest.fixture
def shop(project: WriteProject) -> Path:
    """A project with the admin where it is enabled, and with a key to sign tokens."""
    urls = """
        from django.conf import settings
        from django.urls import path

        urlpatterns = []
        if "django.contrib.admin" in settings.INSTALLED_APPS:
            from django.contrib import admin

            urlpatterns.append(path(settings.ADMIN_PATH, admin.site.urls))
    """
    folder = project({"urls.py": urls})
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "jwt.pem").write_bytes(pem)
    return folder


@pytest.mark.parametrize("environ", [MONOLITH, MICROSERVICE], ids=["monolith", "microservice"])
def test_production_leaves_django_nothing_to_say(shop: Path, run_python: RunPython, environ: dict[str, str]) -> None:
    """With a complete environment every deployment check is silent, and nothing deprecated is set."""
    done = run_python(CHECK, env=environ, cwd=shop)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "System check identified no issues (2 silenced).\n"


@pytest.mark.parametrize("profile", ["development", "test"])
def test_a_laptop_starts_with_nothing_set(shop: Path, run_python: RunPython, profile: str) -> None:
    """And Django's ordinary checks have nothing to say either."""
    done = run_python(
        [*STRICT, "manage.py", "check", "--fail-level", "WARNING"], env={"DJANGO_PROFILE": profile}, cwd=shop
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "value", "problem_id"),
    [
        ("DEBUG", "true", "security.debug"),
        ("ALLOWED_HOSTS", "*", "security.any_host"),
        ("SECURE_SSL_REDIRECT", "false", "security.ssl_redirect"),
        ("SECURE_HSTS_SECONDS", "0", "security.hsts_seconds"),
        ("SESSION_COOKIE_SECURE", "false", "security.session_cookie_secure"),
        ("CSRF_COOKIE_SECURE", "false", "security.csrf_cookie_secure"),
        ("MEDIA_ROOT", "staticfiles", "static.media_in_static"),
    ],
)
def test_production_does_not_start_weakened(
    shop: Path, run_python: RunPython, name: str, value: str, problem_id: str
) -> None:
    """One variable is enough to be refused, with its name and its origin on one screen."""
    done = run_python(["manage.py", "check"], env={**MONOLITH, name: value}, cwd=shop)
    assert done.returncode == 1
    assert f"[{problem_id}]" in done.stderr
    assert "Traceback" not in done.stderr
    (line,) = (line for line in done.stderr.splitlines() if line.startswith(f"  {name} "))
    assert "environment" in line


def test_build_collects_and_never_serves(shop: Path, run_python: RunPython) -> None:
    """Commands run without any secret; a server says why it does not start, without a traceback."""
    build = {"DJANGO_PROFILE": "monolith,build"}
    collected = run_python(["manage.py", "collectstatic", "--noinput"], env=build, cwd=shop)
    checked = run_python(["manage.py", "check"], env=build, cwd=shop)
    served = run_python(["manage.py", "runserver", "--noreload", "0"], env=build, cwd=shop)
    wsgi = run_python(
        "from django.core.wsgi import get_wsgi_application; get_wsgi_application()",
        env={**build, "DJANGO_SETTINGS_MODULE": "settings"},
        cwd=shop,
    )
    assert collected.returncode == 0, collected.stderr
    assert (shop / "staticfiles" / "staticfiles.json").is_file()
    assert checked.returncode == 0, checked.stderr
    for server in (served, wsgi):
        assert server.returncode == 1
        assert "A server cannot start under the profile build" in server.stderr
        assert "Traceback" not in server.stderr
