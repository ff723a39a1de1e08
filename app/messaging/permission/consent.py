"""May this be said to this person, on this channel, by this sender: decided from an append-only ledger.

Marketing needs an opt-in, or the soft opt-in of an earlier sale (CPCE L34-5; CNIL, text read). A STOP closes
marketing on SMS and RCS for its sender and nothing else; an objection to everything closes everything. Which STOP
covers which channel, what a doubtful answer suspends and how long silence keeps a consent are our choices.
Information that sells nothing (a charity's, a town's) needs no opt-in, and never passes an objection (CNIL).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.messaging.permission.categories import Category
from app.messaging.permission.category_rules import CATEGORY_RULES, CategoryRule, ConsentNeed, category_rule

SMS, RCS = "sms", "rcs"
# Prospects are forgotten three years after the last contact (Olympe.legal, secondary).
PROSPECT_LIFE = timedelta(days=3 * 365)


class Fact(StrEnum):
    """What a line of the ledger says happened."""

    OPT_IN = "opt_in"  # free, specific, informed consent to marketing
    SOFT_OPT_IN = "soft_opt_in"  # number given at a sale, similar products, told and able to refuse
    CONTACTED_US = "contacted_us"  # the person wrote, bought or clicked
    STOP = "stop"
    UNSTOP = "unstop"
    DOUBTFUL_ANSWER = "doubtful_answer"
    ANSWER_SETTLED = "answer_settled"  # a person read the doubtful answer
    OBJECTION_ALL = "objection_all"
    OBJECTION_LIFTED = "objection_lifted"
    CARRIER_BLOCK = "carrier_block"  # the operator refuses this number to this sender


# Of two lines of the same instant the one that closes is read last, so that the order they are stored in never matters.
_CLOSING = frozenset({Fact.STOP, Fact.DOUBTFUL_ANSWER, Fact.OBJECTION_ALL, Fact.CARRIER_BLOCK})


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger of a number, newest last.

    `sender` None speaks of every sender of the organisation. `channels` are those the line covers.
    """

    fact: Fact
    at: datetime
    sender: str | None = None
    channels: frozenset[str] = frozenset({SMS, RCS})


class StopScope(StrEnum):
    """How far a STOP reaches: every sender of the organisation, the one it was said to, or only that channel of it."""

    ORGANISATION = "organisation"
    SENDER = "sender"
    CHANNEL = "channel"


def stop_reach(scope: StopScope, sender: str, channel: str) -> tuple[str | None, frozenset[str]]:
    """The sender and the channels of the line that a STOP said to `sender` on `channel` writes.

    A sender that is not known is every sender: a STOP is never lost for want of an address.
    """
    if scope is StopScope.ORGANISATION or not sender:
        return None, frozenset({SMS, RCS})
    return sender, frozenset({channel}) if scope is StopScope.CHANNEL else frozenset({SMS, RCS})


class Ground(StrEnum):
    """Why a message is allowed; kept with the message."""

    FUNCTIONAL = "functional"
    CONVERSATION = "conversation"
    ALERT = "alert"
    OPT_IN = "opt_in"
    SOFT_OPT_IN = "soft_opt_in"
    NON_COMMERCIAL = "non_commercial"


class Denial(StrEnum):
    """Why a message is denied; screens translate it."""

    OBJECTION = "objection"
    CARRIER_BLOCK = "carrier_block"
    STOPPED = "stopped"
    DOUBTFUL = "doubtful"
    NO_CONSENT = "no_consent"
    CONSENT_EXPIRED = "consent_expired"
    NO_CONVERSATION = "no_conversation"


# The record behind each denial, kept with the message it stopped.
RULES = {
    Denial.OBJECTION: "consent-objection-all",
    Denial.CARRIER_BLOCK: "consent-carrier-block",
    Denial.STOPPED: "consent-stop",
    Denial.DOUBTFUL: "consent-doubtful-answer",
    Denial.NO_CONSENT: "consent-cpce-l34-5",
    Denial.CONSENT_EXPIRED: "consent-prospect-3-years",
    Denial.NO_CONVERSATION: "consent-conversation",
}


@dataclass(frozen=True, slots=True)
class Allowed:
    """The message may be sent, on this ground."""

    ground: Ground


@dataclass(frozen=True, slots=True)
class Denied:
    """The message must not be sent; `rule` is the id of the record that says so."""

    reason: Denial
    rule: str


@dataclass(slots=True)
class _Standing:
    objected: bool = False
    blocked: bool = False
    stopped: bool = False
    doubtful: bool = False
    ground: Ground | None = None
    last_contact: datetime | None = None
    wrote: bool = False


