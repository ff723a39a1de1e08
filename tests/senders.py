"""Senders beyond the name and the agent every organisation begins with."""

from uuid import UUID

from app.db.models import Sender
from app.db.queries import organisations
from app.messaging.sending.senders import PROFILES, Kind, State
from app.runtime import Runtime


def add_sender(
    rt: Runtime, organisation_id: UUID, kind: Kind, address: str, state: State = State.APPROVED
) -> UUID:
    """One that leaves by the simulator."""
    with rt.begin() as session:
        sender = Sender(
            organisation_id=organisation_id,
            kind=kind,
            address=address,
            carrier="simulator",
            rate=PROFILES[kind].rate,
            state=state,
            state_since=rt.now(),
            created_at=rt.now(),
        )
        session.add(sender)
        return sender.id


def move_senders(rt: Runtime, organisation_id: UUID, carrier: str) -> None:
    """From now on everything leaves by this connection."""
    with rt.begin() as session:
        for sender in organisations.every_sender(session, organisation_id):
            sender.carrier = carrier
            session.add(sender)
