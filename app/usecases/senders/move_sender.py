"""Note where a sender stands with its carrier."""

from uuid import UUID

from app.core.accounts import Actor, Permission
from app.core.errors import Conflict, InvalidInput, NotFound
from app.db.queries import journal, organisations, rules, senders
from app.evidence.tags import Tag
from app.messaging.sending.senders import PROFILES, STEPS, Kind, State, is_last, steps
from app.runtime import Runtime


def move_sender(
    rt: Runtime, organisation_id: UUID, sender_id: UUID, state: str, actor: Actor, *, confirmed: bool = False
) -> None:
    """Move a sender to a state that `STEPS` allows. Messages that wait follow from their next turn on: an approved sender
    takes them, and what one cannot carry any more leaves from another.

    Raises Forbidden, NotFound, InvalidInput `sender_state_unknown`; Conflict `sender_step` for a step that is none,
    `sender_kind_off`, and `sender_last` when nothing of its channel could leave any more and that is not `confirmed`.
    """
    actor.require(Permission.CONFIGURE)
    if state not in list(State):
        raise InvalidInput("sender_state_unknown", f"a sender is {', '.join(State)}")
    now = rt.now()
    with rt.begin() as session:
        organisations.lock(session, organisation_id)
        sender = senders.one(session, organisation_id, sender_id)
        if sender is None:
            raise NotFound("sender_unknown", "this sender does not exist")
        before, after = State(sender.state), State(state)
        if after not in STEPS[before]:
            raise Conflict("sender_step", f"a sender that is {before} cannot become {after}")
        profile = PROFILES[Kind(sender.kind)]
        off = bool(profile.off) and sender.kind not in rules.choices(session, organisation_id).kinds_on
        if after not in steps(before, off=off):
            raise Conflict("sender_kind_off", "an owner has to turn this kind of sender on first")
        leaves = before is State.APPROVED
        if leaves and not confirmed and is_last(sender, organisations.every_sender(session, organisation_id)):
            raise Conflict(
                "sender_last", "nothing of this channel can leave without this sender; confirm that it may be"
            )
        sender.state, sender.state_since = after, now
        session.add(sender)
        body = {"from": before.value, "to": after.value, "by": actor.name}
        journal.append(
            session, rt.vault, organisation_id, [journal.Entry(Tag.SENDER_MOVED, sender.id, body)], now
        )
