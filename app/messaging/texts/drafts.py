"""A text being written: everything an editor should know about it, whatever door it is typed into."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

from app.core.errors import InvalidInput
from app.core.texts import keepable
from app.messaging.permission.categories import Category, Kind
from app.messaging.permission.category_rules import CategoryRule
from app.messaging.texts.content import StopMention, TemplateError, fields, pieces
from app.messaging.texts.counter import Count, count, extremes
from app.messaging.texts.notices import DEFAULT_TEMPLATES, PAYSLIP_NOTICE
from app.messaging.texts.text_rules import Circumstances, TextFinding, shows_way_out, text_findings

SMS: Final = "sms"
RCS: Final = "rcs"
LONGEST_KEY, LONGEST_TEMPLATE, LONGEST_TITLE = 40, 2_000, 200
# What an editor counts at each keystroke is bounded: one value and all of them in characters, the fields they fill,
# and the text with its longest values.
LONGEST_VALUE, MOST_CHARACTERS, MOST_FIELDS, LONGEST_FILLED = 200, 64 * 1024, 30, 4_000
_KEY = re.compile(rf"[a-z][a-z0-9_]{{0,{LONGEST_KEY - 1}}}")


@dataclass(frozen=True, slots=True)
class Draft:
    """A template as it stands in the editor. `title` is the heading of a card, empty for a text message."""

    key: str
    channel: str
    language: str
    category: Category
    kind: Kind
    text: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the editor shows: `counted` None while the text cannot be put together, `errors` as codes by field."""

    counted: Count | None
    findings: tuple[TextFinding, ...]
    errors: Mapping[str, str]
    unknown_fields: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether the template cannot be kept as it is."""
        return bool(self.errors) or any(finding.blocking for finding in self.findings)


def built_in(key: str) -> tuple[Category, Kind] | None:
    """Category and kind of a text the service itself sends: nobody changes those. None for a text of the
    organisation's own."""
    for template in DEFAULT_TEMPLATES:
        if template.key == key:
            return Category(template.category), template.kind
    return None


def known_fields(key: str, channel: str) -> frozenset[str] | None:
    """The fields the service fills in for a text it sends itself; None when any field may be asked for."""
    used = {
        name
        for template in DEFAULT_TEMPLATES
        if template.key == key and (template.channel == channel or template.title)
        for name in fields(template.text) + fields(template.title)
    }
    return frozenset(used) if built_in(key) is not None else None


def judge(
    draft: Draft,
    values: Mapping[str, Sequence[str]],
    circumstances: Circumstances,
    mention: StopMention | None,
    on: date,
    rules: Sequence[CategoryRule],
    micro_price: int = 0,
) -> Judged:
    """Count a draft at its dearest and say everything that is wrong with it.

    `values` are those of each field in the list the text is for; `mention` is None where no way out is added to the
    text, as on a card, which has a button for it. A text the service sends itself may ask only for the
    fields it fills in, and keeps its link.
    """
    errors = _errors(draft)
    unknown = _unknown(draft, values)
    if unknown:
        errors["text"] = "template_unknown_field"
    errors |= _value_errors(draft, values)
    if errors:
        return Judged(None, (), errors, unknown)
    asked = fields(draft.text)
    known = {name: extremes(values[name], options=circumstances.options) for name in asked}
    counting = partial(
        count, draft.text, known, draft.category, options=circumstances.options, micro_price=micro_price
    )
    counted = counting()
    if mention is not None and not shows_way_out(counted.sent.text, circumstances):
        counted = counting(mention)
    found = text_findings(counted.sent.text, draft.category, circumstances, on, rules)
    return Judged(counted, found, {})


def _errors(draft: Draft) -> dict[str, str]:
    errors: dict[str, str] = {}
    if _KEY.fullmatch(draft.key) is None:
        errors["key"] = "template_key_invalid"
    if draft.channel not in {SMS, RCS}:
        errors["channel"] = "template_channel_unknown"
    if not draft.text.strip() or len(draft.text) > LONGEST_TEMPLATE:
        errors["text"] = "template_text_length"
    if (draft.channel == RCS and not draft.title.strip()) or len(draft.title) > LONGEST_TITLE:
        errors["title"] = "template_title_length"
    for name, text in (("text", draft.text), ("title", draft.title)):
        if name in errors:
            continue
        try:
            fields(text)
            _require_keepable(text)
        except TemplateError:
            errors[name] = "template_brace"
        except InvalidInput:
            errors[name] = "template_unreadable"
    own = built_in(draft.key)
    if own is not None and own != (draft.category, draft.kind):
        errors["category"] = "template_category_fixed"
    carries_link = draft.key == PAYSLIP_NOTICE and draft.channel == SMS
    if carries_link and "text" not in errors and "link" not in fields(draft.text):
        errors["text"] = "template_needs_link"
    return errors


def _require_keepable(text: str) -> None:
    if not keepable(text):
        raise InvalidInput(
            "unkeepable", "The text holds a NUL or half a surrogate pair; send whole characters."
        )


def asked_fields(draft: Draft) -> tuple[str, ...]:
    """The fields text and title ask for, each once; none while a brace stands alone or one of the two is too long."""
    if len(draft.text) > LONGEST_TEMPLATE or len(draft.title) > LONGEST_TITLE:
        return ()
    try:
        return tuple(dict.fromkeys(fields(draft.text) + fields(draft.title)))
    except TemplateError:
        return ()


def _unknown(draft: Draft, values: Iterable[str]) -> tuple[str, ...]:
    allowed = known_fields(draft.key, draft.channel)
    known = set(values) if allowed is None else set(values) & allowed
    return tuple(name for name in asked_fields(draft) if name not in known)


def _value_errors(draft: Draft, values: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What would make counting long work, whatever was put into the list."""
    asked = [name for name in asked_fields(draft) if name in values]
    if not asked:
        return {}
    if len(asked) > MOST_FIELDS:
        return {"text": "template_too_many_fields"}
    longest = {name: max(map(len, values[name]), default=0) for name in asked}
    together = sum(len(value) for name in asked for value in values[name])
    if together > MOST_CHARACTERS or max(longest.values(), default=0) > LONGEST_VALUE:
        return {"values": "template_values_length"}
    filled = sum(
        longest.get(piece, 0) if place % 2 else len(piece) for place, piece in enumerate(pieces(draft.text))
    )
    return {"text": "template_filled_length"} if filled > LONGEST_FILLED else {}
