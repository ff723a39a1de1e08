"""Turn a kind of sender on or off that the rules keep off: its owner's decision, and nobody else's."""

from datetime import datetime
from uuid import UUID

from app.core.accounts import Actor, Permission
from app.core.errors import Conflict, InvalidInput
from app.db.queries import journal, organisations, rules
from app.db.session import Session
from app.evidence.tags import Tag
from app.messaging.sending.senders import PROFILES, STEPS, Kind, State, is_last
from app.runtime import Runtime


def switch_kind(
    rt: Runtime, organisation_id: UUID, kind: str, actor: Actor, *, on: bool, confirmed: bool
) -> None:
    """Turned on, senders of the kind may be asked for and approved; turned off, those there are become disabled. As it
    stands already is no error.

    Raises Forbidden for anybody but an owner; InvalidInput `sender_kind_unknown` for a kind that is never off and
    `confirm_missing` when it is turned on unread; Conflict `sender_last` when nothing of the channel could leave any
    more and that is not `confirmed`.
    """
    actor.require(Permission.OWN)
    if kind not in list(Kind) or not PROFILES[Kind(kind)].off:
        raise InvalidInput("sender_kind_unknown", "this kind of sender is not off by default")
    if on and not confirmed:
        raise InvalidInput("confirm_missing", "confirm that the rule was read")
    now = rt.now()
    with rt.begin() as session:
        organisations.lock(session, organisation_id)
        choices = rules.choices(session, organisation_id)
        if (kind in choices.kinds_on) is on:
            return
        changed = {*choices.kinds_on, kind} if on else {*choices.kinds_on} - {kind}
        choices.kinds_on = sorted(changed)
        session.add(choices)
        entries = [
            journal.Entry(
                Tag.SENDER_KIND_SWITCHED,
                organisation_id,
                {"kind": kind, "on": on, "rule": PROFILES[Kind(kind)].off, "by": actor.name},
            )
        ]
        if not on:
            entries += _disable(session, organisation_id, kind, actor, now, confirmed=confirmed)
        journal.append(session, rt.vault, organisation_id, entries, now)


def _disable(
    session: Session, organisation_id: UUID, kind: str, actor: Actor, now: datetime, *, confirmed: bool
) -> list[journal.Entry]:
    known = organisations.every_sender(session, organisation_id)
    going = [one for one in known if one.kind == kind and State.DISABLED in STEPS[State(one.state)]]
    entries = []
    for sender in going:
        if not confirmed and is_last(sender, known):
            raise Conflict(
                "sender_last", "nothing of this channel can leave without this kind; confirm that it may be"
            )
        entries.append(
            journal.Entry(
                Tag.SENDER_MOVED,
                sender.id,
                {"from": sender.state, "to": State.DISABLED.value, "by": actor.name},
            )
        )
        sender.state, sender.state_since = State.DISABLED, now
        session.add(sender)
    return entries
