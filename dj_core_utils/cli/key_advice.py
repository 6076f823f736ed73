"""Which variables a new secret is for, in the service that holds it and in those that recognise it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dj_core_utils.cli.inspection import Inspection
    from dj_core_utils.cli.new_secrets import NewSecret

_PLAIN = r"[\w./:@=,+-]*"


class Place(NamedTuple):
    """Where the parts of a new secret are.

    Attributes:
        root: What paths in variables are relative to: the project folder.
        secret: Path of the secret; None when it is printed.
        public: Path of the public key, if there is one.
    """

    root: Path
    secret: Path | None = None
    public: Path | None = None

    def holding(self, variable: str, text: str, path: Path | None) -> dict[str, str]:
        """The variable that holds a text, or names the file of it.

        Args:
            variable: Its name without ``_FILE``.
            text: The text.
            path: The file; None when there is none.
        """
        if path is None:
            return {variable: text}
        whole = path.resolve()
        return {f"{variable}_FILE": str(whole.relative_to(self.root) if whole.is_relative_to(self.root) else whole)}


class Advice(NamedTuple):
    """What is to be set.

    Attributes:
        own: Variables of the service that holds the secret, with their values.
        others: Variables of the services that recognise it.
        whose: Who has the first ones.
        who: Who has the others.
    """

    own: dict[str, str]
    others: Mapping[str, str] = {}
    whose: str = "set"
    who: str = ""

    def env_lines(self) -> str:
        """The own variables as lines of ``.env``."""
        return "\n".join(f"{name}={_quoted(value)}" for name, value in self.own.items())

    def told(self, secret: NewSecret) -> str:
        """All variables for people, without the secret.

        Args:
            secret: What has been printed or written already.
        """
        known = {secret.text: "(the secret)", secret.public: "(the public key)"}
        lines = []
        for whose, held in ((self.who, self.others), (self.whose, self.own)):
            if held:
                lines.append(f"{whose}:")
                lines += [f"  {name}={known.get(value) or _quoted(value)}" for name, value in held.items()]
        return "\n".join(lines)


def advise(inspection: Inspection, secret: NewSecret, place: Place) -> Advice:
    """What is to be set where for a new secret.

    Args:
        inspection: The project, whose names are used where it has some.
        secret: The secret.
        place: Where it is.
    """
    return _ADVISERS[secret.use](inspection, secret, place)


def _for_django(inspection: Inspection, secret: NewSecret, place: Place) -> Advice:
    settings = inspection.loaded.settings if inspection.loaded else None
    name = "DJANGO_SECRET_KEY"
    if settings is not None and settings.is_microservice:
        name = f"{settings.service_name.upper().replace('-', '_')}_SECRET_KEY"
    return Advice(place.holding(name, secret.text, place.secret))


def _for_services(inspection: Inspection, secret: NewSecret, place: Place) -> Advice:
    settings = inspection.loaded.settings if inspection.loaded else None
    caller = settings.service_name if settings is not None else "CALLER"
    return Advice(
        place.holding("SERVICE_API_KEY", secret.text, place.secret),
        {"SERVICE_KEYS": f"{caller}={secret.digest}"},
        "then the service that calls",
        "first the services that it calls, beside the callers that they know",
    )


def _for_callers(inspection: Inspection, secret: NewSecret, place: Place) -> Advice:
    settings = inspection.loaded.settings if inspection.loaded else None
    caller = settings.service_name if settings is not None else "CALLER"
    return Advice(
        place.holding("SERVICE_SIGNING_KEY", secret.text, place.secret),
        {"SERVICE_PUBLIC_KEYS": f"{caller}={secret.public}"},
        "then the service that calls",
        "first the services that it calls, beside the callers that they know",
    )


def _for_tokens(inspection: Inspection, secret: NewSecret, place: Place) -> Advice:
    own = {
        "JWT_ALGORITHM": secret.algorithm,
        **place.holding("JWT_SIGNING_KEY", secret.text, place.secret),
        **({"JWT_KEY_ID": secret.kid} if secret.kid else {}),
    }
    if not secret.public:
        return Advice(own)
    settings = inspection.loaded.settings if inspection.loaded else None
    others = {
        "JWT_ALGORITHM": secret.algorithm,
        **place.holding("JWT_VERIFYING_KEY", secret.public, place.public),
        "JWT_ISSUER": (settings.jwt.issuer or settings.service_name) if settings is not None else "SIGNER",
    }
    return Advice(own, others, "then the service that signs users in", "first the services that verify its tokens")


_ADVISERS = {"django": _for_django, "service": _for_services, "caller": _for_callers, "jwt": _for_tokens}


def _quoted(value: str) -> str:
    r"""A value as ``.env`` takes it, on one line; the ``\n`` of a PEM are read as line breaks."""
    if re.fullmatch(_PLAIN, value):
        return value
    if "\n" in value:
        return '"' + value.strip().replace("\n", "\\n") + '"'
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
