"""What a person's answer asks for: STOP, UNSTOP, CONTACT, something a person should read, or nothing.

Case, accents, punctuation and spaces are folded, then whole words are compared; a substring never counts, since
UNSTOP contains STOP and means the opposite. An answer is a request when nothing is left of it beside the request,
courtesy and the sender's short code. Charter: af2m, Business Messaging 2026; the matching rules are ours.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.messaging.permission.optout_words import (
    BOTH,
    CODE_LEADS,
    COURTESY,
    KEYWORDS,
    LINKS,
    NOUN_BEFORE,
    OBJECT_AFTER,
    PHRASES,
    InSentence,
    Intent,
    Keyword,
    Phrase,
)

_WORD = re.compile(r"\d+|[^\W\d_]+")
_CLAUSE_END = re.compile(r"[.!?;:,\n\r()…]+|\s[-–—]+\s")
_SPELLED = re.compile(r"\b(?:[^\W\d_] ){3,}[^\W\d_]\b")
_SPLIT_DIGITS = re.compile(r"(?<=\d) (?=\d)")
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})
# An answer longer than this is a letter, not a command: only its wording is judged.
_LONGEST_REQUEST = 40


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of the enabled languages, compiled once."""

    whole: re.Pattern[str]
    phrase: re.Pattern[str]
    depends: frozenset[str]
    doubtful: re.Pattern[str]


def fold(text: str) -> str:
    """Lower case, no accents, no punctuation, one space between words; spelled letters (S.T.O.P) are joined."""
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_LIGATURES)
    kept = "".join([char for char in plain if unicodedata.category(char) not in {"Mn", "Me", "Cf"}])
    words = " ".join(_WORD.findall(kept))
    words = _SPELLED.sub(lambda match: match.group().replace(" ", ""), words)
    return _SPLIT_DIGITS.sub("", words)


def compile_lexicon(
    languages: Iterable[str] = BOTH,
    keywords: Sequence[Keyword] = KEYWORDS,
    phrases: Sequence[Phrase] = PHRASES,
) -> Lexicon:
    """Prepare the words that are on, for the languages that are on."""
    wanted = set(languages)
    words = sorted(
        (row for row in keywords if row.enabled and wanted & set(row.languages)),
        key=lambda row: len(row.words),
        reverse=True,
    )
    sayings = [row for row in phrases if row.enabled and wanted & set(row.languages)]
    units = []
    for intent in Intent:
        forms = [row.pattern for row in sayings if row.intent is intent]
        forms += [re.escape(row.words) for row in words if row.intent is intent]
        if forms:
            units.append(f"(?P<{intent}>(?:{'|'.join(forms)})(?= |$))")
    units.append(f"(?P<aside>(?:(?:{'|'.join(CODE_LEADS)}) )?3\\d{{4}}(?= |$)|(?:{'|'.join(LINKS)})(?= |$))")
    doubtful = [re.escape(row.words) for row in words if row.in_sentence is InSentence.DOUBTFUL]
    return Lexicon(
        whole=re.compile(f"(?:{'|'.join(units)}) ?"),
        phrase=_anywhere([row.pattern for row in sayings]),
        depends=frozenset(row.words for row in words if row.in_sentence is InSentence.DEPENDS),
        doubtful=_anywhere(doubtful),
    )


def _anywhere(forms: list[str]) -> re.Pattern[str]:
    return re.compile(rf"(?:^|(?<= ))(?:{'|'.join(forms)})(?= |$)") if forms else re.compile(r"(?!)")


_COURTESY = _anywhere(sorted(map(re.escape, COURTESY), key=len, reverse=True))
_DEFAULT = compile_lexicon()


def read_answer(text: str, lexicon: Lexicon = _DEFAULT) -> Intent | None:
    """What the answer asks for, or None when it asks for nothing the service itself can do."""
    words = _without_courtesy(fold(text))
    if not words:
        return None
    asked = _request(words, lexicon)
    if asked is not None:
        return asked
    return Intent.DOUBTFUL if _may_be_a_request(text, words, lexicon) else None


def clauses(text: str) -> list[str]:
    """The parts of a text between its stops."""
    return _CLAUSE_END.split(text)


def _without_courtesy(words: str) -> str:
    return " ".join(_COURTESY.sub(" ", words).split())


def _request(words: str, lexicon: Lexicon) -> Intent | None:
    """The intent of a text made of requests alone; DOUBTFUL when they contradict each other."""
    if words.count(" ") >= _LONGEST_REQUEST:
        return None
    asked: set[str] = set()
    position = 0
    while position < len(words):
        match = lexicon.whole.match(words, position)
        if match is None:
            return None
        asked.add(str(match.lastgroup))
        position = match.end()
    asked.discard("aside")
    if not asked:
        return None
    return Intent(asked.pop()) if len(asked) == 1 else Intent.DOUBTFUL


def _may_be_a_request(text: str, words: str, lexicon: Lexicon) -> bool:
    """Whether a text that is more than a request still deserves a person's eyes."""
    if lexicon.phrase.search(words) or lexicon.doubtful.search(words):
        return True
    asked = [_without_courtesy(fold(clause)) for clause in clauses(text)]
    if any(_request(clause, lexicon) is Intent.OPT_OUT and _depends(clause, lexicon) for clause in asked):
        return True
    tokens = words.split()
    last = len(tokens) - 1
    return any(
        token in lexicon.depends
        and index in {0, last}
        and not (index < last and _has_another_object(tokens[index + 1]))
        and not (index > 0 and tokens[index - 1] in NOUN_BEFORE)
        for index, token in enumerate(tokens)
    )


def _depends(clause: str, lexicon: Lexicon) -> bool:
    return any(token in lexicon.depends for token in clause.split())


def _has_another_object(after: str) -> bool:
    return after in OBJECT_AFTER or after.endswith("ing")
