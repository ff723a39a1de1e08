"""Questions of screens that watch batches of thousands of lines: a few columns of all lines, all columns of a few."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.db.models import Attempt, Batch, Document, Message
from app.messaging.sending.status import UNDELIVERED

CHUNK = 500


class Tally(NamedTuple):
    """How many documents of a batch are alike. `message_state` is that of the newest message, None without one; `handed`
    says of one that ended badly that the network had taken it."""

    batch_id: UUID
    document_state: str
    message_state: str | None
    opened: bool
    downloaded: bool
    handed: bool
    documents: int


class Watched(NamedTuple):
    """A line as far as its stage is concerned. `handed` as in `Tally`."""

    document_id: UUID
    state: str
    opened: bool
    downloaded: bool
    handed: bool
    message_id: UUID | None
    message_state: str | None


@dataclass(slots=True)
class LightLine:
    """A line of the review as far as its status is concerned (a `StoredLine` of `match.standing`)."""

    id: UUID
    batch_id: UUID
    row_key: str
    match: str
    state: str
    findings: list[dict[str, str]]
    confirmed: list[str]
    conflict: bool
    staff_index: bytes | None
    name_sealed: bytes | None
    phone_index: bytes | None
    content_index: bytes | None
    period: str


class Times(NamedTuple):
    """When a message was handed over and when it arrived, as far as that is known."""

    submitted_at: datetime | None
    delivered_at: datetime | None


TimesById = Mapping[UUID, Times]


def count(
    session: Session,
    organisation_id: UUID,
    among: Collection[UUID] | None = None,
    without: Sequence[str] = (),
) -> int:
    """Batches of an organisation that are in none of the states `without`; only those `among` some when that is
    given."""
    query = sa.select(sa.func.count()).where(
        col(Batch.organisation_id) == organisation_id, col(Batch.state).not_in(without)
    )
    if among is not None:
        query = query.where(col(Batch.id).in_(among))
    return int(session.execute(query).scalar_one())


def page(
    session: Session,
    organisation_id: UUID,
    among: Collection[UUID] | None = None,
    without: Sequence[str] = (),
    *,
    offset: int,
    limit: int,
) -> list[Batch]:
    """Batches of an organisation, newest first; `among` and `without` as for `count`."""
    query = select(Batch).where(Batch.organisation_id == organisation_id, col(Batch.state).not_in(without))
    if among is not None:
        query = query.where(col(Batch.id).in_(among))
    query = query.order_by(col(Batch.created_at).desc(), col(Batch.id).desc())
    return list(session.exec(query.offset(offset).limit(limit)))


def states_since(session: Session, organisation_id: UUID, since: datetime) -> dict[UUID, str]:
    """State of each batch made after an instant, by id."""
    rows = session.execute(
        sa.select(col(Batch.id), col(Batch.state)).where(
            col(Batch.organisation_id) == organisation_id, col(Batch.created_at) >= since
        )
    )
    return {row.id: row.state for row in rows}


def _newest(batch_ids: Sequence[UUID]) -> Any:
    return (
        sa.select(col(Message.document_id), sa.func.max(col(Message.created_at)).label("at"))
        .where(col(Message.batch_id).in_(batch_ids))
        .group_by(col(Message.document_id))
        .subquery()
    )


def _handed() -> sa.ColumnElement[bool]:
    """Asked only of what ended badly: of anything else the state tells it."""
    taken = sa.exists().where(
        col(Attempt.message_id) == col(Message.id), col(Attempt.submitted_at).is_not(None)
    )
    return sa.case((col(Message.state).in_(UNDELIVERED), taken.correlate(Message)), else_=sa.false())


def _with_newest_message(query: Any, batch_ids: Sequence[UUID]) -> Any:
    newest = _newest(batch_ids)
    return (
        query.select_from(Document)
        .outerjoin(newest, newest.c.document_id == col(Document.id))
        .outerjoin(
            Message,
            sa.and_(col(Message.document_id) == col(Document.id), col(Message.created_at) == newest.c.at),
        )
        .where(col(Document.batch_id).in_(batch_ids))
    )


def tally(session: Session, batch_ids: Sequence[UUID]) -> list[Tally]:
    """Documents of some batches, counted by the database."""
    found: list[Tally] = []
    for start in range(0, len(batch_ids), CHUNK):
        keys: tuple[Any, ...] = (
            col(Document.batch_id),
            col(Document.state),
            col(Message.state).label("message_state"),
            col(Document.opened_at).is_not(None).label("opened"),
            col(Document.downloaded_at).is_not(None).label("downloaded"),
            _handed().label("handed"),
        )
        query = sa.select(*keys, sa.func.count()).group_by(*keys)
        rows = session.execute(_with_newest_message(query, batch_ids[start : start + CHUNK]))
        found += [
            Tally(batch, state, message, bool(opened), bool(downloaded), bool(handed), count)
            for batch, state, message, opened, downloaded, handed, count in rows
        ]
    return found


def watched(session: Session, batch_id: UUID) -> list[Watched]:
    """Every line of a batch in review order, with the state of its newest message."""
    query = sa.select(
        col(Document.id),
        col(Document.state),
        col(Document.opened_at),
        col(Document.downloaded_at),
        _handed(),
        col(Message.id),
        col(Message.state),
    ).order_by(col(Document.position))
    return [
        Watched(document_id, state, opened is not None, downloaded is not None, bool(handed), *message)
        for document_id, state, opened, downloaded, handed, *message in session.execute(
            _with_newest_message(query, [batch_id])
        )
    ]


def light_lines(
    session: Session, batch_ids: Sequence[UUID], *, blocking_only: bool = False
) -> list[LightLine]:
    """Lines of some batches in review order; with `blocking_only`, those with a blocking finding, settled or not."""
    query = sa.select(
        col(Document.id),
        col(Document.batch_id),
        col(Document.row_key),
        col(Document.match),
        col(Document.state),
        col(Document.findings),
        col(Document.confirmed),
        col(Document.conflict),
        col(Document.staff_index),
        col(Document.name_sealed),
        col(Document.phone_index),
        col(Document.content_index),
        col(Document.period),
    ).where(col(Document.batch_id).in_(batch_ids))
    if blocking_only:
        query = query.where(sa.cast(col(Document.findings), sa.Text).like('%"blocking"%'))
    return [LightLine(*row) for row in session.execute(query.order_by(col(Document.position)))]


def documents(session: Session, document_ids: Sequence[UUID]) -> dict[UUID, Document]:
    """Documents by id."""
    found: dict[UUID, Document] = {}
    for start in range(0, len(document_ids), CHUNK):
        query = select(Document).where(col(Document.id).in_(document_ids[start : start + CHUNK]))
        found |= {document.id: document for document in session.exec(query)}
    return found


def messages(session: Session, message_ids: Sequence[UUID]) -> dict[UUID, Message]:
    """Messages by id."""
    found: dict[UUID, Message] = {}
    for start in range(0, len(message_ids), CHUNK):
        query = select(Message).where(col(Message.id).in_(message_ids[start : start + CHUNK]))
        found |= {message.id: message for message in session.exec(query)}
    return found


def messages_in(session: Session, batch_id: UUID, states: Sequence[str]) -> list[Message]:
    """Messages of a batch in some states, held until the transaction ends."""
    query = select(Message).where(Message.batch_id == batch_id, col(Message.state).in_(states))
    return list(
        session.exec(query.order_by(col(Message.created_at), col(Message.id)).with_for_update(key_share=True))
    )


def resendable(session: Session, batch_id: UUID, hopeless: Collection[str], now: datetime) -> int:
    """Messages of a batch that failed for certain, whose text is still kept, for reasons that may pass."""
    query = (
        sa.select(sa.func.count())
        .select_from(Message)
        .join(Document, col(Document.id) == col(Message.document_id))
        .where(
            col(Message.batch_id) == batch_id,
            col(Message.state).in_(("failed", "expired")),
            col(Message.reason).not_in(hopeless),
            col(Message.text_sealed).is_not(None),
            col(Message.expires_at) > now,
            col(Document.state) == "sealed",
        )
    )
    return int(session.execute(query).scalar_one())


def times(session: Session, batch_id: UUID) -> TimesById:
    """First handing over and first arrival of each message of a batch."""
    arrived = sa.case((col(Attempt.state).in_(("delivered", "read")), col(Attempt.finished_at)))
    query = (
        sa.select(col(Attempt.message_id), sa.func.min(col(Attempt.submitted_at)), sa.func.min(arrived))
        .join(Message, col(Message.id) == col(Attempt.message_id))
        .where(col(Message.batch_id) == batch_id)
        .group_by(col(Attempt.message_id))
    )
    return {
        message_id: Times(submitted, delivered) for message_id, submitted, delivered in session.execute(query)
    }


def attempts(session: Session, message_ids: Sequence[UUID]) -> list[Attempt]:
    """Attempts of some messages, oldest first."""
    query = select(Attempt).where(col(Attempt.message_id).in_(message_ids))
    return list(session.exec(query.order_by(col(Attempt.started_at), col(Attempt.number))))


def same_phone(session: Session, batch_id: UUID, phone_indexes: Sequence[bytes]) -> list[Document]:
    """Lines of a batch that would be sent to one of these numbers, held until the transaction ends."""
    query = select(Document).where(
        Document.batch_id == batch_id,
        col(Document.phone_index).in_(phone_indexes),
        col(Document.match).in_(("matched", "duplicate")),
    )
    return list(session.exec(query.order_by(col(Document.position)).with_for_update(key_share=True)))


def last_sent_to(
    session: Session, organisation_id: UUID, phone_indexes: Sequence[bytes]
) -> dict[bytes, list[Document]]:
    """What the newest batch that was sent to each phone announced to it; phones without are missing."""
    query = (
        select(Document)
        .join(Batch, col(Batch.id) == col(Document.batch_id))
        .where(
            Document.organisation_id == organisation_id,
            col(Document.phone_index).in_(phone_indexes),
            col(Document.state).in_(("sealed", "revoked", "expired")),
        )
        .order_by(col(Batch.released_at).desc(), col(Document.position))
    )
    found: dict[bytes, list[Document]] = {}
    for document in session.exec(query):
        assert document.phone_index is not None
        same = found.setdefault(document.phone_index, [])
        if not same or same[0].batch_id == document.batch_id:
            same.append(document)
    return found
