"""Which pages of a merged file are one payslip: the rule against giving somebody another person's page.

Pages belong together only when they stand side by side and print the same staff number. A page without a number is
unmatched, never joined in silence. A page that shows two numbers, two headings, or text above its heading where the
other payslips have none, holds two people and belongs to nobody.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

from app.documents.match.numbers import numbers_on_page
from app.documents.match.periods import period_on_page

Problem = Literal["unmatched", "two_people"]

_LINE_START = re.compile(r"\n([^\d\n]*)")
_BLANK_LINES = re.compile(r"\n\s*\n")
_PAGE_OF = re.compile(r"\bpage\s*(?::\s*)?(\d{1,3})\s*(?:/|sur|of|de)\s*(\d{1,3})\b", re.IGNORECASE)
_FEWEST_LETTERS = 4
_SHARE_WITH_HEADING = 0.8
_SHARE_OF_USUAL_LINE = 0.3


@dataclass(frozen=True)
class PageFacts:
    """One page of a file, from 0, and its whole text: lines apart by newlines, unreadable glyphs as U+FFFD."""

    index: int
    text: str


@dataclass(frozen=True)
class Slip:
    """Consecutive pages (from 0) taken for one payslip. With a `problem` it is nobody's and has no staff number."""

    pages: tuple[int, ...]
    staff_number: str | None
    problem: Problem | None
    numbers_seen: tuple[str, ...]
    period: str = ""


@dataclass(frozen=True)
class _Sketch:
    """What is kept of a page: its lines up to their first digit, since amounts differ where wording does not."""

    index: int
    numbers: tuple[str, ...]
    lines: tuple[str, ...]
    first_of_slip: bool
    period: str


@dataclass(frozen=True)
class _Layout:
    """What the payslips of a file have in common.

    `heading` is the topmost line most of them share, `above` the usual number of lines above it on a first page,
    `above_next` the same on a following page (None: usually no heading), `times` how often it usually stands on a page.
    `body` are lines usual below it.
    """

    heading: str
    above: int
    above_next: int | None
    times: int
    body: frozenset[str]


def group_pages(pages: Iterable[PageFacts], pattern: str | None = None) -> tuple[Slip, ...]:
    """Every page of a merged file in exactly one slip, in page order. Texts are read once and not kept.

    Raises `InvalidInput` when `pattern` is not a regular expression with one group.
    """
    same = _Stripped()
    sketches = [_sketch(page, pattern, same) for page in pages]
    layout = _layout(sketches)
    slips: list[Slip] = []
    for position, sketch in enumerate(sketches):
        before = sketches[position - 1] if position else None
        follows = _follows(sketch, before)
        tail_above = layout is not None and _foreign_tail(sketch, layout)
        doubtful = tail_above or (layout is not None and _breaks_layout(sketch, layout, follows=follows))
        if not sketch.numbers:
            slips.append(Slip((sketch.index,), None, "unmatched", ()))
        elif len(sketch.numbers) > 1 or doubtful or _continues_doubtful(sketch, slips):
            if slips and (tail_above or _same_person(slips[-1], sketch)):
                slips[-1] = _nobodys(slips[-1])
            slips.append(Slip((sketch.index,), None, "two_people", sketch.numbers, sketch.period))
        elif follows and slips and not sketch.first_of_slip and slips[-1].problem is None:
            slips[-1] = replace(slips[-1], pages=(*slips[-1].pages, sketch.index))
        else:
            slips.append(Slip((sketch.index,), sketch.numbers[0], None, sketch.numbers, sketch.period))
    return tuple(slips)


def single_slip(pages: Sequence[PageFacts], pattern: str | None = None) -> Slip:
    """A file that is one person's document by itself: all its pages, whoever's number they print."""
    numbers = tuple(dict.fromkeys(number for page in pages for number in numbers_on_page(page.text, pattern)))
    problem: Problem | None = None if len(numbers) == 1 else ("two_people" if numbers else "unmatched")
    period = next(filter(None, (period_on_page(page.text) for page in pages)), "")
    return Slip(
        tuple(page.index for page in pages), numbers[0] if problem is None else None, problem, numbers, period
    )


class _Stripped(dict[str, str]):
    """Any text without the blanks around it, as the same object each time: most lines stand on every page."""

    def __missing__(self, text: str) -> str:
        stripped = text.strip()
        self[text] = stripped = self.setdefault(stripped, stripped)
        return stripped


