"""What each category asks for, as dated records: consent, window, senders, mentions, rank.

Sources: CPCE L34-5 and the CNIL for consent, identity and the way out; the operators' Business Messaging charters for
hours and for the promotional and the transactional short codes. Ranks are ours, and so is the category a reminder or
an abandoned basket starts in: sources disagree on both, so a rule may change it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.messaging.permission.categories import Category, Kind
from app.messaging.records import Certainty, Rule


class ConsentNeed(StrEnum):
    """What must stand in the ledger before a message of the category may leave."""

    NONE = "none"
    CONVERSATION = "conversation"  # the person wrote first
    OPT_IN = "opt_in"  # or the soft opt-in of a sale


class Mention(StrEnum):
    """What the text must show."""

    SENDER = "sender"
    WAY_OUT = "way_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRule(Rule):
    """One category on the days the rule holds.

    `window` is the category whose hours it keeps, None when nothing ever holds it. `sender_kinds` are those that may
    carry it. `rank` 0 leaves first.
    """

    category: Category
    consent: ConsentNeed
    window: Category | None
    sender_kinds: frozenset[str]
    mentions: frozenset[Mention]
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRule(Rule):
    """The category a kind of message starts in, its own rank where it has one, and whether it sells something."""

    kind: Kind
    category: Category
    rank: int | None = None
    commercial: bool = True


# A 36xxx code carries promotion and customer information, a 38xxx code functional messages only (af2m).
_TALKING_SENDERS = frozenset({"short_code_36", "short_code_38", "long_code_06", "long_code_09", "rcs_agent"})
_FUNCTIONAL_SENDERS = _TALKING_SENDERS | {"name"}  # nobody can answer a name

CATEGORY_RULES = (
    CategoryRule(
        id="category-alert",
        category=Category.ALERT,
        consent=ConsentNeed.NONE,
        window=None,
        sender_kinds=_FUNCTIONAL_SENDERS,
        mentions=frozenset(),
        rank=0,
        source="ours: an alert is never held",
        certainty=Certainty.HOUSE,
    ),
    CategoryRule(
        id="category-conversational",
        category=Category.CONVERSATIONAL,
        consent=ConsentNeed.CONVERSATION,
        window=Category.CONVERSATIONAL,
        sender_kinds=_TALKING_SENDERS,
        mentions=frozenset(),
        rank=2,
        source="af2m, both charters: a conversation opened by the person",
        certainty=Certainty.TEXT_READ,
    ),
    CategoryRule(
        id="category-transactional",
        category=Category.TRANSACTIONAL,
        consent=ConsentNeed.NONE,
        window=Category.TRANSACTIONAL,
        sender_kinds=_FUNCTIONAL_SENDERS,
        mentions=frozenset(),
        rank=3,
        source="af2m, both charters: functional messages",
        certainty=Certainty.TEXT_READ,
    ),
    CategoryRule(
        id="category-marketing",
        category=Category.MARKETING,
        consent=ConsentNeed.OPT_IN,
        window=Category.MARKETING,
        sender_kinds=frozenset({"short_code_36", "name", "rcs_agent"}),
        mentions=frozenset({Mention.SENDER, Mention.WAY_OUT}),
        rank=4,
        source="CPCE L34-5; CNIL; af2m charters",
        certainty=Certainty.TEXT_READ,
    ),
)

_HOUSE = "ours: no text settles it"


def _kind(kind: Kind, category: Category, rank: int | None = None, note: str = "") -> KindRule:
    return KindRule(
        id=f"kind-{kind.replace('_', '-')}",
        kind=kind,
        category=category,
        rank=rank,
        source=_HOUSE,
        certainty=Certainty.HOUSE,
        note=note,
    )


_INFORMATION = KindRule(
    id="kind-information",
    kind=Kind.INFORMATION,
    category=Category.MARKETING,
    commercial=False,
    source="CNIL: non-commercial messages",
    certainty=Certainty.TEXT_READ,
    note="No opt-in is needed; whoever objected gets none. Hours and mentions are those of marketing.",
)


KIND_RULES = (
    _kind(Kind.NOTICE, Category.TRANSACTIONAL),
    _kind(
        Kind.ACCESS_CODE, Category.TRANSACTIONAL, rank=1, note="Somebody waits for it in front of a screen."
    ),
    _kind(Kind.APPOINTMENT, Category.TRANSACTIONAL),
    _kind(Kind.REMINDER, Category.TRANSACTIONAL, note="Without an offer; with one it is marketing."),
    _kind(Kind.ABANDONED_BASKET, Category.MARKETING, note="It asks to buy."),
    _kind(Kind.OFFER, Category.MARKETING),
    _INFORMATION,
    _kind(Kind.REPLY, Category.CONVERSATIONAL),
    _kind(Kind.WARNING, Category.ALERT),
)


def category_rule(
    category: Category, on: date | None = None, rules: Sequence[CategoryRule] = CATEGORY_RULES
) -> CategoryRule:
    """The rule of a category in force that day, the last one winning; without a day, dates are not looked at.

    A category no rule speaks of keeps the built-in one, so that switching a rule off opens nothing.
    """
    found = [rule for rule in rules if rule.category is category and (on is None or rule.in_force(on))]
    return found[-1] if found else _BUILT_IN[category]


def default_category(kind: Kind, on: date | None = None, rules: Sequence[KindRule] = KIND_RULES) -> Category:
    """The category a template of this kind starts in."""
    return _kind_rule(kind, on, rules).category


def is_commercial(kind: Kind, on: date | None = None, rules: Sequence[KindRule] = KIND_RULES) -> bool:
    """Whether a message of this kind sells something, so that marketing of it needs an opt-in."""
    return _kind_rule(kind, on, rules).commercial


def priority(
    category: Category,
    kind: Kind | None = None,
    on: date | None = None,
    categories: Sequence[CategoryRule] = CATEGORY_RULES,
    kinds: Sequence[KindRule] = KIND_RULES,
) -> int:
    """Rank in a sender's queue, 0 first: alert, access code, conversation, transactional, marketing.

    A kind only moves a message forward: a code somebody waits for passes everything but an alert, and an alert that
    carries a code stays an alert. Marketing is never moved, whatever it calls itself.
    """
    rank = category_rule(category, on, categories).rank
    own = _kind_rule(kind, on, kinds).rank if kind is not None else None
    return rank if own is None or category is Category.MARKETING else min(rank, own)


def _kind_rule(kind: Kind, on: date | None, rules: Sequence[KindRule]) -> KindRule:
    found = [rule for rule in rules if rule.kind is kind and (on is None or rule.in_force(on))]
    return found[-1] if found else _BUILT_IN_KIND[kind]


_BUILT_IN = {rule.category: rule for rule in CATEGORY_RULES}
_BUILT_IN_KIND = {rule.kind: rule for rule in KIND_RULES}
