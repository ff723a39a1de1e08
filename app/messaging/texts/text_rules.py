"""What a text must and must not say, whatever door it comes through.

Marketing names its sender and shows a free way out (CPCE L34-5; CNIL; af2m charter 2026). The name in the header of
the message is no substitute: networks replace it by a short code (SFR, text read). The word lists, what counts as
a purpose, and every warning are ours.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.messaging.permission.categories import Category
from app.messaging.permission.category_rules import CATEGORY_RULES, CategoryRule, Mention, category_rule
from app.messaging.permission.optout import clauses, fold, read_answer
from app.messaging.permission.optout_words import COURTESY, Intent
from app.messaging.texts.segmentation import PLAIN, CarrierOptions, segment

LONGEST_TEXT = 10


class Problem(StrEnum):
    """What is wrong with a text; screens translate it."""

    NO_SENDER = "no_sender"
    NO_WAY_OUT = "no_way_out"
    TOO_LONG = "too_long"
    MARKETING_TOO_LONG = "marketing_too_long"
    SENDER_KIND = "sender_kind"
    NO_PURPOSE = "no_purpose"
    OFFER_INSIDE = "offer_inside"
    STOP_INSIDE = "stop_inside"
    PUBLIC_SHORTENER = "public_shortener"


BLOCKING = frozenset(
    {
        Problem.NO_SENDER,
        Problem.NO_WAY_OUT,
        Problem.TOO_LONG,
        Problem.MARKETING_TOO_LONG,
        Problem.SENDER_KIND,
    }
)


@dataclass(frozen=True, slots=True)
class TextFinding:
    """One thing a person should change. `rule` is the id of the record behind it, `detail` the part in question."""

    problem: Problem
    rule: str
    detail: str = ""

    @property
    def blocking(self) -> bool:
        """Whether the text is refused; otherwise it is only a warning."""
        return self.problem in BLOCKING


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of how a text will leave.

    `names` are those the sender is known by. `stop_code` is the number that takes a STOP, when there is one;
    `can_reply` whether an answer to the message itself arrives; `links` how addresses of the opt-out page begin;
    `has_button` whether a card carries the way out. `sender_kind` empty means not chosen yet. `longest` and
    `longest_marketing` are the most segments allowed.
    """

    names: tuple[str, ...]
    stop_code: str = ""
    can_reply: bool = False
    links: tuple[str, ...] = ()
    has_button: bool = False
    sender_kind: str = ""
    longest: int = LONGEST_TEXT
    longest_marketing: int = LONGEST_TEXT
    options: CarrierOptions = PLAIN


_STOP = r"(?:stop|arret|desabonner|desabonnement|desinscription|unsubscribe|optout|opt out)"
_TO = r"(?:au|a|to|at|sur|vers|via|par|sms|le)"
_SHORT_CODE = r"3\d{4}"
_ASKED_BACK = re.compile(
    rf"\b(?:repond\w*|envoy\w*|reponse|reply|replying|text|send|tapez)\b(?: (?!{_STOP}\b)\w+){{0,3}} {_STOP}\b"
)
# From the first character of a run only and without giving back, so that a long run is read once.
_WEB = re.compile(r"(?<![\w-])(?:https?://)?[\w-]++(?:\.[\w-]++)+(?:/\S*)?", re.IGNORECASE)
_COURTESY = re.compile(
    rf"\b(?:{'|'.join(sorted(map(re.escape, COURTESY), key=len, reverse=True))}|chere?|dear|cher)\b"
)
_PURPOSE_WORD = re.compile(r"[^\W\d_]{3,}")
_FEWEST_PURPOSE_WORDS = 2
_OFFER = re.compile(
    r"\b(?:promos?|promotions?|soldes?|remises?|reductions?|rabais|offres? speciales?|code promo|ventes? privees?"
    r"|bons? plans?|bons? d achat|profitez|sales?|discounts?|special offers?|promo code|voucher|buy now|deals?)\b"
)
_PERCENT_OFF = re.compile(r"[-−–]\s?\d{1,2}\s?%|\d{1,2}\s?%\s(?:de remise|de réduction|off)", re.IGNORECASE)
# Carriers block messages with these (smsmode support, text read).
_SHORTENERS = re.compile(
    r"\b(?:bit\.ly|tinyurl\.com|cutt\.ly|goo\.gl|t\.co|ow\.ly|is\.gd|rebrand\.ly|buff\.ly)\b", re.IGNORECASE
)


