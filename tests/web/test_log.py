import ast
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.core.errors import NotFound
from app.core.log import FIELDS, WITHHELD, JsonLines, fields, set_up

ROOT = Path(__file__).resolve().parents[2]
LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
CANARY = "0612345678 Dupont s3cr3t"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    loggers = [logging.getLogger(name) for name in ("app.test_log", "stranger.library", "uvicorn.error")]
    before = [(logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
    yield stream
    for logger, (level, propagate) in zip(loggers, before, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate


def only(stream: io.StringIO) -> dict[str, Any]:
    (line,) = stream.getvalue().splitlines()
    parsed: dict[str, Any] = json.loads(line)
    return parsed


def test_a_line_holds_words_time_level_and_named_fields(lines: io.StringIO) -> None:
    batch = UUID(int=7)
    logging.getLogger("app.test_log").info("batch split", extra=fields(batch_id=batch, pages=12, ms=1.5))

    line = only(lines)
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "app.test_log",
        "event": "batch split",
        "batch_id": str(batch),
        "pages": 12,
        "ms": 1.5,
    }


def test_values_put_into_the_words_are_not_written(lines: io.StringIO) -> None:
    logging.getLogger("app.test_log").info("sent to %s", CANARY)

    assert only(lines)["event"] == "sent to %s"


def test_a_name_that_is_not_allowed_is_refused() -> None:
    with pytest.raises(ValueError, match="phone"):
        fields(phone="+33612345678")


def test_fields_smuggled_past_the_check_are_dropped(lines: io.StringIO) -> None:
    logging.getLogger("app.test_log").info(
        "x", extra={"pli_fields": {"phone": "1", "pages": 2}, "name_": CANARY}
    )

    assert "phone" not in only(lines)
    assert CANARY not in lines.getvalue()


@pytest.mark.parametrize(
    "value",
    [
        "+33612345678",
        "marie@example.com",
        "Marie Curie",
        "/7kPq2mXa#2w7QkXr9bLmT4fZc",
        "/x?q=Dupont",
        "é",
        b"x",
        {"a": "x"},
    ],
)
def test_a_value_that_is_no_identifier_is_withheld(lines: io.StringIO, value: object) -> None:
    logging.getLogger("app.test_log").info("x", extra=fields(route=value))

    assert only(lines)["route"] == WITHHELD


def test_a_route_template_is_written(lines: io.StringIO) -> None:
    logging.getLogger("app.test_log").info("x", extra=fields(route="/v1/batches/{batch_id}"))

    assert only(lines)["route"] == "/v1/batches/{batch_id}"


def test_each_value_of_a_list_is_judged(lines: io.StringIO) -> None:
    logging.getLogger("app.test_log").info("x", extra=fields(ids=[UUID(int=1), "a b"]))

    assert only(lines)["ids"] == [str(UUID(int=1)), WITHHELD]


def test_an_exception_tells_type_and_way_but_not_its_text(lines: io.StringIO) -> None:
    try:
        try:
            raise KeyError(CANARY)
        except KeyError as cause:
            raise NotFound("batch_unknown", CANARY) from cause
    except NotFound:
        logging.getLogger("app.test_log").exception("it failed")

    line = only(lines)
    assert (line["error"], line["code"], line["causes"]) == ("NotFound", "batch_unknown", ["KeyError"])
    assert line["way"][-1].startswith("tests/web/test_log.py:")
    assert CANARY not in lines.getvalue()
    assert str(ROOT) not in lines.getvalue()


def test_the_words_of_an_unknown_library_are_withheld_and_their_place_is_told(lines: io.StringIO) -> None:
    logging.getLogger("stranger.library").warning(f"bad value {CANARY}")

    line = only(lines)
    assert line["event"] == WITHHELD
    assert line["from"].startswith("test_log:")
    assert CANARY not in lines.getvalue()


def test_the_server_speaks_without_its_values(lines: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").info("Uvicorn running on %s", CANARY)

    assert only(lines)["event"] == "Uvicorn running on %s"


def test_set_up_takes_every_logger_and_silences_the_access_log(monkeypatch: pytest.MonkeyPatch) -> None:
    manager = logging.Manager(logging.RootLogger(logging.WARNING))
    monkeypatch.setattr(logging, "root", manager.root)
    monkeypatch.setattr(logging.Logger, "root", manager.root)
    monkeypatch.setattr(logging.Logger, "manager", manager)
    manager.root.manager = manager
    chatty = manager.getLogger("uvicorn")
    chatty.addHandler(logging.StreamHandler(io.StringIO()))
    chatty.propagate = False
    stream = io.StringIO()

    set_up("INFO", stream)
    manager.getLogger("uvicorn.access").info("GET /7kPq2mXa%%23secret")
    manager.getLogger("httpx").info("HTTP Request: POST %s", CANARY)
    manager.getLogger("app.thing").debug("too fine")
    assert stream.getvalue() == ""
    chatty.info("Started server process [%d]", 1)
    assert only(stream)["event"] == "Started server process [%d]"


def logging_calls() -> Iterator[tuple[str, ast.Call]]:
    for package in ("app", "links", "rcs"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr in LEVELS
                    and isinstance(node.func.value, ast.Name)
                    and node.func.value.id in ("log", "logger", "logging", "LOG")
                ):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def test_our_logging_calls_are_made_of_constant_words_and_allowed_fields() -> None:
    wrong = []
    calls = list(logging_calls())
    for place, call in calls:
        words = call.args[1] if getattr(call.func, "attr", "") == "log" else call.args[0]
        if not (isinstance(words, ast.Constant) and isinstance(words.value, str)):
            wrong.append(f"{place}: the words are computed")
        for keyword in call.keywords:
            if keyword.arg == "extra" and isinstance(keyword.value, ast.Call):
                wrong += [
                    f"{place}: {k.arg}" for k in keyword.value.keywords if k.arg and k.arg not in FIELDS
                ]
    assert calls
    assert wrong == []
