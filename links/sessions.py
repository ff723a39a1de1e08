"""After an opening: a cookie for a quarter of an hour, and tickets of two minutes for apps that drop cookies.

Cookie and ticket are values of their own; the database holds what is derived from them, and the document key sealed
under them. A stolen database opens no session.
"""

import base64
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlmodel import Session, col, select

from links.bulk import insert_rows
from links.ports import LinkOpener
from links.state import LinkFacts, LinkState, decide
from links.tables import Link, LinkSession
from links.text import ALPHABET

SessionKind = Literal["cookie", "ticket"]
LIFE: Final[dict[SessionKind, timedelta]] = {"cookie": timedelta(minutes=15), "ticket": timedelta(minutes=2)}
COOKIE_BYTES: Final = 32
TICKET_LENGTH: Final = 22


@dataclass(frozen=True, slots=True)
class Started:
    """A session that began. `value` is the text of the cookie or ticket: this is the only time it is known."""

    expires_at: datetime
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Authorized:
    """Bytes of this document may be served now."""

    facts: LinkFacts
    kind: str
    began_at: datetime
    expires_at: datetime
    dek: bytes = field(repr=False)


def start(
    session: Session, opener: LinkOpener, link_id: UUID, dek: bytes, kind: SessionKind, now: datetime
) -> Started:
    """Begin a session of a link whose document key is open."""
    text = (
        _text(secrets.token_bytes(COOKIE_BYTES))
        if kind == "cookie"
        else "".join(secrets.choice(ALPHABET) for _ in range(TICKET_LENGTH))
    )
    value = _value(text)
    if value is None:
        raise AssertionError("a fresh session value has the form of one")
    expires_at = now + LIFE[kind]
    row = {
        "id": uuid4(),
        "sid": opener.session_id(value),
        "link_id": link_id,
        "kind": kind,
        "state": "open",
        "sealed_dek": opener.seal_session(value, link_id, dek),
        "created_at": now,
        "expires_at": expires_at,
    }
    insert_rows(session, LinkSession, [row])
    return Started(expires_at, text)


def authorize(session: Session, opener: LinkOpener, ref: str, text: str, now: datetime) -> Authorized | None:
    """The one guard of every route that serves bytes: a running session, of this link, and the link still live."""
    value = _value(text)
    if value is None:
        return None
    found = session.exec(
        select(LinkSession, Link)
        .join(Link, col(Link.id) == LinkSession.link_id)
        .where(LinkSession.sid == opener.session_id(value), Link.ref == ref)
    ).one_or_none()
    if found is None:
        return None
    row, link = found
    facts = link.facts()
    if row.state != "open" or row.expires_at <= now or decide(facts, now) is not LinkState.LIVE:
        return None
    dek = opener.open_session(value, link.id, row.sealed_dek)
    return Authorized(facts, row.kind, row.created_at, row.expires_at, dek) if dek is not None else None


def close(session: Session, opener: LinkOpener, text: str) -> None:
    """End the session of a cookie or ticket."""
    value = _value(text)
    if value is not None:
        session.execute(sa.delete(LinkSession).where(col(LinkSession.sid) == opener.session_id(value)))


def forget_old(session: Session, now: datetime) -> None:
    """Drop sessions that are over."""
    session.execute(sa.delete(LinkSession).where(col(LinkSession.expires_at) <= now))


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def _value(text: str) -> bytes | None:
    """The bytes behind a cookie (43 characters of base64url) or a ticket (22 of base58)."""
    if len(text) == TICKET_LENGTH and all(char in ALPHABET for char in text):
        return text.encode("ascii")
    try:
        value = base64.urlsafe_b64decode(text.encode("ascii") + b"=")
    except ValueError:
        return None
    return value if len(value) == COOKIE_BYTES and _text(value) == text else None
