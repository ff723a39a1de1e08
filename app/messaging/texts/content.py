"""From a template to the text one person gets, and what the dearest of those texts costs.

A placeholder is a name in braces, `{prénom}`; `{{` and `}}` stand for the braces themselves. Values are put in as
they are, never read as templates in turn.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from app.core.errors import InvalidInput
from app.messaging.permission.categories import Category
from app.messaging.permission.optout import fold
from app.messaging.texts.encode import smart_encode
from app.messaging.texts.segmentation import Segmentation, segment

_TOKEN = re.compile(r"\{\{|\}\}|\{([^\W\d]\w*)\}|[{}]")


class TemplateError(InvalidInput):
    """The template cannot be used. `fields` names the placeholders in question."""

    def __init__(self, code: str, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(code, message)
        self.fields = fields


@lru_cache(maxsize=256)
def fields(template: str) -> tuple[str, ...]:
    """The placeholders a template asks for, each once, in order.

    Raises TemplateError("bad_placeholder") on a brace that opens or closes nothing.
    """
    return tuple(dict.fromkeys(pieces(template)[1::2]))


@lru_cache(maxsize=256)
def pieces(template: str) -> tuple[str, ...]:
    """Text and placeholder in turn, beginning and ending with text: a batch renders one template for everybody.

    Raises TemplateError("bad_placeholder").
    """
    found = [""]
    position = 0
    for match in _TOKEN.finditer(template):
        if match[0] in {"{", "}"}:
            raise TemplateError(
                "bad_placeholder",
                "A brace stands alone: write {name} for a placeholder, {{ or }} for a brace.",
            )
        found[-1] += template[position : match.start()]
        if match[1] is None:
            found[-1] += match[0][0]
        else:
            found += [match[1], ""]
        position = match.end()
    found[-1] += template[position:]
    return tuple(found)


def check_fields(template: str, known: Iterable[str]) -> None:
    """Raise TemplateError("unknown_field") when the template asks for something no column holds."""
    available = set(known)
    unknown = tuple(name for name in fields(template) if name not in available)
    if unknown:
        raise TemplateError("unknown_field", "The template names columns that do not exist.", unknown)


def render(template: str, values: Mapping[str, str]) -> str:
    """The text for one person.

    Raises TemplateError: "bad_placeholder"; "unknown_field" when a placeholder has no value at all;
    "missing_value" when its value is blank, since "Hello ," is worse than no message.
    """
    wanted = fields(template)
    if not values.keys() >= set(wanted):
        check_fields(template, values)
    blank = tuple([name for name in wanted if not values[name].strip()])
    if blank:
        raise TemplateError("missing_value", "A value the template needs is blank for this person.", blank)
    filled = list(pieces(template))
    filled[1::2] = [values[name] for name in filled[1::2]]
    return "".join(filled)


@dataclass(frozen=True, slots=True)
class StopMention:
    """How a marketing text offers its way out, e.g. `StopMention("STOP au 36105")`."""

    text: str


def with_stop_mention(text: str, category: Category, mention: StopMention) -> str:
    """Append the way out to a marketing text that lacks it.

    Other categories stay as they are: a STOP code turns a transactional text into marketing (Brevo, text read).
    """
    if category is not Category.MARKETING or f" {fold(mention.text)} " in f" {fold(text)} ":
        return text
    return f"{text} {mention.text}"


@dataclass(frozen=True, slots=True)
class Preview:
    """What sending a template to a list costs.

    `dearest` is the text of row `dearest_row` (from 0), as it would leave; `by_segments` counts the texts of each
    length; `total` is the number of segments of the whole list.
    """

    dearest_row: int
    dearest_text: str
    dearest: Segmentation
    by_segments: dict[int, int]
    total: int


def preview(
    template: str,
    rows: Iterable[Mapping[str, str]],
    category: Category,
    mention: StopMention,
    encode: bool = True,
) -> Preview:
    """Render every row as it will be sent, with its real values and its way out, and count.

    `encode` applies smart encoding first. Raises TemplateError as `render` does, and
    TemplateError("no_rows") when there is nobody to write to.
    """
    best: tuple[int, str, Segmentation] | None = None
    lengths: Counter[int] = Counter()
    for index, values in enumerate(rows):
        text = with_stop_mention(render(template, values), category, mention)
        if encode:
            text = smart_encode(text).text
        cost = segment(text)
        lengths[cost.segments] += 1
        if best is None or _dearer(cost, best[2]):
            best = index, text, cost
    if best is None:
        raise TemplateError("no_rows", "There is nobody to write to.")
    total = sum(segments * count for segments, count in lengths.items())
    return Preview(*best, by_segments=dict(sorted(lengths.items())), total=total)


def _dearer(one: Segmentation, other: Segmentation) -> bool:
    return (one.segments, one.units) > (other.segments, other.units)
