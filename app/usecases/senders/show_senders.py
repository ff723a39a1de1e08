"""The senders of an organisation, what each may do, and how fast it works right now."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core.errors import NotFound
from app.db.models import Sender
from app.db.queries import accounts, journal, organisations, rules, senders
from app.db.queries.journal import Recorded
from app.db.sending import pace
from app.db.session import Session
from app.evidence.tags import Tag
from app.messaging.permission.categories import Category
from app.messaging.permission.category_rules import CategoryRule, category_rule
from app.messaging.rule_rows import RuleKind, category_rules
from app.messaging.sending.senders import (
    PROFILES,
    Kind,
    Profile,
    Reach,
    State,
    carries,
    is_last,
    reach,
    steps,
)
from app.runtime import Runtime


@dataclass(frozen=True)
class KindShown:
    """A kind of sender: its profile, where it is carried, the categories it may carry. `off` while an owner has to turn
    it on, `switchable` when that is an owner's to decide at all."""

    profile: Profile
    reach: Reach
    categories: tuple[Category, ...]
    off: bool
    switchable: bool


@dataclass(frozen=True)
class SenderShown:
    """One sender. `rate` is its limit, in segments a second; `messages` and `segments` left in the last second, of which
    something may still `wait`. `steps` are the states it may be moved to; `last` says that nothing of its channel could
    leave without it."""

    id: UUID
    address: str
    state: State
    since: datetime
    carrier: str
    rate: float
    kind: KindShown
    steps: tuple[State, ...]
    last: bool
    messages: int
    segments: int
    waits: bool


@dataclass(frozen=True)
class SendersShown:
    """Oldest first. `closed` are the channels of which no sender is approved, `switches` who turned a kind on or
    off last."""

    senders: tuple[SenderShown, ...]
    kinds: tuple[KindShown, ...]
    closed: tuple[str, ...]
    switches: Mapping[str, "Switch"]


@dataclass(frozen=True)
class Step:
    """What was done about a sender, by whom: moved from one state to the next, or asked for when `before` is empty."""

    at: datetime
    who: str
    before: str
    after: str


@dataclass(frozen=True)
class Switch:
    """A kind of sender was turned on or off, by whom."""

    at: datetime
    who: str
    on: bool


def show_senders(rt: Runtime, organisation_id: UUID) -> SendersShown:
    """Read only. Raises NotFound."""
    with rt.read() as session:
        organisations.require(session, organisation_id)
        shown, kinds = _shown(rt, session, organisation_id)
        events = journal.about(
            session, rt.vault, organisation_id, [organisation_id], tag=Tag.SENDER_KIND_SWITCHED
        )
        who = _names(session, organisation_id, events)
    switches = {
        str(body["kind"]): Switch(one.at, who(one), body["on"] is True)
        for one in events
        if (body := one.body)
    }
    usable = {one.kind.profile.channel for one in shown if one.state is State.APPROVED}
    known = dict.fromkeys(one.kind.profile.channel for one in shown)
    closed = tuple(channel for channel in known if channel not in usable)
    return SendersShown(shown, tuple(kinds.values()), closed, switches)


def show_sender(rt: Runtime, organisation_id: UUID, sender_id: UUID) -> tuple[SenderShown, tuple[Step, ...]]:
    """One of them with what was done about it, oldest first. Read only. Raises NotFound."""
    with rt.read() as session:
        shown, _ = _shown(rt, session, organisation_id)
        found = next((one for one in shown if one.id == sender_id), None)
        if found is None:
            raise NotFound("sender_unknown", "this sender does not exist")
        events = journal.about(session, rt.vault, organisation_id, [sender_id])
        who = _names(session, organisation_id, events)
    return found, tuple(
        Step(one.at, who(one), body.get("from", ""), body.get("to", State.ASKED.value))
        for one in events
        if (body := one.body or {})
    )


def _shown(
    rt: Runtime, session: Session, organisation_id: UUID
) -> tuple[tuple[SenderShown, ...], Mapping[Kind, KindShown]]:
    today = rt.now().date()
    changed = category_rules(rules.rows(session, organisation_id, RuleKind.CATEGORY))
    categories = [category_rule(category, today, changed) for category in Category]
    on = rules.choices(session, organisation_id).kinds_on
    kinds = {kind: _kind(profile, categories, on) for kind, profile in PROFILES.items()}
    known = organisations.every_sender(session, organisation_id)
    waiting = senders.with_waiting(session, organisation_id)
    speed = pace.last_second(session, {one.id: one.rate for one in known}, rt.timepiece)
    return tuple(_sender(one, known, kinds, waiting, speed.get(one.id, (0, 0))) for one in known), kinds


def _kind(profile: Profile, categories: Sequence[CategoryRule], on: Collection[str]) -> KindShown:
    return KindShown(
        profile,
        reach(profile),
        carries(profile.kind, categories),
        off=bool(profile.off) and profile.kind not in on,
        switchable=bool(profile.off),
    )


def _sender(
    sender: Sender,
    known: Sequence[Sender],
    kinds: Mapping[Kind, KindShown],
    waiting: Collection[UUID],
    speed: tuple[int, int],
) -> SenderShown:
    kind = kinds[Kind(sender.kind)]
    allowed = steps(State(sender.state), off=kind.off)
    return SenderShown(
        id=sender.id,
        address=sender.address,
        state=State(sender.state),
        since=sender.state_since,
        carrier=sender.carrier,
        rate=sender.rate,
        kind=kind,
        steps=tuple(state for state in State if state in allowed),
        last=is_last(sender, known),
        messages=speed[0],
        segments=speed[1],
        waits=sender.id in waiting,
    )


def _names(session: Session, organisation_id: UUID, events: Sequence[Recorded]) -> Callable[[Recorded], str]:
    """Who acted in each of these events; empty where that was erased."""
    acted = {one.seq: str((one.body or {}).get("by", "")) for one in events}
    names = accounts.actor_names(session, organisation_id, acted.values())
    return lambda event: names.get(acted[event.seq], "")
