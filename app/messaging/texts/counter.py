"""What a template costs before anybody is written to: the longest value of each field, the way out and the link
included, each character that makes it dearer named with its place.

The dearest text is put together field by field, so it may be dearer than any one person's, and is never cheaper in
units. It is counted as typed and as it will leave, after smart encoding.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from app.core.errors import InvalidInput
from app.messaging.permission.categories import Category
from app.messaging.texts import gsm7, national
from app.messaging.texts.content import StopMention, check_fields, pieces, with_stop_mention
from app.messaging.texts.encode import smart_encode, with_letters
from app.messaging.texts.segmentation import (
    PLAIN,
    CarrierOptions,
    Segmentation,
    segment,
    table_pairs,
)

MICRO = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Extremes:
    """The values of one field that can make a text long.

    `gsm` is the one of most septets among those the alphabet holds, None when there is none; `wide` the one of most
    code units; `costly` the longest of those that turn a text into UCS-2, None when there is none. `tabled` holds for
    each pair of national tables the one of most septets among those it holds, and at last the longest that none holds.
    """

    gsm: str | None
    wide: str
    costly: str | None
    tabled: tuple[str | None, ...] = ()


def extremes(values: Iterable[str], *, encode: bool = True, options: CarrierOptions = PLAIN) -> Extremes:
    """The values of one column of a list that decide; `encode` and `options` as for `count`.

    Raises InvalidInput("no_values") when there is none."""
    gsm: tuple[int, str] | None = None
    costly: tuple[int, str] | None = None
    wide: tuple[int, str] | None = None
    known = dict.fromkeys(values)
    for value in known:
        encoded = smart_encode(value).text if encode else value
        size = len(encoded.encode("utf-16-le", "surrogatepass")) // 2
        wide = max(wide or (size, value), (size, value))
        if gsm7.is_gsm7(encoded):
            septets = len(gsm7.to_octets(encoded))
            gsm = max(gsm or (septets, value), (septets, value))
        else:
            costly = max(costly or (size, value), (size, value))
    if wide is None:
        raise InvalidInput("no_values", "The list has no value for this field.")
    return Extremes(gsm and gsm[1], wide[1], costly and costly[1], tuple(_tabled(known, encode, options)))


def _tabled(values: Iterable[str], encode: bool, options: CarrierOptions) -> Iterator[str | None]:
    if not options.languages:
        return
    written = [(with_letters(value, options) if encode else value, value) for value in values]
    beyond = dict(written)
    for tables in (national.alphabet(*pair) for pair in table_pairs(options)):
        held = [(text, value) for text, value in written if tables.only.fullmatch(text)]
        for text, _ in held:
            beyond.pop(text, None)
        yield max(held, key=lambda one: len(one[0]) + len(tables.double.findall(one[0])), default=("", None))[
            1
        ]
    yield max(beyond.values(), key=len, default=None)


@dataclass(frozen=True, slots=True)
class CostlyCharacter:
    """One character of the dearest text that costs. `place` counts code points from 0; `field` names whose value it
    is in, empty in the template itself; `replacement` is what smart encoding makes of it, None when nothing."""

    place: int
    char: str
    name: str
    why: str
    replacement: str | None
    field: str


@dataclass(frozen=True, slots=True)
class Count:
    """`typed` is the dearest text as it stands, `sent` as it will leave. `left` units fit the last segment still.
    `price` is for one message, in the currency of the price given; None when no price is known."""

    typed: Segmentation
    sent: Segmentation
    left: int
    price: Decimal | None
    costly: tuple[CostlyCharacter, ...]


def count(
    template: str,
    values: Mapping[str, Extremes],
    category: Category,
    mention: StopMention | None = None,
    *,
    encode: bool = True,
    options: CarrierOptions = PLAIN,
    micro_price: int = 0,
) -> Count:
    """Count the dearest text of a template.

    `mention` is added to marketing that lacks it; `micro_price` is the price of a segment in millionths, 0 when it is
    not known. Raises TemplateError("bad_placeholder"), and TemplateError("unknown_field") for a field without values.
    """
    check_fields(template, values)
    best: tuple[_Dearest, Segmentation, Segmentation] | None = None
    for chosen in _choices(template, values):
        dearest = _fill(template, chosen, category, mention)
        typed = segment(dearest.text, options)
        sent = segment(smart_encode(dearest.text, options).text, options) if encode else typed
        if best is None or (sent.segments, sent.units) > (best[2].segments, best[2].units):
            best = dearest, typed, sent
    assert best is not None
    dearest, typed, sent = best
    price = sent.segments * micro_price / MICRO if micro_price else None
    return Count(typed, sent, _left(sent), price, _costly(dearest, typed, encode, options))


@dataclass(frozen=True, slots=True)
class _Dearest:
    """A text and where each field's value lies in it: (start, end, field)."""

    text: str
    spans: tuple[tuple[int, int, str], ...]


def _choices(template: str, values: Mapping[str, Extremes]) -> list[dict[str, str]]:
    """One value for each field: all in the alphabet; all widest; each that forces UCS-2 with the widest others; and all
    that cost most in the same national tables, or that none of these hold."""
    used = {name: values[name] for name in pieces(template)[1::2]}
    widest = {name: each.wide for name, each in used.items()}
    choices = [widest]
    if all(each.gsm is not None for each in used.values()):
        choices.append({name: each.gsm or "" for name, each in used.items()})
    choices += [{**widest, name: each.costly} for name, each in used.items() if each.costly is not None]
    for place in range(max((len(each.tabled) for each in used.values()), default=0)):
        choices.append({name: each.tabled[place] or each.wide for name, each in used.items()})
    return [chosen for at, chosen in enumerate(choices) if chosen not in choices[:at]]


def _fill(
    template: str, chosen: Mapping[str, str], category: Category, mention: StopMention | None
) -> _Dearest:
    text = ""
    spans: list[tuple[int, int, str]] = []
    for position, piece in enumerate(pieces(template)):
        if position % 2:
            spans.append((len(text), len(text) + len(chosen[piece]), piece))
            piece = chosen[piece]
        text += piece
    if mention is not None:
        text = with_stop_mention(text, category, mention)
    return _Dearest(text, tuple(spans))


def _left(sent: Segmentation) -> int:
    parts = sent.parts
    return sent.limit - (parts[-1].units if parts else 0)


def _costly(
    dearest: _Dearest, typed: Segmentation, encode: bool, options: CarrierOptions
) -> tuple[CostlyCharacter, ...]:
    made = smart_encode(dearest.text, options).changes if encode else ()
    changes = {change.index + offset: change for change in made for offset in range(len(change.source))}
    found = []
    for costly in typed.costly:
        change = changes.get(costly.position)
        found.append(
            CostlyCharacter(
                place=costly.position,
                char=costly.char,
                name=unicodedata.name(costly.char, f"U+{ord(costly.char):04X}"),
                why=costly.why,
                replacement=change.to if change is not None else None,
                field=next(
                    (name for start, end, name in dearest.spans if start <= costly.position < end), ""
                ),
            )
        )
    return tuple(found)
