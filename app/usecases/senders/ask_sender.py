"""Ask for a new sender. Nothing leaves from it until the carrier agreed and somebody noted so."""

from uuid import UUID, uuid4

from app.core.accounts import Actor, Permission
from app.core.errors import Conflict, InvalidInput
from app.db.models import Sender
from app.db.queries import journal, organisations, rules, senders
from app.db.sending.roads import SIMULATOR
from app.evidence.tags import Tag
from app.messaging.sending.senders import (
    OWN_ADDRESS,
    PROFILES,
    Kind,
    State,
    address_problem,
    channel_of,
    read_address,
)
from app.runtime import Runtime


def ask_sender(rt: Runtime, organisation_id: UUID, kind: str, typed: str, actor: Actor) -> UUID:
    """Write down that the organisation wants this address. It leaves by the connection of the oldest sender of its
    channel, and keeps the pace of its kind.

    Raises Forbidden; InvalidInput `sender_kind_unknown` or what `address_problem` says; Conflict `sender_kind_off`,
    `sender_exists`, or `sender_taken` for a number of another organisation.
    """
    actor.require(Permission.CONFIGURE)
    if kind not in list(Kind):
        raise InvalidInput("sender_kind_unknown", "choose one of the kinds of sender offered")
    profile = PROFILES[Kind(kind)]
    address = read_address(profile.kind, typed)
    if problem := address_problem(profile.kind, address):
        raise InvalidInput(problem, "this is no address of that kind of sender")
    now = rt.now()
    with rt.begin() as session:
        organisations.lock(session, organisation_id)
        if profile.off and kind not in rules.choices(session, organisation_id).kinds_on:
            raise Conflict("sender_kind_off", "an owner has to turn this kind of sender on first")
        if senders.of_address(session, organisation_id, address):
            raise Conflict("sender_exists", "the organisation has this sender already; change its state")
        if profile.kind in OWN_ADDRESS and senders.is_elsewhere(session, organisation_id, address):
            raise Conflict("sender_taken", "this number belongs to somebody else; ask the operator of Pli")
        known = organisations.every_sender(session, organisation_id)
        carrier = next((one.carrier for one in known if channel_of(one.kind) == profile.channel), SIMULATOR)
        sender = Sender(
            id=uuid4(),
            organisation_id=organisation_id,
            kind=kind,
            address=address,
            carrier=carrier,
            rate=profile.rate,
            state=State.ASKED,
            state_since=now,
            created_at=now,
        )
        session.add(sender)
        entry = journal.Entry(Tag.SENDER_ASKED, sender.id, {"kind": kind, "by": actor.name})
        journal.append(session, rt.vault, organisation_id, [entry], now)
        return sender.id
