"""The order in which a link is opened, never changed: proof of link, state, limiter, Argon2, unwrap, record.

A stranger without the secret stops at the proof: he can neither make the owner wait nor spend CPU. The limiter comes
before Argon2 and answers even the right password while it waits. Keys of the operator that are missing raise the
application's own error before anything is counted.
"""

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session, col, select

from links import limits, sessions
from links.bulk import table_of
from links.errors import LinkError
from links.ports import NO_PASSWORD, NO_PASSWORD_KEY, Binding, Journalled, LinkOpener, Prover
from links.sessions import SessionKind, Started
from links.state import LinkFacts, LinkState, decide
from links.tables import INSTANT, Link

MAX_PASSWORD = 128
# Put together once, as in `limits`.
_link = table_of(Link)
_BY_REF: Final = select(Link).where(Link.ref == sa.bindparam("wanted"))
_COUNT_OPENING: Final = (
    sa.update(_link)
    .where(
        _link.c.id == sa.bindparam("link_id"),
        _link.c.revoked_at.is_(None),
        sa.or_(_link.c.frozen_at.is_(None), _link.c.bad < limits.LIFE_LIMIT),
    )
    .values(
        frozen_at=None,
        openings=_link.c.openings + 1,
        first_opened_at=sa.func.coalesce(_link.c.first_opened_at, sa.bindparam("now", type_=INSTANT)),
        last_opened_at=sa.bindparam("now", type_=INSTANT),
    )
    .returning(_link.c.openings)
)
_DUMMY_SALT = bytes(16)
_DUMMY_PROOF = bytes(16)


@dataclass(frozen=True, slots=True)
class Proven:
    """Whoever asks holds the link. `state` is what the link was when it was read."""

    facts: LinkFacts
    state: LinkState
    tries_left: int
    link_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """The link does not open in this state."""

    facts: LinkFacts
    state: LinkState
    events: tuple[Journalled, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """A counted try that may run Argon2 now."""

    facts: LinkFacts
    binding: Binding
    kid: int
    salt: bytes
    salt_password: bytes
    reservation: limits.Reservation
    link_key: bytes = field(repr=False)
    wrapped: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """The document is open. `session.value` goes into the cookie, or is the ticket."""

    facts: LinkFacts
    session: Started
    events: tuple[Journalled, ...]


@dataclass(frozen=True, slots=True)
class WrongPassword:
    """Not the password. `wait` holds when the next try must wait; `frozen` when there is no next try."""

    tries_left: int
    wait: limits.Wait | None
    frozen: bool
    events: tuple[Journalled, ...]


def prove(session: Session, prover: Prover, ref: str, secret: str, now: datetime) -> Proven | None:
    """Step 3. Reads only, and does the same work whether the ref exists or not. None is the one neutral answer: wrong
    secret, unknown ref, or a link that was not released."""
    link = session.execute(_BY_REF, {"wanted": ref}).scalar_one_or_none()
    salt, expected = (link.salt, link.proof) if link is not None else (_DUMMY_SALT, _DUMMY_PROOF)
    link_key, proof = prover.prove(secret, salt, ref)
    if not hmac.compare_digest(proof, expected) or link is None:
        return None
    facts = link.facts()
    state = decide(facts, now)
    if state is LinkState.NOT_RELEASED:
        return None
    return Proven(facts, state, max(0, limits.LIFE_LIMIT - link.bad), link_key)


def admit(
    session: Session, opener: LinkOpener, proven: Proven, net: bytes, now: datetime
) -> Attempt | Refused | limits.Wait:
    """Steps 4 and 5, in one short transaction: the state as it is now, the operator's keys, then one counted try.

    `net` is a hash of the client's network.
    """
    link = session.get_one(Link, proven.facts.id)
    facts = link.facts()
    state = decide(facts, now)
    if state is not LinkState.LIVE or link.wrapped_link is None:
        return Refused(facts, state)
    opener.require_keys(link.kid, link.organisation_id, link.hard_day, link.epoch_check)
    wrapped = link.wrapped_link
    reservation = limits.reserve(session, link.id, link.recipient, net, now)
    match reservation:
        case limits.Wait():
            return reservation
        case limits.Exhausted():
            return Refused(facts, LinkState.FROZEN, (_freeze(session, facts, now),))
    return Attempt(
        facts, link.binding(), link.kid, link.salt, link.salt_password, reservation, proven.link_key, wrapped
    )


def unwrap(opener: LinkOpener, attempt: Attempt, password: str) -> bytes | None:
    """Steps 6 and 7, with no transaction open: Argon2, then the document key; None when the password is wrong.

    If this raises (a full pool, a missing key, a damaged row), call `give_back`.
    """
    needs_password = attempt.binding.kdf != NO_PASSWORD
    password_key = (
        opener.password_key(attempt.kid, attempt.binding.kdf, attempt.salt_password, password)
        if needs_password
        else NO_PASSWORD_KEY
    )
    dek = opener.unwrap(attempt.binding, attempt.link_key, password_key, attempt.salt, attempt.wrapped)
    if dek is None and not needs_password:
        raise LinkError("wrap_broken", f"the wrap of link {attempt.facts.ref} does not open; restore its row")
    return dek


def opened(
    session: Session,
    opener: LinkOpener,
    attempt: Attempt,
    dek: bytes,
    now: datetime,
    kind: SessionKind = "cookie",
) -> Opened | Refused:
    """Step 8, in one transaction with the caller's journal: the try is given back and the session begins.

    Refused when the link was revoked while Argon2 ran. A freeze that this very try had brought about is lifted.
    """
    limits.give_back(session, attempt.reservation)
    count = (
        session.connection()
        .execute(_COUNT_OPENING, {"link_id": attempt.facts.id, "now": now})
        .scalar_one_or_none()
    )
    if count is None:
        facts = session.get_one(Link, attempt.facts.id, populate_existing=True).facts()
        return Refused(facts, decide(facts, now))
    started = sessions.start(session, opener, attempt.facts.id, dek, kind, now)
    event = _event(
        attempt.facts, "unlock_ok", opening=count, with_password=attempt.binding.kdf != NO_PASSWORD
    )
    return Opened(attempt.facts, started, (event,))


def wrong(session: Session, attempt: Attempt, now: datetime) -> WrongPassword:
    """Step 7 failed: the counted try stays, and the twentieth freezes the link."""
    number = attempt.reservation.number
    events = [_event(attempt.facts, "unlock_bad", number=number)]
    frozen = limits.is_exhausted(session, attempt.facts.id)
    if frozen:
        events.append(_freeze(session, attempt.facts, now))
    wait = None if frozen else limits.wait_after(session, attempt.reservation, now)
    return WrongPassword(max(0, limits.LIFE_LIMIT - number), wait, frozen, tuple(events))


def give_back(session: Session, attempt: Attempt) -> None:
    """The try ended without an answer on the password, so it does not count."""
    limits.give_back(session, attempt.reservation)


def _freeze(session: Session, facts: LinkFacts, now: datetime) -> Journalled:
    session.execute(sa.update(Link).where(col(Link.id) == facts.id).values(frozen_at=now))
    return _event(facts, "frozen")


def _event(facts: LinkFacts, kind: str, **details: Any) -> Journalled:
    return Journalled(kind, facts.organisation_id, facts.document_id, facts.id, details)
