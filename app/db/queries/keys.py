"""What the database knows of keys, so that a wrong one is noticed."""

from sqlmodel import Session, select

from app.db.models import KeyVerifier


def verifiers(session: Session) -> dict[int, bytes]:
    """Stored verifier of each application key number."""
    return {row.kid: row.verifier for row in session.exec(select(KeyVerifier))}


def remember(session: Session, kid: int, value: bytes) -> None:
    """Store the verifier of a key number the first time it is used."""
    if session.get(KeyVerifier, kid) is None:
        session.add(KeyVerifier(kid=kid, verifier=value))
