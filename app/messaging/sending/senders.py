"""What a message may come from: profiles of senders as data, and the choice of one for a message.

A profile says what the kind of sender is for, where it reaches, how fast, whether the network reports deliveries to it
and whether people can answer it. Sources: af2m for the uses of 36xxx, 38xxx and names (text read); Arcep decisions
2018-0881 and 2022-1583 for 06/07 and 09 37-39 (text read, secondary); speeds of short and long codes: house figures;
delays: one provider's public page (about 10 weeks for a short code, 2 for a long number); countries without names:
two providers' pages. Prices are orders of magnitude of ours, to be asked of the carrier.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, TypeVar

from app.messaging.numbers.numbering import TERRITORIES
from app.messaging.permission.categories import Category
from app.messaging.permission.category_rules import CategoryRule

OVERSEAS: Final = frozenset(TERRITORIES) - {"FR", "FR-AM"}
MAINLAND: Final = frozenset({"FR", "FR-AM"})
NAME_LENGTH: Final = 11
LONGEST_ADDRESS: Final = 40
_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]{1,11}")


class Kind(StrEnum):
    """What a sender is."""

    SHORT_CODE_36 = "short_code_36"
    SHORT_CODE_38 = "short_code_38"
    LONG_CODE_06 = "long_code_06"
    LONG_CODE_09 = "long_code_09"
    NAME = "name"
    RCS_AGENT = "rcs_agent"


class Reach(StrEnum):
    """Where a sender is carried."""

    MAINLAND = "mainland"
    FRANCE = "france"  # with its overseas territories
    EVERYWHERE = "everywhere"
    ALMOST_EVERYWHERE = "almost_everywhere"  # but for the countries of `Profile.not_in`


class State(StrEnum):
    """Where a sender stands with the carrier. Only an approved one is used."""

    ASKED = "asked"  # wanted by the organisation, not yet handed in
    WAITING = "waiting"  # handed in, the carrier has not answered
    APPROVED = "approved"
    REFUSED = "refused"
    DISABLED = "disabled"


# The states a person may move a sender to.
STEPS: Final[Mapping[State, frozenset[State]]] = {
    State.ASKED: frozenset({State.WAITING, State.APPROVED, State.REFUSED, State.DISABLED}),
    State.WAITING: frozenset({State.APPROVED, State.REFUSED, State.DISABLED}),
    State.APPROVED: frozenset({State.DISABLED, State.REFUSED}),
    State.REFUSED: frozenset({State.ASKED, State.DISABLED}),
    State.DISABLED: frozenset({State.ASKED, State.APPROVED}),
}
_CLOSED: Final = frozenset({State.REFUSED, State.DISABLED})


@dataclass(frozen=True, slots=True)
class Profile:
    """What is the same for every sender of a kind. Which categories it may carry is said by `category_rules`.

    `rate` is its limit in segments a second. `countries` are territory codes (`numbering.TERRITORIES`, else ISO) that
    it serves, None for all but `not_in`. `weeks` is the usual delay of getting one, `euros` what one costs a month,
    from and to. `off` names the rule that keeps it off until an owner turns it on, empty for none.
    """

    kind: Kind
    channel: str
    rate: float
    countries: frozenset[str] | None
    receipts: bool
    replies: bool
    weeks: tuple[int, int]
    euros: tuple[int, int]
    not_in: frozenset[str] = frozenset()
    off: str = ""


PROFILES: Final[Mapping[Kind, Profile]] = {
    profile.kind: profile
    for profile in (
        Profile(Kind.SHORT_CODE_36, "sms", 100.0, MAINLAND, True, True, (8, 12), (300, 1500)),
        Profile(Kind.SHORT_CODE_38, "sms", 100.0, MAINLAND, True, True, (8, 12), (300, 1500)),
        Profile(
            Kind.LONG_CODE_06,
            "sms",
            10.0,
            None,
            receipts=False,
            replies=True,
            weeks=(1, 2),
            euros=(1, 15),
            off="arcep-2018-0881-2022-1583",
        ),
        Profile(Kind.LONG_CODE_09, "sms", 10.0, MAINLAND | OVERSEAS, True, True, (1, 3), (5, 50)),
        Profile(
            Kind.NAME,
            "sms",
            100.0,
            None,
            receipts=True,
            replies=False,
            weeks=(0, 2),
            euros=(0, 0),
            not_in=frozenset({"US", "CA", "PR"}),
        ),
        Profile(Kind.RCS_AGENT, "rcs", 100.0, None, True, True, (2, 8), (0, 0)),
    )
}
_NUMBERS: Final = {
    Kind.LONG_CODE_06: re.compile(r"\+33[67][0-9]{8}"),
    Kind.LONG_CODE_09: re.compile(r"\+3393[789][0-9]{6}"),
}
# Kinds no delivery report comes for: an answer is the only proof.
SILENT: Final = frozenset(profile.kind for profile in PROFILES.values() if not profile.receipts)
# Kinds whose address belongs to one subscriber; names and short codes may be shared.
OWN_ADDRESS: Final = frozenset(_NUMBERS)
# The best sender for each purpose first.
_PREFERRED: Final[Mapping[Category, tuple[Kind, ...]]] = {
    Category.MARKETING: (Kind.SHORT_CODE_36, Kind.NAME, Kind.LONG_CODE_06),
    Category.TRANSACTIONAL: (
        Kind.NAME,
        Kind.SHORT_CODE_38,
        Kind.LONG_CODE_09,
        Kind.SHORT_CODE_36,
        Kind.LONG_CODE_06,
    ),
    Category.ALERT: (
        Kind.SHORT_CODE_38,
        Kind.NAME,
        Kind.SHORT_CODE_36,
        Kind.LONG_CODE_09,
        Kind.LONG_CODE_06,
    ),
    # An answer is expected, so what people cannot answer comes last.
    Category.CONVERSATIONAL: (
        Kind.LONG_CODE_09,
        Kind.SHORT_CODE_38,
        Kind.SHORT_CODE_36,
        Kind.LONG_CODE_06,
        Kind.NAME,
    ),
}


class Candidate(Protocol):
    """A sender as far as the choice is concerned."""

    @property
    def kind(self) -> str: ...
    @property
    def state(self) -> str: ...


C = TypeVar("C", bound=Candidate)


class Refusal(StrEnum):
    """Why a sender cannot carry a message; kept with the message as its reason."""

    NO_SENDER = "sender_missing"  # the organisation has none for this channel
    NOT_APPROVED = "sender_not_approved"
    NOT_FOR_CATEGORY = "sender_not_for_category"
    NOT_FOR_COUNTRY = "sender_not_for_country"


_NEAREST = (Refusal.NO_SENDER, Refusal.NOT_APPROVED, Refusal.NOT_FOR_CATEGORY, Refusal.NOT_FOR_COUNTRY)


def objection(sender: Candidate, rule: CategoryRule, territory: str) -> Refusal | None:
    """Why this sender may not carry a message of the rule's category to a territory; None when it may."""
    profile = PROFILES[Kind(sender.kind)]
    if sender.state != State.APPROVED:
        return Refusal.NOT_APPROVED
    if sender.kind not in rule.sender_kinds:
        return Refusal.NOT_FOR_CATEGORY
    served = profile.countries is None or territory in profile.countries
    return None if served and territory not in profile.not_in else Refusal.NOT_FOR_COUNTRY


