"""Stop one message that has not left yet."""

from uuid import UUID

from app.core.errors import Conflict, NotFound
from app.db.queries import single_messages
from app.db.queries.journal import Book
from app.db.sending import transitions
from app.messaging.sending import status
from app.runtime import Runtime

REASON = "cancelled_by_sender"


def cancel_message(rt: Runtime, organisation_id: UUID, message_id: UUID) -> None:
    """Cancelling a cancelled message changes nothing. A notice about a document is stopped with its document.

    Raises NotFound, Conflict `message_of_batch` or `message_left`.
    """
    now = rt.now()
    with rt.begin() as session:
        message = single_messages.hold(session, organisation_id, message_id)
        if message is None:
            raise NotFound("message_unknown", "this message does not exist")
        if message.batch_id is not None:
            raise Conflict("message_of_batch", "this message is about a document; revoke the document")
        if message.state == status.State.CANCELLED:
            return
        if status.State(message.state) not in status.WAITING:
            raise Conflict("message_left", "this message has left, or is over")
        with Book(session, rt.vault, now) as book:
            transitions.end(book, message, status.State.CANCELLED, REASON)
