"""Log formatters that take secrets out of everything they write: message, extras, tracebacks and stacks.

Redaction happens here, and in the mail handler, and not in a filter: a filter on a logger does not see the records of
its children, and one that edits a record breaks the other handlers of it. A record is never changed.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any, cast

from django.utils.log import AdminEmailHandler

from dj_core_utils import _context
from dj_core_utils.conf import conf
from dj_core_utils.redaction import redact, redact_text

_STANDARD = frozenset(
    {
        *logging.makeLogRecord({}).__dict__,
        "asctime",
        "message",
        "taskName",  # Python 3.12
        # A request shows its query, a socket nothing of use; method and path stand beside it.
        "request",
        "response",
        # What servers add for their own colours and columns
        "color_message",
        "server_time",
    }
)


class RedactingFormatter(logging.Formatter):
    """The fields of a record that may be written, in order: time, level, service, correlation id, logger, message.

    Args:
        service: Name of the service, for records that no request of another service causes.
    """

    def __init__(self, service: str = "") -> None:
        super().__init__()
        self._service = service

    def fields(self, record: logging.LogRecord) -> dict[str, object]:
        """What a record says, redacted, as plain JSON data.

        Args:
            record: The record; it is not changed.
        """
        secrets = conf.secrets
        request = getattr(record, "request", None)
        fields: dict[str, object] = {
            "timestamp": _timestamp(record),
            "level": record.levelname,
            "service": _context.current_service.get() or self._service,
            "correlation_id": _context.correlation_id.get() or getattr(request, "correlation_id", None),
            "logger": record.name,
            "message": redact_text(_message(record), secrets),
            "method": getattr(request, "method", None),
            "path": getattr(request, "path", None),
        }
        fields = {name: redact(value, secrets) for name, value in fields.items() if value or name == "message"}
        extras = {name: value for name, value in record.__dict__.items() if name not in _STANDARD}
        redacted = cast("dict[str, object]", redact(extras, secrets))  # a mapping stays one
        fields.update({name: value for name, value in redacted.items() if name not in fields})
        if text := self._exception(record):
            fields["exception"] = redact_text(text, secrets)
        if record.stack_info:
            fields["stack"] = redact_text(record.stack_info, secrets)
        return fields

    def _exception(self, record: logging.LogRecord) -> str:
        # Not through record.exc_text, which would hand our text to other handlers, and theirs, unredacted, to us.
        if record.exc_info and record.exc_info[0] is not None:
            return self.formatException(record.exc_info)
        return record.exc_text or ""


class JSONFormatter(RedactingFormatter):
    """One JSON object a line, ASCII only, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line of JSON.

        Args:
            record: The record; it is not changed.
        """
        return json.dumps(self.fields(record))


class ConsoleFormatter(RedactingFormatter):
    """One line a record, for people; further lines are indented, so that none can pass for a record of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text.

        Args:
            record: The record; it is not changed.
        """
        fields = self.fields(record)
        time, level, logger, message = (fields.pop(name) for name in ("timestamp", "level", "logger", "message"))
        service, correlation = (fields.pop(name, "") for name in ("service", "correlation_id"))
        below = [str(text) for name in ("exception", "stack") if (text := fields.pop(name, ""))]
        words = [str(time), f"{level:<8}", service, f"[{correlation}]" if correlation else "", f"{logger}:", message]
        words += [f"{name}={value}" for name, value in fields.items()]
        return _printable("\n".join([" ".join(str(word) for word in words if word), *below]))


class RedactingAdminEmailHandler(AdminEmailHandler):
    """Django's mail to ``ADMINS`` about errors, without the secrets in subject, traceback and request."""

    def send_mail(self, subject: object, message: object, *args: object, **kwargs: Any) -> None:
        """Send what is left.

        Args:
            subject: The first line of the record.
            message: The record, the traceback and the request.
            *args: Handed on.
            **kwargs: Handed on; ``html_message`` is redacted, too.
        """
        secrets = conf.secrets
        if html := kwargs.get("html_message"):
            kwargs["html_message"] = redact_text(html, secrets)
        super().send_mail(redact_text(str(subject), secrets), redact_text(str(message), secrets), *args, **kwargs)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001  # logging would print the arguments, unredacted, on stderr
        return f"{record.msg} (its arguments cannot be put in: {type(error).__name__})"


def _timestamp(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _printable(text: str) -> str:
    """Continuation lines indented, control characters spelled out: a logged value cannot forge lines or colours."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n    ".join(
        "".join(char if char.isprintable() or char == "\t" else repr(char)[1:-1] for char in line) for line in lines
    )