def _sketch(page: PageFacts, pattern: str | None, same: _Stripped) -> _Sketch:
    text = page.text.strip()
    if _has_blank_line(text):
        text = _BLANK_LINES.sub("\n", text)
    place = _PAGE_OF.search(text) if "age" in text or "AGE" in text else None
    return _Sketch(
        index=page.index,
        numbers=numbers_on_page(text, pattern),
        lines=tuple(map(same.__getitem__, _LINE_START.findall("\n" + text))),
        first_of_slip=place is not None and place[1] == "1",
        period=same[period_on_page(text)],
    )


def _has_blank_line(text: str) -> bool:
    return "\n\n" in text or "\n " in text


def _follows(sketch: _Sketch, before: _Sketch | None) -> bool:
    """Whether a page goes on with the payslip of the page before: the same number, and not another month."""
    if before is None or len(before.numbers) != 1 or sketch.numbers != before.numbers:
        return False
    return not sketch.period or not before.period or sketch.period == before.period


def _layout(sketches: Sequence[_Sketch]) -> _Layout | None:
    """The layout most first pages share; None when there are not two payslips to compare."""
    first: list[_Sketch] = []
    next_ones: list[_Sketch] = []
    for position, sketch in enumerate(sketches):
        if sketch.numbers:
            following = position > 0 and _follows(sketch, sketches[position - 1]) and not sketch.first_of_slip
            (next_ones if following else first).append(sketch)
    if len(first) < 2:
        return None
    presence = _pages_with_line(sketch.lines for sketch in first)
    shared = {line for line, pages in presence.items() if pages >= _SHARE_WITH_HEADING * len(first)}
    if not shared:
        return None
    places: dict[str, Counter[int]] = {line: Counter() for line in shared}
    for sketch in first:
        for line in shared.intersection(sketch.lines):
            places[line][sketch.lines.index(line)] += 1
    above, _, heading = min((_usual(counts), -presence[line], line) for line, counts in places.items())
    below = _pages_with_line(_below(sketch, heading) for sketch in first)
    usual = max(2, _SHARE_OF_USUAL_LINE * len(first))
    next_places = Counter(_above(sketch, heading) for sketch in next_ones)
    return _Layout(
        heading=heading,
        above=above,
        above_next=next_places.most_common(1)[0][0] if next_places else None,
        times=_usual(Counter(sketch.lines.count(heading) for sketch in first if heading in sketch.lines)),
        body=frozenset(line for line, pages in below.items() if pages >= usual and line != heading),
    )


def _pages_with_line(pages: Iterable[Sequence[str]]) -> dict[str, int]:
    """On how many of these pages each line stands; not of lines too short to say anything."""
    counted = Counter(chain.from_iterable(map(frozenset, pages)))
    return {line: times for line, times in counted.items() if len(line) >= _FEWEST_LETTERS}


def _usual(counts: Counter[int]) -> int:
    """The most frequent value; the smallest when several are."""
    return min(counts, key=lambda value: (-counts[value], value))


def _above(sketch: _Sketch, heading: str) -> int | None:
    return sketch.lines.index(heading) if heading in sketch.lines else None


def _below(sketch: _Sketch, heading: str) -> tuple[str, ...]:
    above = _above(sketch, heading)
    return () if above is None else sketch.lines[above + 1 :]


def _breaks_layout(sketch: _Sketch, layout: _Layout, *, follows: bool) -> bool:
    """Two headings on the page, or text above its heading where the others have none."""
    if sketch.lines.count(layout.heading) > layout.times:
        return True
    above = _above(sketch, layout.heading)
    if not above:
        return False
    return above != layout.above_next if follows else layout.above == 0


def _foreign_tail(sketch: _Sketch, layout: _Layout) -> bool:
    """Whether what stands above the heading is what other payslips have below it: somebody else's last lines."""
    above = _above(sketch, layout.heading)
    return bool(above) and not layout.body.isdisjoint(sketch.lines[:above])


def _continues_doubtful(sketch: _Sketch, slips: Sequence[Slip]) -> bool:
    return bool(slips) and slips[-1].problem == "two_people" and sketch.numbers[0] in slips[-1].numbers_seen


def _same_person(slip: Slip, sketch: _Sketch) -> bool:
    return slip.staff_number is not None and slip.staff_number in sketch.numbers


def _nobodys(slip: Slip) -> Slip:
    """A payslip that ends on a page with somebody else is not whole, so it may not be sent either."""
    return slip if slip.problem == "unmatched" else replace(slip, staff_number=None, problem="two_people")
