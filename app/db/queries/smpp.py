"""Every question an SMPP connection asks of its submissions and receipts."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.db.bulk import UNSYNCHRONISED
from app.db.models import SmppPart, SmppPiece, SmppReceipt

NEWEST = 200
AT_ONCE = 500


def parts(session: Session, ids: Collection[UUID]) -> list[SmppPart]:
    """Submissions by id."""
    return list(session.exec(select(SmppPart).where(col(SmppPart.id).in_(ids))))


def parts_of(session: Session, attempt_ids: Collection[UUID]) -> list[SmppPart]:
    """Every submission of some attempts, in order."""
    query = select(SmppPart).where(col(SmppPart.attempt_id).in_(attempt_ids))
    return list(session.exec(query.order_by(col(SmppPart.attempt_id), col(SmppPart.number))))


def parts_named(session: Session, connection_id: UUID, references: Collection[str]) -> list[SmppPart]:
    """Submissions the SMSC gave one of these ids."""
    query = select(SmppPart).where(
        SmppPart.connection_id == connection_id, col(SmppPart.reference).in_(references)
    )
    return list(session.exec(query))


def parts_to(session: Session, connection_id: UUID, to_index: bytes) -> list[SmppPart]:
    """The newest submissions to one number, oldest of them first."""
    query = (
        select(SmppPart)
        .where(SmppPart.connection_id == connection_id, SmppPart.to_index == to_index)
        .order_by(col(SmppPart.sent_at).desc(), col(SmppPart.number).desc())
        .limit(NEWEST)
    )
    return list(reversed(session.exec(query).all()))


def parts_in(session: Session, connection_id: UUID, state: str, limit: int) -> list[SmppPart]:
    """Submissions in a state, oldest first; held."""
    query = (
        select(SmppPart)
        .where(SmppPart.connection_id == connection_id, SmppPart.state == state)
        .order_by(col(SmppPart.sent_at), col(SmppPart.attempt_id), col(SmppPart.number))
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    )
    return list(session.exec(query))


def withdraw(session: Session, ids: Collection[UUID]) -> None:
    """Take back what nobody took: one statement, so that it cannot cross with somebody who does."""
    session.execute(
        sa.update(SmppPart)
        .where(col(SmppPart.id).in_(ids), col(SmppPart.state) == "offered")
        .values(state="unsent", body_sealed=None),
        execution_options=UNSYNCHRONISED,
    )


def count_reported(
    session: Session, connection_id: UUID, since: datetime, before: datetime
) -> tuple[int, int]:
    """How many submissions of that time were accepted, and on how many of them a receipt came."""
    reported = sa.case((col(SmppPart.state).in_(("enroute", "delivered", "failed")), 1), else_=0)
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(reported), 0)).where(
        col(SmppPart.connection_id) == connection_id,
        col(SmppPart.sent_at) >= since,
        col(SmppPart.sent_at) < before,
        col(SmppPart.state).in_(("taken", "enroute", "delivered", "failed")),
    )
    accepted, came = session.execute(query).one()
    return int(accepted), int(came)


def count_failures(session: Session, connection_id: UUID, since: datetime) -> list[tuple[str, int]]:
    """How many submissions since then were refused or not delivered, by the number the carrier gave, the most first."""
    count = sa.func.count()
    query = (
        sa.select(col(SmppPart.vendor), count)
        .where(
            col(SmppPart.connection_id) == connection_id,
            col(SmppPart.sent_at) >= since,
            col(SmppPart.state).in_(("refused", "later", "failed")),
            col(SmppPart.vendor) != "",
        )
        .group_by(col(SmppPart.vendor))
        .order_by(count.desc(), col(SmppPart.vendor))
    )
    return [(vendor, int(times)) for vendor, times in session.execute(query)]


def receipt_exists(
    session: Session, connection_id: UUID, reference: str, to_index: bytes, state: str
) -> bool:
    """Whether this very receipt is kept already."""
    query = select(SmppReceipt.id).where(
        SmppReceipt.connection_id == connection_id,
        SmppReceipt.reference == reference,
        SmppReceipt.to_index == to_index,
        SmppReceipt.state == state,
    )
    return session.exec(query).first() is not None


def receipts(session: Session, connection_id: UUID) -> list[SmppReceipt]:
    """Kept receipts for numbers that something was sent to, the newest of them. An account may be shared: receipts of
    somebody else's messages do not stand before ours."""
    sent = sa.exists().where(
        col(SmppPart.connection_id) == connection_id, col(SmppPart.to_index) == col(SmppReceipt.to_index)
    )
    query = select(SmppReceipt).where(SmppReceipt.connection_id == connection_id, sent)
    return list(session.exec(query.order_by(col(SmppReceipt.received_at).desc()).limit(AT_ONCE)))


def count_kept(session: Session, connection_id: UUID) -> int:
    """How many receipts wait for their submission."""
    query = sa.select(sa.func.count()).where(col(SmppReceipt.connection_id) == connection_id)
    return int(session.execute(query).scalar_one())


def delete_receipts(session: Session, ids: Collection[UUID]) -> None:
    """Forget kept receipts."""
    session.execute(sa.delete(SmppReceipt).where(col(SmppReceipt.id).in_(ids)))


def pieces(session: Session, connection_id: UUID, series: bytes) -> list[SmppPiece]:
    """The parts of a message from a person."""
    query = select(SmppPiece).where(SmppPiece.connection_id == connection_id, SmppPiece.series == series)
    return list(session.exec(query.order_by(col(SmppPiece.number))))


def stale_series(session: Session, connection_id: UUID, before: datetime) -> list[bytes]:
    """Messages of which a part came before then."""
    query = select(SmppPiece.series).where(
        SmppPiece.connection_id == connection_id, SmppPiece.received_at < before
    )
    return list(session.exec(query.distinct().limit(AT_ONCE)))


def forget(session: Session, connection_id: UUID, parts_before: datetime, receipts_before: datetime) -> int:
    """Delete what is older; how many receipts were among it."""
    session.execute(
        sa.delete(SmppPart).where(
            col(SmppPart.connection_id) == connection_id, col(SmppPart.sent_at) < parts_before
        )
    )
    result = session.execute(
        sa.delete(SmppReceipt).where(
            col(SmppReceipt.connection_id) == connection_id, col(SmppReceipt.received_at) < receipts_before
        )
    )
    return int(result.rowcount)  # type: ignore[attr-defined]