def decide(
    category: Category,
    ledger: Iterable[Entry],
    sender: str,
    channel: str,
    now: datetime,
    *,
    commercial: bool = True,
    rules: Sequence[CategoryRule] = CATEGORY_RULES,
) -> Allowed | Denied:
    """Whether `sender` may say something of this category on this channel now.

    `ledger` holds the lines of one number and one organisation, in any order; those after `now` do not count.
    `commercial` False is information that sells nothing, and only matters where an opt-in is needed. What a category
    needs is said by the rule in force that day.
    """
    standing = _standing(ledger, sender, channel, now)
    if standing.objected:
        return _denied(Denial.OBJECTION)
    if standing.blocked:
        return _denied(Denial.CARRIER_BLOCK)
    need = category_rule(category, now.date(), rules).consent
    if need is ConsentNeed.NONE:
        return Allowed(Ground.ALERT if category is Category.ALERT else Ground.FUNCTIONAL)
    if need is ConsentNeed.CONVERSATION:
        return Allowed(Ground.CONVERSATION) if standing.wrote else _denied(Denial.NO_CONVERSATION)
    return _marketing(standing, now, commercial)


def is_stopped(ledger: Iterable[Entry], sender: str, now: datetime) -> bool:
    """Whether marketing of this sender is closed on every channel; an empty `sender` asks for what closes them all."""
    lines = list(ledger)
    return all(_standing(lines, sender, channel, now).stopped for channel in (SMS, RCS))


def is_objected(ledger: Iterable[Entry], now: datetime) -> bool:
    """Whether the person objected to everything, on every channel."""
    lines = list(ledger)
    return all(_standing(lines, "", channel, now).objected for channel in (SMS, RCS))


def is_refused(ledger: Iterable[Entry], now: datetime) -> bool:
    """Whether a refusal stands anywhere, be it for one sender on one channel: a STOP, an objection, or an answer that may
    be one and that nobody settled."""
    lines = list(ledger)
    standings = (
        _standing(lines, line.sender or "", channel, now) for line in lines for channel in line.channels
    )
    return any(each.stopped or each.objected or each.doubtful for each in standings)


def _marketing(standing: _Standing, now: datetime, commercial: bool) -> Allowed | Denied:
    if standing.stopped:
        return _denied(Denial.STOPPED)
    if standing.doubtful:
        return _denied(Denial.DOUBTFUL)
    if not commercial:
        return Allowed(Ground.NON_COMMERCIAL)
    if standing.ground is None or standing.last_contact is None:
        return _denied(Denial.NO_CONSENT)
    if now - standing.last_contact > PROSPECT_LIFE:
        return _denied(Denial.CONSENT_EXPIRED)
    return Allowed(standing.ground)


def _denied(reason: Denial) -> Denied:
    return Denied(reason, RULES[reason])


def _standing(ledger: Iterable[Entry], sender: str, channel: str, now: datetime) -> _Standing:
    standing = _Standing()
    for entry in sorted(ledger, key=lambda line: (line.at, line.fact in _CLOSING)):
        if entry.at > now or entry.sender not in {None, sender} or channel not in entry.channels:
            continue
        _apply(entry, standing)
    return standing


def _apply(entry: Entry, standing: _Standing) -> None:
    match entry.fact:
        case Fact.OPT_IN | Fact.SOFT_OPT_IN:
            # A new opt-in is a later will than the STOP before it; a sale alone undoes no STOP.
            if entry.fact is Fact.OPT_IN:
                standing.ground, standing.stopped = Ground.OPT_IN, False
            elif standing.ground is None:
                standing.ground = Ground.SOFT_OPT_IN
            standing.last_contact = entry.at
        case Fact.CONTACTED_US:
            standing.last_contact, standing.wrote = entry.at, True
        case Fact.STOP:
            standing.stopped = True
        case Fact.UNSTOP:
            # It reopens only what the STOP closed, and is logged as a new consent.
            if standing.stopped:
                standing.stopped, standing.ground, standing.last_contact = False, Ground.OPT_IN, entry.at
        case Fact.DOUBTFUL_ANSWER:
            standing.doubtful = True
        case Fact.ANSWER_SETTLED:
            standing.doubtful = False
        case Fact.OBJECTION_ALL:
            standing.objected = True
        case Fact.OBJECTION_LIFTED:
            standing.objected = False
        case Fact.CARRIER_BLOCK:
            standing.blocked = True
