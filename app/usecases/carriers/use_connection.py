"""Let an organisation's texts leave by a connection."""

from uuid import UUID

from app.core.errors import InvalidInput
from app.db.queries import journal, organisations
from app.db.sending import connections
from app.db.sending.roads import ROUTED, SIMULATOR
from app.evidence.tags import Tag
from app.messaging.permission.consent import RCS, SMS
from app.messaging.sending.senders import channel_of
from app.runtime import Runtime


def use_connection(
    rt: Runtime, organisation_id: UUID, carrier: str, address: str, *, actor: str
) -> list[str]:
    """Move the organisation's senders to `carrier`, or only the one with `address`; the addresses that moved.

    `carrier` is a connection, which takes the senders of the channels it serves, or `simulator` (nothing is sent) and
    `routed` (rank and weight of all connections decide): those take the senders of texts, and an agent that is named.
    Raises NotFound, and InvalidInput for an organisation that may not use it or has no such sender.
    """
    now = rt.now()
    with rt.begin() as session:
        organisation = organisations.get(session, organisation_id)
        if organisation is None or (organisation.simulator_only and carrier != SIMULATOR):
            raise InvalidInput(
                "simulator_only", "This organisation is for trying, and may only use the simulator."
            )
        channels = {SMS, RCS} if address else {SMS}
        if carrier not in (SIMULATOR, ROUTED):
            connection = connections.require(session, carrier)
            if connection.organisation_id not in (None, organisation_id):
                raise InvalidInput("connection_of_another", f"{carrier} belongs to another organisation.")
            channels = set(connection.channels)
        senders = [
            one
            for one in organisations.every_sender(session, organisation_id)
            if channel_of(one.kind) in channels and address in ("", one.address)
        ]
        if not senders:
            raise InvalidInput("sender_unknown", "The organisation has no such sender.")
        moved = [sender for sender in senders if sender.carrier != carrier]
        for sender in moved:
            sender.carrier = carrier
            session.add(sender)
        if moved:
            entry = journal.Entry(
                Tag.ORGANISATION_CHANGED, organisation_id, {"carrier": carrier, "by": actor}
            )
            journal.append(session, rt.vault, organisation_id, [entry], now)
    return [sender.address for sender in moved]