def choose(senders: Iterable[C], channel: str, rule: CategoryRule, territory: str) -> C | Refusal:
    """The sender for a message: of those that may carry it the kind that suits its category best, and of one kind the
    first given. Otherwise the reason that is nearest to success, for a person to act on.
    """
    best: tuple[int, C] | None = None
    refusals = {Refusal.NO_SENDER}
    for sender in senders:
        if channel_of(sender.kind) != channel:
            continue
        refusal = objection(sender, rule, territory)
        if refusal is not None:
            refusals.add(refusal)
        elif best is None or _rank(sender, rule.category) < best[0]:
            best = _rank(sender, rule.category), sender
    return best[1] if best else max(refusals, key=_NEAREST.index)


def channel_of(kind: str) -> str:
    """The channel of a sender of this kind."""
    return PROFILES[Kind(kind)].channel


def plan(wanted: Iterable[str], senders: Iterable[Candidate]) -> list[str]:
    """Of the channels that are wanted, in their order, those for which there is a sender that may be used; while there is
    none for any of them, those that have a sender at all, so that the reason can be told message by message."""
    known = [(channel_of(sender.kind), sender.state == State.APPROVED) for sender in senders]
    usable = frozenset(channel for channel, approved in known if approved)
    asked = list(wanted)
    return [channel for channel in asked if channel in usable] or [
        channel for channel in asked if channel in {channel for channel, _ in known}
    ]


