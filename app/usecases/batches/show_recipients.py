"""The people of a released batch: filtered by where their document stands, searched by name, number or phone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core.errors import NotFound
from app.db.faces import Search, read_face
from app.db.models import Document, Message
from app.db.queries import batches, watching
from app.db.watch import RELEASED, stage
from app.messaging.status import State
from app.runtime import Runtime

RESENDABLE = (State.FAILED, State.UNKNOWN)


@dataclass(frozen=True)
class Recipient:
    """One person's document. `reason` is the code of the rule or failure behind the state; `at` the last thing that
    happened, None while nothing has. `resendable`: the text is still kept."""

    id: UUID
    name: str
    staff_number: str
    phone: str
    channel: str
    state: str
    reason: str
    at: datetime | None
    resendable: bool
    revocable: bool


@dataclass(frozen=True)
class RecipientPage:
    """`total` counts all that fit filter and search."""

    recipients: Sequence[Recipient]
    total: int


def show_recipients(
    rt: Runtime, organisation_id: UUID, batch_id: UUID, *, state: str, query: str, offset: int, limit: int
) -> RecipientPage:
    """`state` is one of `watch.STAGES`, or empty for all. Read only. Raises NotFound."""
    search = Search(query)
    with rt.read() as session:
        if batches.get(session, organisation_id, batch_id) is None:
            raise NotFound("batch_unknown", "this batch does not exist")
        lines = [
            line
            for line in watching.watched(session, batch_id)
            if line.state in RELEASED and (not state or _stage(line) == state)
        ]
        if search:
            opened = watching.documents(session, [line.document_id for line in lines])
            lines = [line for line in lines if search.finds(read_face(rt.vault, opened[line.document_id]))]
        page = lines[offset : offset + limit]
        documents = watching.documents(session, [line.document_id for line in page])
        messages = watching.messages(session, [line.message_id for line in page if line.message_id])
    return RecipientPage(
        [
            _recipient(
                rt,
                documents[line.document_id],
                messages[line.message_id] if line.message_id else None,
                _stage(line),
            )
            for line in page
        ],
        len(lines),
    )


def _stage(line: watching.Watched) -> str:
    return stage(line.state, line.message_state, opened=line.opened, downloaded=line.downloaded)


def _recipient(rt: Runtime, document: Document, message: Message | None, at_stage: str) -> Recipient:
    face = read_face(rt.vault, document)
    moments = [document.opened_at, document.downloaded_at, document.revoked_at]
    if message is not None:
        moments += [message.finished_at or message.created_at]
    return Recipient(
        id=document.id,
        name=face.name,
        staff_number=face.staff_number,
        phone=face.phone,
        channel=message.channel if message else "",
        state=at_stage,
        reason=message.reason if message else "",
        at=max((moment for moment in moments if moment is not None), default=None),
        resendable=(
            document.state == "sealed"
            and message is not None
            and message.state in RESENDABLE
            and message.text_sealed is not None
            and message.expires_at > rt.now()
        ),
        revocable=document.state == "sealed",
    )