def text_findings(
    text: str,
    category: Category,
    circumstances: Circumstances,
    on: date | None = None,
    rules: Sequence[CategoryRule] = CATEGORY_RULES,
) -> tuple[TextFinding, ...]:
    """Everything to say about a text as it will leave, what blocks first; `on` is the day the rules are asked for.

    Of a text that is too long that alone is said: whatever came in as one is not read further. Raises InvalidInput as `segment` does.
    """
    rule = category_rule(category, on, rules)
    length = _length(text, category, circumstances)
    if any(finding.problem is Problem.TOO_LONG for finding in length):
        return tuple(length)
    found: list[TextFinding] = []
    if Mention.SENDER in rule.mentions and not shows_sender(text, circumstances.names):
        found.append(TextFinding(Problem.NO_SENDER, rule.id, next(iter(circumstances.names), "")))
    if Mention.WAY_OUT in rule.mentions and not shows_way_out(text, circumstances):
        found.append(TextFinding(Problem.NO_WAY_OUT, rule.id, circumstances.stop_code))
    if circumstances.sender_kind and circumstances.sender_kind not in rule.sender_kinds:
        found.append(TextFinding(Problem.SENDER_KIND, rule.id, circumstances.sender_kind))
    found += length
    found += _warnings(text, category, circumstances, rule)
    return tuple(found)


def shows_sender(text: str, names: Sequence[str]) -> bool:
    """Whether one of the names stands in the text, as whole words, whatever its case and accents."""
    folded = f" {fold(text)} "
    return any(f" {name} " in folded for name in map(fold, names) if name)


def offer_in(text: str) -> str:
    """The words that look like an offer, empty when none do."""
    found = _OFFER.search(fold(text)) or _PERCENT_OFF.search(text)
    return found.group() if found else ""


def shows_way_out(text: str, circumstances: Circumstances) -> bool:
    """Whether whoever reads the text can end it: a STOP that arrives somewhere, an address, or a button."""
    if circumstances.has_button or any(link in text for link in circumstances.links if link):
        return True
    folded = fold(text)
    code = re.escape(circumstances.stop_code) if circumstances.stop_code else _SHORT_CODE
    if re.search(rf"\b{_STOP}(?: {_TO})* {code}\b", folded):
        return True
    return circumstances.can_reply and _asks_for_a_stop(text, folded)


def _asks_for_a_stop(text: str, folded: str) -> bool:
    if _ASKED_BACK.search(folded):
        return True
    return any(read_answer(clause) is Intent.OPT_OUT for clause in clauses(text))


def _length(text: str, category: Category, circumstances: Circumstances) -> list[TextFinding]:
    segments = segment(text, circumstances.options).segments
    if segments > circumstances.longest:
        return [TextFinding(Problem.TOO_LONG, "text-longest", f"{segments}/{circumstances.longest}")]
    if category is Category.MARKETING and segments > circumstances.longest_marketing:
        detail = f"{segments}/{circumstances.longest_marketing}"
        return [TextFinding(Problem.MARKETING_TOO_LONG, "text-longest-marketing", detail)]
    return []


def _warnings(
    text: str, category: Category, circumstances: Circumstances, rule: CategoryRule
) -> list[TextFinding]:
    found: list[TextFinding] = []
    if shortener := _SHORTENERS.search(text):
        found.append(TextFinding(Problem.PUBLIC_SHORTENER, "text-public-shortener", shortener.group()))
    if category is Category.MARKETING:
        if not _has_purpose(text, circumstances.names):
            found.append(TextFinding(Problem.NO_PURPOSE, rule.id))
        return found
    if category is Category.CONVERSATIONAL:
        return found
    if offer := offer_in(text):
        found.append(TextFinding(Problem.OFFER_INSIDE, rule.id, offer))
    if re.search(rf"\b{_STOP}(?: {_TO})* {_SHORT_CODE}\b", fold(text)):
        found.append(TextFinding(Problem.STOP_INSIDE, rule.id))
    return found


def _has_purpose(text: str, names: Sequence[str]) -> bool:
    """Whether words are left that say what it is about, once name, greeting, way out and addresses are taken away."""
    words = fold(_WEB.sub(" ", text))
    for name in map(fold, names):
        words = f" {words} ".replace(f" {name} ", " ") if name else words
    words = _ASKED_BACK.sub(" ", words)
    words = re.sub(rf"\b{_STOP}(?: {_TO})*(?: {_SHORT_CODE})?\b", " ", words)
    words = _COURTESY.sub(" ", words)
    return len(_PURPOSE_WORD.findall(words)) >= _FEWEST_PURPOSE_WORDS
