"""Content Security Policy: what a policy of Django's ``SECURE_CSP`` may say, and what it only seems to say."""

import re
from collections.abc import Iterator

from dj_core_utils.settings.spelling import nearest

ContentSecurityPolicy = dict[str, list[str] | str | bool]

# https://www.w3.org/TR/CSP3/#csp-directives and the specifications that extend it
DIRECTIVES = (
    "base-uri",
    "block-all-mixed-content",
    "child-src",
    "connect-src",
    "default-src",
    "fenced-frame-src",
    "font-src",
    "form-action",
    "frame-ancestors",
    "frame-src",
    "img-src",
    "manifest-src",
    "media-src",
    "object-src",
    "report-to",
    "report-uri",
    "require-trusted-types-for",
    "sandbox",
    "script-src",
    "script-src-attr",
    "script-src-elem",
    "style-src",
    "style-src-attr",
    "style-src-elem",
    "trusted-types",
    "upgrade-insecure-requests",
    "webrtc",
    "worker-src",
)
# Without quotes each of these is the name of a host.
_KEYWORD = (
    r"none|self|report-sample|strict-dynamic|unsafe-eval|unsafe-hashes|unsafe-inline|wasm-unsafe-eval"
    r"|(?:nonce|sha256|sha384|sha512)-\S+"
)
_SOURCES = r".+-src(?:-attr|-elem)?|base-uri|form-action|frame-ancestors"


def policy_faults(policy: ContentSecurityPolicy) -> Iterator[tuple[str, str]]:
    """What browsers will ignore or misread without a word.

    Args:
        policy: The policy by directive.

    Yields:
        What is wrong, and what to write instead.
    """
    for directive, values in policy.items():
        if directive not in DIRECTIVES:
            suggestion = nearest(directive, DIRECTIVES)
            yield (
                f'"{directive}" is not a directive, and browsers ignore it.',
                f"write {suggestion}" if suggestion else "directives are such as default-src, script-src, img-src",
            )
        elif re.fullmatch(_SOURCES, directive) and not isinstance(values, bool):
            words = values.split() if isinstance(values, str) else values
            for word in (word for word in words if re.fullmatch(_KEYWORD, word)):
                yield f"{directive} holds {word} without quotes, which is the name of a host.", f"write \"'{word}'\""