def is_name(text: str) -> bool:
    """Whether every network takes this as a sender name: at most 11 characters, letters and digits without accents,
    not digits alone (af2m, text read)."""
    return _NAME.fullmatch(text) is not None


def is_address(kind: Kind, text: str) -> bool:
    """Whether an address fits its kind: a name, the five digits of a short code, a French number in E.164."""
    return address_problem(kind, text) == ""


def read_address(kind: Kind, typed: str) -> str:
    """An address as it is stored, from what a person types: spaces go, and a French number gets its +33. What is wrong
    with it is said by `address_problem`."""
    if kind is Kind.RCS_AGENT:
        return " ".join(typed.split())
    text = "".join(typed.split())
    if kind in _NUMBERS:
        text = re.sub(r"[.\-]", "", text)
        text = re.sub(r"^(0033|33|0)(?=[1-9][0-9]{8}$)", "+33", text)
    return text


def address_problem(kind: Kind, text: str) -> str:
    """What is wrong with an address of this kind, as a code with a sentence of its own; empty when nothing is."""
    match kind:
        case Kind.NAME:
            return _name_problem(text)
        case Kind.SHORT_CODE_36 | Kind.SHORT_CODE_38:
            fits = re.fullmatch(r"3[68][0-9]{3}", text) is not None and text[:2] == kind[-2:]
        case Kind.LONG_CODE_06 | Kind.LONG_CODE_09:
            fits = _NUMBERS[kind].fullmatch(text) is not None
        case Kind.RCS_AGENT:
            fits = 0 < len(text) <= LONGEST_ADDRESS
    return "" if fits else f"address_{kind}"


def is_reported(address: str) -> bool:
    """Whether the network reports what becomes of messages from this address."""
    return not any(is_address(profile.kind, address) for profile in PROFILES.values() if not profile.receipts)


def reach(profile: Profile) -> Reach:
    """Where senders of a kind are carried, in the words of whoever reads it."""
    if profile.countries == MAINLAND:
        return Reach.MAINLAND
    if profile.countries is not None:
        return Reach.FRANCE
    return Reach.ALMOST_EVERYWHERE if profile.not_in else Reach.EVERYWHERE


def carries(kind: str, rules: Iterable[CategoryRule]) -> tuple[Category, ...]:
    """The categories that senders of this kind may carry, of those the rules speak of."""
    return tuple(rule.category for rule in rules if kind in rule.sender_kinds)


def steps(state: State, *, off: bool) -> frozenset[State]:
    """The states a sender may be moved to; while its kind is `off` it can only be closed."""
    return STEPS[state] & _CLOSED if off else STEPS[state]


def is_last(sender: C, senders: Iterable[C]) -> bool:
    """Whether nothing of its channel could leave any more without this approved sender, one of `senders`."""
    usable = [
        one
        for one in senders
        if one.state == State.APPROVED and channel_of(one.kind) == channel_of(sender.kind)
    ]
    return usable == [sender]


def _name_problem(text: str) -> str:
    if is_name(text):
        return ""
    if len(text) > NAME_LENGTH:
        return "address_name_long"
    return "address_name_digits" if text.isascii() and text.isdecimal() else "address_name"


def same_address(address: str, written: str) -> bool:
    """Whether a network that writes an address its own way means this one: a number comes with or without its plus."""
    return bool(written) and address.removeprefix("+") == written.removeprefix("+")


def _rank(sender: Candidate, category: Category) -> int:
    order = _PREFERRED[category]
    kind = Kind(sender.kind)
    return order.index(kind) if kind in order else len(order)
