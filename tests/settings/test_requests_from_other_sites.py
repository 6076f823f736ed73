"""Django and django-cors-headers run on what is rendered: preflights are answered and posts accepted as configured."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conftest import RunPython, WriteProject

SHOP = "https://shop.example.com"
URLS = """
    from django.http import HttpResponse
    from django.urls import path

    urlpatterns = [
        path("api/", lambda request: HttpResponse("answer")),
        path("pages/", lambda request: HttpResponse("page")),
    ]
"""
# A request as a server hands it over, without Django's test client in between.
REQUEST = """
    import io
    import json
    import os
    import sys
    from wsgiref.util import setup_testing_defaults

    sys.path.insert(0, os.getcwd())
    os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()

    from django.core.management import call_command

    call_command("check", fail_level="WARNING", verbosity=0)

    def request(method, path, origin, headers):
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "HTTP_HOST": "testserver", "HTTP_ORIGIN": origin}
        environ |= {"wsgi.input": io.BytesIO(b""), "CONTENT_LENGTH": "0", "SERVER_NAME": "testserver"}
        environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
        setup_testing_defaults(environ)
        answer = {}
        def start(status, headers, exc_info=None):
            answer.update({name.lower(): value for name, value in headers}, status=int(status.split()[0]))
        list(application(environ, start))
        return answer

    print(json.dumps([request(*each) for each in json.loads(sys.stdin.read())]))
"""
PREFLIGHT = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}


class Ask(Protocol):
    """How a test sends requests."""

    def __call__(
        self, env: Mapping[str, str], *requests: tuple[str, str, str, Mapping[str, str]]
    ) -> list[dict[str, Any]]:
        """Send requests to a project under an environment, after ``manage.py check`` found nothing.

        Args:
            env: Added to the clean environment.
            *requests: Method, path, origin and further headers.

        Returns:
            Of each answer, the headers by lower-case name, and ``status``.
        """


@pytest.fixture
def ask(project: WriteProject, run_python: RunPython) -> Ask:
    """Send requests to a project under an environment."""
    folder = project({"urls.py": URLS})

    def send(env: Mapping[str, str], *requests: tuple[str, str, str, Mapping[str, str]]) -> list[dict[str, Any]]:
        environ = {"DJANGO_PROFILE": "monolith,test", **env}
        ended = run_python(REQUEST, env=environ, cwd=folder, stdin=json.dumps(requests))
        assert ended.returncode == 0, ended.stderr
        answers: list[dict[str, Any]] = json.loads(ended.stdout.splitlines()[-1])
        return answers

    return send


def test_preflight_and_answer_for_a_listed_site(ask: Ask) -> None:
    """A listed site may ask and read, whichever way it is listed; nobody else may."""
    env = {
        "CORS_ALLOWED_ORIGINS": f"{SHOP},http://localhost:3000",
        "CORS_ALLOWED_ORIGIN_REGEXES": r"^https://[a-z0-9-]+\.preview\.example\.com$",
        "CORS_EXPOSE_HEADERS": "x-request-id",
        "CORS_PREFLIGHT_MAX_AGE": "600",
    }
    strangers = ("https://evil.test", f"{SHOP}.evil.test", "https://preview.example.com", "null")
    welcome, local, preview, answer, *others = ask(
        env,
        ("OPTIONS", "/api/", SHOP, PREFLIGHT),
        ("OPTIONS", "/api/", "http://localhost:3000", PREFLIGHT),
        ("OPTIONS", "/api/", "https://pr-7.preview.example.com", PREFLIGHT),
        ("GET", "/api/", SHOP, {}),
        *(("OPTIONS", "/api/", stranger, PREFLIGHT) for stranger in strangers),
    )
    assert (welcome["status"], welcome["access-control-allow-origin"]) == (200, SHOP)
    assert "PUT" in welcome["access-control-allow-methods"]
    assert "authorization" in welcome["access-control-allow-headers"]
    assert welcome["access-control-max-age"] == "600"
    assert "access-control-allow-credentials" not in welcome
    assert local["access-control-allow-origin"] == "http://localhost:3000"
    assert preview["access-control-allow-origin"] == "https://pr-7.preview.example.com"
    assert (answer["status"], answer["access-control-expose-headers"]) == (200, "x-request-id")
    assert [each for each in others if "access-control-allow-origin" in each] == []


def test_only_the_paths_that_are_meant(ask: Ask) -> None:
    """Other paths are not for other sites."""
    env = {"CORS_ALLOWED_ORIGINS": SHOP, "CORS_URLS_REGEX": "^/api/.*$", "CORS_ALLOW_CREDENTIALS": "true"}
    api, page = ask(env, ("GET", "/api/", SHOP, {}), ("GET", "/pages/", SHOP, {}))
    assert api["access-control-allow-credentials"] == "true"
    assert "access-control-allow-origin" not in page


def test_everybody_or_the_service_alone(ask: Ask) -> None:
    """All origins get an asterisk; a list of the service's own replaces the common one."""
    (everybody,) = ask({"CORS_ALLOW_ALL_ORIGINS": "true"}, ("GET", "/api/", "https://any.example", {}))
    assert everybody["access-control-allow-origin"] == "*"
    env = {"CORS_ALLOWED_ORIGINS": SHOP, "APP_CORS_ALLOWED_ORIGINS": "https://admin.example.com"}
    common, own = ask(env, ("GET", "/api/", SHOP, {}), ("GET", "/api/", "https://admin.example.com", {}))
    assert "access-control-allow-origin" not in common
    assert own["access-control-allow-origin"] == "https://admin.example.com"


def test_posts_of_trusted_sites(ask: Ask) -> None:
    """A trusted site and its subdomains may post with a token; for others the token does not help."""
    token = {"Cookie": f"csrftoken={'a' * 32}", "X-CSRFToken": "a" * 32}
    origins = (SHOP, "https://a.partner.example", "https://evil.test", "http://shop.example.com")
    answers = ask(
        {"CSRF_TRUSTED_ORIGINS": f"{SHOP},https://*.partner.example"},
        *(("POST", "/api/", origin, token) for origin in origins),
    )
    assert [answer["status"] for answer in answers] == [200, 200, 403, 403]
