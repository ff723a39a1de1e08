"""JSON lines on standard error, one object per line, that cannot carry what must not be logged.

A line holds the words of the code (the text of the logging call before any value is put in), the fields named in
`FIELDS`, and for an exception its type and the lines of code it passed: never its text, for a database or parser may
repeat a value there. A field is written only when it looks like an identifier; anything with a space, an `@`, a `+`,
a `#` or a `?` is withheld. Addresses of requests are route templates such as `/{ref}/unlock`.

Use: `log.info("batch split", extra=fields(batch_id=batch.id, pages=12))`.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import IO, Any
from uuid import UUID

FIELDS = frozenset(
    {
        "attempt_id",
        "batch_id",
        "block_id",
        "carrier",
        "code",
        "count",
        "document_id",
        "door",
        "epoch",
        "error",
        "ids",
        "job",
        "key_id",
        "message_id",
        "method",
        "ms",
        "organisation_id",
        "pages",
        "partition",
        "port",
        "ref",
        "reference",
        "route",
        "rule_id",
        "sender_id",
        "state",
        "status",
        "user_id",
        "version",
        "worker",
    }
)
WITHHELD = "(withheld)"
OWN = ("app", "links", "rcs")
# Libraries whose calls keep their values apart from their words; of others only the place of the call is written.
PLAIN_SPOKEN = ("uvicorn", "alembic")
FRAMES = 12
_IDENTIFIER = re.compile(r"[A-Za-z0-9_.:/{}\-]{0,120}")
_JSON = json.JSONEncoder(ensure_ascii=False)
_CARRIED = "pli_fields"
_ABOUT = "pli_error"


def fields(**values: object) -> dict[str, dict[str, object]]:
    """The `extra` of a logging call. Raises ValueError for a name that is not in `FIELDS`: add it there on purpose."""
    if unknown := sorted(set(values) - FIELDS):
        raise ValueError(f"not a field of the log: {', '.join(unknown)}")
    return {_CARRIED: values}


def about(error: BaseException) -> dict[str, dict[str, Any]]:
    """The `extra` of a logging call after an error, instead of `exc_info`: the record itself then holds nothing that the
    error was given, whoever else formats it."""
    return {_ABOUT: describe(error)}


class JsonLines(logging.Formatter):
    """Writes a record as the module says."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _words(record),
        }
        if not _belongs(record.name, OWN):
            line["from"] = f"{record.module}:{record.lineno}"
        carried: Mapping[str, object] = getattr(record, _CARRIED, {})
        line |= {name: _shown(value) for name, value in carried.items() if name in FIELDS}
        if record.exc_info and record.exc_info[1] is not None:
            line |= describe(record.exc_info[1])
        line |= getattr(record, _ABOUT, {})
        return _JSON.encode(line)


def describe(error: BaseException) -> dict[str, Any]:
    """Type, code (of our own errors) and way of an exception, innermost frame last; nothing it was given."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    described: dict[str, Any] = {
        "error": type(error).__name__,
        "way": [f"{_module_path(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames],
    }
    code = getattr(error, "code", None)
    if isinstance(code, str):
        described["code"] = _shown(code)
    causes: list[str] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and len(causes) < FRAMES:
        causes.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    if causes:
        described["causes"] = causes
    return described


def set_up(level: str = "INFO", stream: IO[str] | None = None) -> None:
    """Send every logger of the process through `JsonLines`, and silence the access log of the HTTP server.

    Start uvicorn with `log_config=None, access_log=False`, or it undoes this.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    access = logging.getLogger("uvicorn.access")
    access.propagate = False
    access.addHandler(logging.NullHandler())
    # One line per request made to a carrier, with its whole address.
    for noisy in ("httpx", "httpcore", "python_multipart"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _words(record: logging.LogRecord) -> str:
    if _belongs(record.name, OWN + PLAIN_SPOKEN) and isinstance(record.msg, str):
        return record.msg.strip()
    return WITHHELD


def _belongs(name: str, families: tuple[str, ...]) -> bool:
    return name.partition(".")[0] in families


def _shown(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_shown(item) for item in value]
    if isinstance(value, str) and _IDENTIFIER.fullmatch(value):
        return value
    return WITHHELD


def _module_path(filename: str) -> str:
    """The end of a file name: enough to find the line, without the folders of this machine."""
    return "/".join(filename.replace("\\", "/").split("/")[-3:])
