"""Whose an answer is that came in by a carrier."""

from datetime import datetime

from app.carriers.base import Inbound
from app.carriers.http.calls import Reply
from app.db.queries import callback_events, connections, organisations
from app.messaging.permission.answering import number_of
from app.runtime import Runtime


def route_reply(rt: Runtime, carrier: str, reply: Reply, now: datetime) -> Inbound | None:
    """The answer for `record_inbound`. It belongs to the organisation whose sender was answered, else to the only one
    that uses the connection, else to the one that wrote to the phone last by it, as where the carrier's own number
    stands for the sender. None when there is none of them."""
    with rt.read() as session:
        row = connections.by_name(session, carrier)
        if row is None:
            return None
        found = connections.organisation_of_sender(session, reply.to_sender, row)
        if found is None:
            indexes = [
                rt.vault.phone_index(one.id, number_of(reply.from_, one.region))
                for one in organisations.every(session)
            ]
            found = callback_events.last_texted(session, row, indexes)
        # The platform names an agent otherwise than people read it.
        to_sender = (
            connections.agent_of(session, found, row.name)
            if found is not None and reply.channel == "rcs"
            else reply.to_sender
        )
    if found is None:
        return None
    return Inbound(
        organisation_id=found,
        from_=reply.from_,
        to_sender=to_sender,
        text=reply.text,
        received_at=min(reply.at or now, now),
        event_key=reply.event_key,
        postback=reply.postback,
        pictures=reply.pictures,
        channel=reply.channel,
    )
