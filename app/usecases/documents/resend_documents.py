"""Send failed messages again, with the text that is still kept: the same link, no new one. Not to a number that does not
exist or is blocked: that has to be corrected first."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.core.errors import NotFound
from app.db.models import Message
from app.db.payroll.watch import HOPELESS
from app.db.queries import batches, documents, journal, messages, watching
from app.db.sending import lanes, transitions
from app.db.session import Session
from app.evidence.tags import Tag
from app.messaging.sending.status import State
from app.runtime import Runtime


@dataclass(frozen=True)
class Resent:
    """`sent` messages leave again; of `gone` ones the text is wiped already. Those need a new link: in the strict
    profile the document is uploaded again."""

    sent: int
    gone: int


def resend_batch(rt: Runtime, organisation_id: UUID, batch_id: UUID, actor: str) -> Resent:
    """What failed for certain in a batch. A doubt is left to a person, one by one: it may have arrived.

    Raises NotFound.
    """
    with rt.begin() as session:
        batch = batches.lock(session, batch_id)
        if batch is None or batch.organisation_id != organisation_id:
            raise NotFound("batch_unknown", "this batch does not exist")
        failed = watching.messages_in(session, batch_id, (State.FAILED, State.EXPIRED))
        return _resend(rt, session, organisation_id, failed, actor)


def resend_document(rt: Runtime, organisation_id: UUID, document_id: UUID, actor: str) -> Resent:
    """One document, also when its message is in doubt. Raises NotFound."""
    with rt.begin() as session:
        document = documents.get(session, organisation_id, document_id)
        if document is None:
            raise NotFound("document_unknown", "this document does not exist")
        batches.lock(session, document.batch_id)
        newest = messages.of_document(session, document.id)[-1:]
        failed = [one for one in newest if one.state in (State.FAILED, State.EXPIRED, State.UNKNOWN)]
        return _resend(rt, session, organisation_id, failed, actor)


def _resend(
    rt: Runtime, session: Session, organisation_id: UUID, failed: Sequence[Message], actor: str
) -> Resent:
    now = rt.now()
    sealed = watching.documents(session, [message.document_id for message in failed if message.document_id])
    standing = [
        message
        for message in failed
        if message.document_id in sealed
        and sealed[message.document_id].state == "sealed"
        and message.reason not in HOPELESS
    ]
    ready = [message for message in standing if message.text_sealed is not None and message.expires_at > now]
    for message in ready:
        transitions.queue(session, message, "", now)
    for batch_id in {message.batch_id for message in ready}:
        waiting = [lanes.lane_of(message) for message in ready if message.batch_id == batch_id]
        lanes.wake(session, rt.jobs, waiting, now, batch_id=batch_id)
    entries = [
        journal.Entry(
            Tag.MESSAGE_RESENT,
            message.id,
            {"document": message.document_id.hex if message.document_id else "", "by": actor},
        )
        for message in ready
    ]
    journal.append(session, rt.vault, organisation_id, entries, now)
    for batch_id in {message.batch_id for message in ready}:
        if batch_id and batches.state(session, batch_id) == "finished":
            batches.set_state(session, batch_id, "released")
    return Resent(len(ready), len(standing) - len(ready))
