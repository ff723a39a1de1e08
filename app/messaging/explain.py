"""`pli explain`: the pipeline's own decisions, one JSON line in, one JSON line out.

Each line is one JSON object. What cannot be answered (bad JSON, a wrong type, a missing field, an unknown value, a
blank line) gives `{"error": code, "message"}` on its own line; fields nobody asked for are ignored.
"""

import json
import re
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any, NoReturn

from app.core.errors import InvalidInput
from app.messaging.numbers.phone import Phone, PhoneProblem, read_phone
from app.messaging.numbers.place import place_of
from app.messaging.permission.categories import Category
from app.messaging.permission.optout import read_answer
from app.messaging.texts.encode import smart_encode
from app.messaging.texts.segmentation import segment
from app.messaging.timing.window_rules import WINDOW_RULES
from app.messaging.timing.windows import next_open, undated


class What(StrEnum):
    """The decisions that can be explained."""

    SEGMENT = "segment"
    ENCODE = "encode"
    OPTOUT = "optout"
    PHONE = "phone"
    WINDOW = "window"


Fields = dict[str, Any]
Answer = dict[str, Any]

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_UNREADABLE = {
    PhoneProblem.EMPTY,
    PhoneProblem.NOT_A_NUMBER,
    PhoneProblem.TOO_SHORT,
    PhoneProblem.TOO_LONG,
    PhoneProblem.UNKNOWN_COUNTRY,
    PhoneProblem.MULTIPLE_NUMBERS,
}
# Some readers take these for line ends; JSON may hold them escaped.
_LINE_ENDS = {char: f"\\u{char:04x}" for char in (0x7F, 0x85, 0x2028, 0x2029)}


def answer(what: str, line: str) -> str:
    """Answer one line of input with one line of JSON, without its line end.

    Raises ValueError when `what` is not one of `What`.
    """
    explain = _EXPLAINERS[What(what)]
    try:
        result = explain(_read(line))
    except InvalidInput as error:
        result = {"error": error.code, "message": error.message}
    return json.dumps(result, ensure_ascii=False).translate(_LINE_ENDS)


def _read(line: str) -> Fields:
    if not line.strip():
        raise InvalidInput("blank_line", "The line is blank; give one JSON object.")
    try:
        # Numbers are never a right value here, and float() has no limit on digits.
        value = json.loads(line, parse_int=float, parse_constant=_not_json)
    except (ValueError, RecursionError):
        raise InvalidInput("bad_json", "The line is not JSON; give one object on one line.") from None
    if not isinstance(value, dict):
        raise InvalidInput("wrong_type", "The line must be a JSON object.")
    return value


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _text(fields: Fields, name: str) -> str:
    if name not in fields:
        raise InvalidInput("missing_field", f'The field "{name}" is missing.')
    value = fields[name]
    if not isinstance(value, str):
        raise InvalidInput("wrong_type", f'The field "{name}" must be text.')
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise InvalidInput("lone_surrogate", f'The field "{name}" holds half a surrogate pair.')
    return value


def _optional_text(fields: Fields, name: str) -> str | None:
    return _text(fields, name) if name in fields else None


def _segment(fields: Fields) -> Answer:
    found = segment(_text(fields, "text"))
    return {
        "encoding": found.encoding,
        "units": found.units,
        "segments": found.segments,
        "parts": [part._asdict() for part in found.parts],
        "costly": [
            {"index": costly.position, "char": costly.char, "why": costly.why} for costly in found.costly
        ],
    }


def _encode(fields: Fields) -> Answer:
    encoded = smart_encode(_text(fields, "text"))
    changes = [{"index": change.index, "from": change.source, "to": change.to} for change in encoded.changes]
    return {"text": encoded.text, "changes": changes}


def _optout(fields: Fields) -> Answer:
    return {"intent": read_answer(_text(fields, "text"))}


def _phone(fields: Fields) -> Answer:
    typed = _text(fields, "typed")
    region = _optional_text(fields, "region")
    read = read_phone(typed) if region is None else read_phone(typed, region)
    if not isinstance(read, Phone):
        return {"error": read.problem, "message": read.message}
    return {"e164": read.e164, "territory": read.territory, "repairs": list(read.repairs), "reachable": True}


def _window(fields: Fields) -> Answer:
    to = _text(fields, "to")
    category = _category(_text(fields, "category"))
    at = _instant(_text(fields, "at"))
    name = _text(fields, "rules")
    postcode = _optional_text(fields, "postcode")
    rule = next((rule for rule in WINDOW_RULES if rule.id == name), None)
    if rule is None:
        raise InvalidInput("unknown_rules", "No set of rules has this name.")
    if category is Category.MARKETING and category not in rule.categories:
        raise InvalidInput("unknown_rules", "This set of rules says nothing about marketing.")
    place = place_of(_number(to), postcode)
    try:
        decision = next_open(category, at, place, [undated(rule)])
        return {
            "allowed": decision.allowed,
            "next": decision.next.isoformat() if decision.next is not None else None,
            "rule": decision.rule,
            "why": decision.why,
        }
    except OverflowError:
        raise InvalidInput("bad_instant", "The instant is too far away to compute with.") from None


def _number(to: str) -> str:
    """The number in E.164. One that receives no text still has a clock, so only unreadable ones are refused."""
    read = read_phone(to)
    if isinstance(read, Phone):
        return read.e164
    if read.problem in _UNREADABLE or _E164.fullmatch(to) is None:
        raise InvalidInput(read.problem, read.message)
    return to


def _category(value: str) -> Category:
    try:
        return Category(value)
    except ValueError:
        names = ", ".join(Category)
        raise InvalidInput("unknown_category", f"The category must be one of {names}.") from None


def _instant(value: str) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise InvalidInput("bad_instant", "The instant must be written in ISO 8601.") from None
    if at.utcoffset() is None:
        raise InvalidInput("naive_instant", "The instant needs an offset, such as Z or +01:00.")
    return at


_EXPLAINERS: dict[What, Callable[[Fields], Answer]] = {
    What.SEGMENT: _segment,
    What.ENCODE: _encode,
    What.OPTOUT: _optout,
    What.PHONE: _phone,
    What.WINDOW: _window,
}
