"""Whether a name of the sheet stands on a payslip, in any order, with or without accents, despite unreadable glyphs."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from app.documents.match.findings import NameCheck
from app.documents.match.same_name import TITLES, fold_name

_UNREADABLE = "\ufffd"
_WORD = re.compile(f"[A-Z{_UNREADABLE}]+")
_RAW_WORD = re.compile(r"[^\W\d_]+")
_LETTERS_OF_ONE_GLYPH = 3
_WORDS_BETWEEN = 8
_LETTERS_BETWEEN = 24
_FEWEST_READABLE = 3
_FEWEST_ON_PAGE = 20
_MOST_UNREADABLE = 0.3
_LONGEST_RUN = 3
# Far beyond any payslip and any name: what is longer was made to keep us busy, and a person looks at it.
_LONGEST_TEXT = 100_000
_MOST_NAME_WORDS = 20
_MOST_HITS = 10_000


@dataclass(frozen=True)
class _Hit:
    """A word of the page that can be these words of the name; `readable` of its letters could be read."""

    position: int
    tokens: tuple[int, ...]
    readable: int


def name_on_page(text: str, expected_name: str) -> NameCheck:
    """Look for every word of `expected_name` close together on the page.

    U+FFFD in `text` stands for any glyph. When most of the name's letters, or of the page's, cannot be read, or when
    text or name are too long to search, the answer is UNREADABLE: a person has to look.
    """
    if _stands_as_written(text, expected_name):
        return NameCheck.MATCH
    tokens = [
        word
        for word in _WORD.findall(fold_name(expected_name).replace(_UNREADABLE, " "))
        if word not in TITLES
    ]
    letters = sum(map(len, tokens))
    if letters < 2 or len(tokens) > _MOST_NAME_WORDS or len(text) > _LONGEST_TEXT:
        return NameCheck.UNREADABLE
    words = _WORD.findall(fold_name(text))
    hits = list(islice(_hits(words, tokens), _MOST_HITS + 1))
    if len(hits) > _MOST_HITS:
        return NameCheck.UNREADABLE
    readable = _best_window(hits, len(tokens))
    if readable is not None:
        enough = readable == letters or (readable >= _FEWEST_READABLE and 2 * readable >= letters)
        return NameCheck.MATCH if enough else NameCheck.UNREADABLE
    return NameCheck.UNREADABLE if _mostly_unreadable(words) else NameCheck.DIFFERS


def _stands_as_written(text: str, name: str) -> bool:
    """The usual case at little cost: the name as a whole, or every word as it is written, near the first one."""
    wanted = name.upper()
    words = _RAW_WORD.findall(wanted)
    if len(words) < 2 or not TITLES.isdisjoint(words):
        return False
    if _first_apart(text, name) is not None:
        return True
    capitals = text.upper()
    if _first_apart(capitals, wanted) is not None:
        return True
    starts = [_first_apart(capitals, word) for word in words]
    found = [start for start in starts if start is not None]
    if len(found) < len(starts) or len(set(words)) < len(words):
        return False
    return max(found) - min(found) <= len(name) + _LETTERS_BETWEEN


def _first_apart(text: str, wanted: str) -> int | None:
    """Where `wanted` first stands, unless letters touch it there: later places are left to the full search."""
    at = text.find(wanted)
    end = at + len(wanted)
    if at < 0 or (at and text[at - 1].isalpha()) or text[end : end + 1].isalpha():
        return None
    return at


def _hits(words: Sequence[str], tokens: Sequence[str]) -> Iterator[_Hit]:
    runs = [
        (tuple(range(start, start + length)), " ".join(tokens[start : start + length]))
        for length in range(1, _LONGEST_RUN + 1)
        for start in range(len(tokens) - length + 1)
    ]
    for position, word in enumerate(words):
        if _UNREADABLE not in word:
            for index, token in enumerate(tokens):
                if word == token:
                    yield _Hit(position, (index,), len(token))
            continue
        readable = len(word) - word.count(_UNREADABLE)
        for indexes, run in runs:
            if _can_be(word, run):
                yield _Hit(position, indexes, readable)


def _can_be(word: str, run: str) -> bool:
    """Whether `word`, each unreadable glyph of it standing for up to three letters, can be all of `run`.

    Bit `n` of `reached` says that the part of the word read so far can be the first `n` letters. A regular expression
    would try the ways to share the letters out one by one, and a page decides how many there are.
    """
    unreadable = word.count(_UNREADABLE)
    readable = len(word) - unreadable
    if not readable <= len(run) <= readable + _LETTERS_OF_ONE_GLYPH * unreadable:
        return False
    within = (1 << len(run) + 1) - 1
    reached = 1
    for letter in word:
        if letter == _UNREADABLE:
            for _ in range(_LETTERS_OF_ONE_GLYPH):
                reached |= reached << 1
            reached &= within
        else:
            reached = sum(
                1 << at + 1 for at, other in enumerate(run) if other == letter and reached >> at & 1
            )
            if not reached:
                return False
    return bool(reached >> len(run) & 1)


def _best_window(hits: Sequence[_Hit], wanted: int) -> int | None:
    """The most readable letters of any stretch of words that holds the whole name; None when no stretch does.

    `hits` are in the order of the page.
    """
    best: int | None = None
    end = 0
    for start, first in enumerate(hits):
        while end < len(hits) and hits[end].position - first.position < wanted + _WORDS_BETWEEN:
            end += 1
        found: set[int] = set()
        taken: set[int] = set()
        readable = 0
        for hit in sorted(hits[start:end], key=lambda hit: (-hit.readable, hit.position)):
            if hit.position not in taken and found.isdisjoint(hit.tokens):
                found.update(hit.tokens)
                taken.add(hit.position)
                readable += hit.readable
        if len(found) == wanted and (best is None or readable > best):
            best = readable
    return best


def _mostly_unreadable(words: Sequence[str]) -> bool:
    glyphs = sum(map(len, words))
    unreadable = sum(word.count(_UNREADABLE) for word in words)
    return glyphs - unreadable < _FEWEST_ON_PAGE or unreadable > _MOST_UNREADABLE * glyphs
