"""What the database knows of keys, so that a wrong one is noticed."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.db.models import Batch, KeyVerifier
from app.db.queries.batches import BEFORE_RELEASE
from links.tables import Link


def verifiers(session: Session) -> dict[int, bytes]:
    """Stored verifier of each application key number."""
    return {row.kid: row.verifier for row in session.exec(select(KeyVerifier))}


def remember(session: Session, kid: int, value: bytes) -> None:
    """Store the verifier of a key number the first time it is used."""
    if session.get(KeyVerifier, kid) is None:
        session.add(KeyVerifier(kid=kid, verifier=value))


def link_days(session: Session, now: datetime) -> list[tuple[UUID, int]]:
    """Organisation and last day of every link that can still be opened."""
    query = select(Link.organisation_id, Link.hard_day).where(
        col(Link.wrapped_link).is_not(None), Link.expires_at > now
    )
    return [(organisation_id, day) for organisation_id, day in session.exec(query.distinct())]


def review_days(session: Session, now: datetime) -> list[int]:
    """The day that protects each batch which waits for its release."""
    query = select(Batch.review_day).where(col(Batch.state).in_(BEFORE_RELEASE), Batch.release_before > now)
    return list(session.exec(query.distinct()))
