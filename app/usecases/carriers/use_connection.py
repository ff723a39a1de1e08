"""Let an organisation's texts leave by a connection."""

from uuid import UUID

from app.core.errors import InvalidInput
from app.db.queries import connections as queries
from app.db.queries import journal, organisations
from app.db.sending import connections
from app.db.sending.roads import ROUTED, SIMULATOR
from app.evidence.tags import Tag
from app.runtime import Runtime


def use_connection(
    rt: Runtime, organisation_id: UUID, carrier: str, address: str, *, actor: str
) -> list[str]:
    """Move the organisation's text senders to `carrier`, or only the one with `address`; the addresses that moved.

    `carrier` is a connection, `routed` (rank and weight of all connections decide) or `simulator` (nothing is sent).
    Raises NotFound, and InvalidInput for an organisation that may not use it or has no such sender.
    """
    now = rt.now()
    with rt.begin() as session:
        organisation = organisations.get(session, organisation_id)
        if organisation is None or (organisation.simulator_only and carrier != SIMULATOR):
            raise InvalidInput(
                "simulator_only", "This organisation is for trying, and may only use the simulator."
            )
        if carrier not in (SIMULATOR, ROUTED):
            owner = connections.require(session, carrier).organisation_id
            if owner not in (None, organisation_id):
                raise InvalidInput("connection_of_another", f"{carrier} belongs to another organisation.")
        senders = [
            one for one in queries.sms_senders(session, organisation_id) if address in ("", one.address)
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
