"""One message as its sender follows it: where it stands, why, and what it costs."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from app.core.errors import NotFound
from app.db.models import Message, Sender
from app.db.queries import rules, single_messages
from app.messaging.texts.counter import MICRO
from app.messaging.texts.drafts import SMS
from app.runtime import Runtime


@dataclass(frozen=True)
class ShownMessage:
    """`price` is in the currency of the organisation's price of a segment; None when that is not known, and for a card,
    which has no price by segments."""

    message: Message
    sender: Sender
    price: Decimal | None


def show_message(rt: Runtime, organisation_id: UUID, message_id: UUID) -> ShownMessage:
    """Read only. Raises NotFound."""
    with rt.read() as session:
        found = single_messages.of_organisation(session, organisation_id, message_id)
        if found is None:
            raise NotFound("message_unknown", "this message does not exist")
        micro = rules.choices(session, organisation_id).segment_micro
    message, sender = found
    counted = micro > 0 and message.channel == SMS
    return ShownMessage(message, sender, message.segments * micro / MICRO if counted else None)
