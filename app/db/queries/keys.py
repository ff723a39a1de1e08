"""What the database knows of keys, so that a wrong one is noticed."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel import Session, col, select

from app.crypto.epochs import EpochName, EpochStore, check_value, require
from app.db.models import Batch, DatabaseName, EpochCheck, KeyVerifier
from app.db.queries.batches import BEFORE_RELEASE
from links.tables import Link


def verifiers(session: Session) -> dict[int, bytes]:
    """Stored verifier of each application key number."""
    return {row.kid: row.verifier for row in session.exec(select(KeyVerifier))}


def remember(session: Session, kid: int, value: bytes) -> None:
    """Store the verifier of a key number the first time it is used."""
    if session.get(KeyVerifier, kid) is None:
        session.add(KeyVerifier(kid=kid, verifier=value))


def name_database(session: Session) -> None:
    """Give the database its name, at its first start."""
    if session.get(DatabaseName, 1) is None:
        session.add(DatabaseName(id=1, name=uuid4().hex))


def database_name(session: Session) -> str:
    """32 hexadecimal digits, of this database and its backups alone."""
    return session.get_one(DatabaseName, 1).name


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


def remember_epochs(session: Session, store: EpochStore, names: Iterable[EpochName]) -> None:
    """Store what recognises these epoch keys, the first time each is used."""
    for name in names:
        if session.get(EpochCheck, str(name)) is None:
            session.add(EpochCheck(name=str(name), check_value=check_value(require(store, name))))
    session.flush()


def forget_epoch(session: Session, name: EpochName) -> None:
    """The key was destroyed."""
    if (row := session.get(EpochCheck, str(name))) is not None:
        session.delete(row)


def epoch_checks(session: Session) -> dict[str, bytes]:
    """What recognises each epoch key in use, by name."""
    return {row.name: row.check_value for row in session.exec(select(EpochCheck))}
