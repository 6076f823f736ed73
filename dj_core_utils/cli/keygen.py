"""``config keygen``: a new secret, and what to do with it."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from dj_core_utils.cli.key_advice import Advice, Place, advise
from dj_core_utils.cli.key_files import PUBLIC_MODE, SECRET_MODE, write_new
from dj_core_utils.cli.new_secrets import (
    ALGORITHMS,
    PAIRS,
    NewSecret,
    caller_key,
    django_key,
    jwk,
    service_key,
    signing_key,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_core_utils.cli.inspection import Inspection
    from dj_core_utils.cli.screen import Screen

NAME = "keygen"
HELP = "make a new secret: a key of Django, between services, or to sign tokens"
NEEDS_SETTINGS = False

_WRONG_CALL = 2
_KID = r"[A-Za-z0-9_.-]{1,64}"  # what JWT_KEY_ID takes
_CALLER = "service-es256"
_KINDS = {name.lower(): name for name in ALGORITHMS} | {"jwt": "HS256"}
_NOTHING: dict[str, object] = {"algorithm": "", "kid": "", "files": {}, "variables": {}, "others": {}, "jwk": None}
_FILES = {"django": "django_secret_key", "service": "service_api_key", "jwt": "jwt_signing_key"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "kind",
        metavar="KIND",
        type=str.lower,
        choices=("django", "service", _CALLER, *_KINDS),
        help="django (SECRET_KEY), service (SERVICE_API_KEY), service-es256 (SERVICE_SIGNING_KEY), jwt (to sign tokens "
        f"inside a monolith), or an algorithm to sign tokens with: {', '.join(name.lower() for name in ALGORITHMS)}",
    )
    parser.add_argument("--kid", metavar="NAME", type=_kid, help="name of a key that signs tokens")
    target = parser.add_mutually_exclusive_group()
    target.add_argument(
        "--out", metavar="DIR", type=Path, help="write new files that only you can read; none is overwritten"
    )
    target.add_argument("--stdout", action="store_true", help="print the secret; the default for one without a pair")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--env", action="store_true", help="print lines for .env and nothing else")
    form.add_argument("--json", action="store_true", help="print an object for machines; never the secret")


def run(inspection: Inspection, options: argparse.Namespace, screen: Screen) -> int:
    """Make a secret, write or print it, and say what to do next.

    Args:
        inspection: The project, whose names are used; none is needed.
        options: The parsed options.
        screen: Where to write; what surrounds a printed secret goes to the stream of complaints.

    Returns:
        0; 1 when a file exists or cannot be written; 2 for a wrong call.
    """
    algorithm = _KINDS.get(options.kind, "")
    if complaint := _contradiction(options, algorithm):
        screen.complain(complaint)
        return _WRONG_CALL
    secret = _new(options, algorithm)
    place = _place(inspection, options, secret)
    if place.secret is not None and (complaint := _save(secret, place.secret, place.public)):
        if options.json:
            _write_json(screen, {"kind": options.kind, **_NOTHING, "error": complaint})
        else:
            screen.complain(complaint)
        return 1
    advice = advise(inspection, secret, place)
    if options.json:
        _write_json(screen, _as_json(options.kind, secret, place, advice))
    elif options.env:
        screen.write(advice.env_lines())
    elif place.secret is not None:
        _tell_files(place, screen)
        screen.write(advice.told(secret))
    else:
        screen.write(secret.text.removesuffix("\n"))
        screen.complain("\n".join(text for text in (secret.public.rstrip(), advice.told(secret)) if text))
    return 0


def _kid(text: str) -> str:
    if not re.fullmatch(_KID, text):
        message = "a name has at most 64 letters, digits, _, . and -, such as 2026-11"
        raise argparse.ArgumentTypeError(message)
    return text


def _contradiction(options: argparse.Namespace, algorithm: str) -> str:
    if options.kid and not algorithm:
        return f"A name (--kid) is for keys that sign tokens; a {options.kind} key has none."
    if options.json and options.out is None:
        return "--json never holds a secret. Say where it goes:  --out DIR"
    if (algorithm in PAIRS or options.kind == _CALLER) and options.out is None and not options.stdout:
        return (
            "A private key is written to a file, for you alone:  --out DIR\n"
            "To print it, where no log or screen keeps it:  --stdout"
        )
    return ""


def _new(options: argparse.Namespace, algorithm: str) -> NewSecret:
    if algorithm:
        return signing_key(algorithm, options.kid or "")
    if options.kind == _CALLER:
        return caller_key()
    return django_key() if options.kind == "django" else service_key()


def _place(inspection: Inspection, options: argparse.Namespace, secret: NewSecret) -> Place:
    folder: Path | None = options.out
    root = (inspection.loaded.project_dir if inspection.loaded else Path.cwd()).resolve()
    if folder is None:
        return Place(root)
    if not secret.public:
        return Place(root, folder / (f"jwt-{options.kid}" if options.kid else _FILES[secret.use]))
    stem = _CALLER if secret.use == "caller" else f"jwt-{options.kid or secret.algorithm.lower()}"
    return Place(root, folder / f"{stem}.private.pem", folder / f"{stem}.public.pem")


def _save(secret: NewSecret, path: Path, public: Path | None) -> str:
    """Write the files; why that was not possible, if it was not."""
    files = [(path, secret.text, SECRET_MODE)]
    if public is not None:
        files.append((public, secret.public, PUBLIC_MODE))
    try:
        write_new(files)
    except FileExistsError as error:
        kid = ", or name the key with --kid" if secret.use == "jwt" else ""
        return f"{error.filename} exists and is kept. Give another folder{kid}."
    except OSError as error:
        return f"{error.filename or path} cannot be written: {(error.strerror or type(error).__name__).lower()}."
    return ""


def _tell_files(place: Place, screen: Screen) -> None:
    screen.write(screen.beside(f"wrote  {place.secret}", "for you alone (0600); keep it out of the repository"))
    if place.public is not None:
        screen.write(screen.beside(f"wrote  {place.public}", "its public key, for everybody"))
    screen.write("")


def _as_json(kind: str, secret: NewSecret, place: Place, advice: Advice) -> dict[str, object]:
    """Where everything is, and never the secret itself: ``--json`` asks for ``--out``."""
    return {
        "kind": kind,
        "algorithm": secret.algorithm,
        "kid": secret.kid,
        "files": {
            "secret": str(place.secret),
            **({"public": str(place.public)} if place.public is not None else {}),
        },
        "variables": advice.own,
        "others": dict(advice.others),
        "jwk": jwk(secret) if secret.public else None,
        "error": "",
    }


def _write_json(screen: Screen, shown: Mapping[str, object]) -> None:
    screen.write(json.dumps(shown, indent=2, ensure_ascii=False))
