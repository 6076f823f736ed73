"""How good a secret is, judged by its text alone: its length, its variety, and whether somebody made it up.

Pure functions, and none of them puts a part of the secret into what it returns.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise

INSECURE_PREFIX = "django-insecure-"

_LEAST_LENGTH = 50  # the first three are the bounds of Django's checks security.W009 and security.W025
_LEAST_DISTINCT = 5
_LEAST_BITS = 128
_LONGEST_COMPARED = 1024
_SHARE_OF_STEPS = 0.6
_QUOTES = "\"'`"
_BEGIN_PEM = "-----BEGIN "

# Keys that are printed in tutorials and standards, and therefore tried first.
_PUBLISHED = frozenset(
    {
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    }
)
_DEFAULT_PASSWORDS = """
    admin administrator django guest letmein maria mariadb master mysql nats passw0rd password postgres postgresql
    qwerty rabbitmq redis root rootpassword sa system toor user valkey welcome
"""
# A random key holds none of these by chance: the shortest has seven letters.
_PHRASES = """
    changeme changeit changethis replaceme replacethis replacewith putyour putthe insertyour enteryour placeholder
    yoursecret yourunique yourown yourdjango yourservice yourjwt yourapi yourkey yourtoken yourpassword supersecret
    topsecret notsecret notasecret somesecret mysecret devsecret testsecret dummysecret samplesecret examplesecret
    notsosecret keepitsecret onlyinsecurekey clavegenerada
"""
# A text that consists of these words only is a description of a key, not a key.
_WORDS = """
    a an and api app application aqui at auth be bit bits cambia cambiame cambiar change changed characters chars
    clave claves complex contrasena database db default demo dev development django do drf dummy enter example fake
    fastapi fill for foo bar baz generada generate generated hello here hmac hs in insecure insert internal interno
    internos is it jwt keep key keys least letters local localhost long main me mi must my not of only or order
    orders  our pass passphrase passwd password placeholder please prod product production productos products
    project pwd  random real really replace s secret secreta secreto secrets secure service services servicio
    servicios set sha  shared shop should sign signing some staging string strong super t temp temporary test
    testing tests text the this to todo token top tu unique unsafe use user users usuario usuarios value very with
    world your
"""
_TEMPLATES = r"(?s)<[^<>]*>|\$\{[^{}]*\}|\{\{.*\}\}|\$\([^()]*\)|%\([^()]*\)s|\[[^\[\]]*\]|(.)\1*"


def is_placeholder(secret: str) -> bool:
    """Whether a secret was written to be replaced, or is known from documentation.

    Args:
        secret: The secret. One that Django marked with ``django-insecure-`` is no placeholder: it is a key that works,
            and ``django_key_weakness`` names its fault.
    """
    if not secret or secret.startswith((INSECURE_PREFIX, _BEGIN_PEM)):
        return False
    if secret in _PUBLISHED or re.fullmatch(_TEMPLATES, secret.strip()):
        return True
    words = re.findall(r"[a-z]+", secret.lower())
    letters = "".join(words)
    return bool(words) and (
        set(_WORDS.split()).issuperset(words) or any(phrase in letters for phrase in _PHRASES.split())
    )


def is_default_password(secret: str) -> bool:
    """Whether a password is one that software is delivered with: ``postgres``, ``admin123``."""
    return secret.lower().rstrip("0123456789!") in _DEFAULT_PASSWORDS.split()


def is_predictable(secret: str) -> bool:
    """Whether a secret has too little variety for its length to mean anything: ``abcabc...``, ``12345...``."""
    if len(secret) > _LONGEST_COMPARED:  # a key file, whose form its own reader judges
        return False
    return len(set(secret)) < _LEAST_DISTINCT or _repeats(secret) or _climbs(secret)


def django_key_weakness(secret: str) -> str:
    """Why a text is too weak for ``SECRET_KEY``: the bounds of Django's ``security.W009``, and a look at its variety.

    Args:
        secret: The key.

    Returns:
        The reason, to follow the name of the variable; empty when there is none.
    """
    if secret.startswith(INSECURE_PREFIX):
        return f'begins with "{INSECURE_PREFIX}", which marks a key that was made for development.'
    if len(secret) < _LEAST_LENGTH:
        return f"has {len(secret)} characters; {_LEAST_LENGTH} are the least."
    if len(set(secret)) < _LEAST_DISTINCT:
        return f"has {len(set(secret))} different characters; {_LEAST_DISTINCT} are the least."
    if is_predictable(secret) or entropy_bits(secret) < _LEAST_BITS:
        return "is long, but follows a pattern."
    return ""


def entropy_bits(secret: str) -> float:
    """An upper bound of a secret's entropy: what the frequencies of its characters allow, in bits."""
    length = len(secret)
    return sum(-count * math.log2(count / length) for count in Counter(secret).values())


def stray_edges(secret: str) -> str:
    """What surrounds a secret and probably does not belong to it.

    Args:
        secret: The secret. The line break at the end of a PEM file belongs to it.

    Returns:
        A verb phrase such as ``is in quotes``; empty when there is nothing.
    """
    if secret.startswith(_BEGIN_PEM):
        return ""
    if secret[:1].isspace() or secret[-1:].isspace():
        return "begins or ends with a space or a line break"
    if len(secret) > 1 and secret[0] == secret[-1] and secret[0] in _QUOTES:
        return "is in quotes"
    return ""


def _repeats(secret: str) -> bool:
    """Whether one piece, at most half as long, is repeated from beginning to end."""
    return any(secret[period:] == secret[:-period] for period in range(1, len(secret) // 2 + 1))


def _climbs(secret: str) -> bool:
    """Whether most characters are the one before, or its neighbour in the alphabet."""
    steps = [abs(ord(after) - ord(before)) <= 1 for before, after in pairwise(secret)]
    return sum(steps) > _SHARE_OF_STEPS * len(steps)
