"""Open a document with its link and password, in the one order that `links.opening` keeps."""

from dataclasses import dataclass, field
from datetime import datetime

from app.db.queries import documents, journal, reading
from app.db.queries.reading import Introduction
from app.db.session import Session
from app.evidence.tags import Tag
from app.runtime import Runtime
from links import limits, opening
from links.ports import Journalled
from links.sessions import SessionKind
from links.state import LinkState

_TAGS = {"unlock_ok": Tag.LINK_UNLOCK_OK, "unlock_bad": Tag.LINK_UNLOCK_BAD, "frozen": Tag.LINK_FROZEN}


@dataclass(frozen=True)
class Unlocked:
    """The document is open for this browser. `value` is the cookie, or the ticket where cookies are refused."""

    known: Introduction
    value: str = field(repr=False)


@dataclass(frozen=True)
class NotOpen:
    """The link was proven and does not open. `state` says why."""

    known: Introduction
    state: LinkState


@dataclass(frozen=True)
class Wrong:
    """The password was wrong. `retry_after` (seconds) is 0 when the next try may come at once."""

    known: Introduction
    tries_left: int
    retry_after: int


@dataclass(frozen=True)
class MustWait:
    """Too many wrong passwords lately; nothing was tried."""

    known: Introduction
    retry_after: int


@dataclass(frozen=True)
class NotProven:
    """One answer for a wrong secret, an unknown ref and a link that was not released. `retry_after` (seconds) is not 0
    when this network asked too often."""

    retry_after: int = 0


@dataclass(frozen=True)
class NoPassword:
    """A password is needed and none was given: a scanner that presses buttons must not spend its owner's tries."""

    known: Introduction


Refusal = NotOpen | Wrong | MustWait | NotProven | NoPassword
Outcome = Unlocked | Refusal


def unlock_document(
    rt: Runtime,
    ref: str,
    secret: str,
    password: str,
    address: str,
    now: datetime,
    kind: SessionKind = "cookie",
) -> Outcome:
    """`address` is the client's IP address, of whose network a hash is kept.

    Raises Overloaded or KeysUnavailable, for which nothing is counted.
    """
    keys, net_hash = rt.vault.links, rt.vault.columns.net_hash(address)
    with rt.read() as session:
        wait = limits.stranger_must_wait(session, net_hash, now)
        proven = opening.prove(session, keys, ref, secret, now)
        known = reading.introduce(session, proven.facts) if proven else None
    if proven is None or known is None:
        if wait is not None:
            return NotProven(wait.retry_after)
        with rt.begin() as session:
            limits.count_stranger(session, net_hash, now)
        return NotProven()
    if proven.state is LinkState.LIVE and proven.facts.needs_password and not password.strip():
        return NoPassword(known)
    with rt.begin() as session:
        admitted = opening.admit(session, keys, proven, net_hash, now)
        if isinstance(admitted, opening.Refused):
            _write(rt, session, admitted.events, now)
    if isinstance(admitted, opening.Refused):
        return NotOpen(known, admitted.state)
    if isinstance(admitted, limits.Wait):
        return MustWait(known, admitted.retry_after)
    try:
        key = opening.unwrap(keys, admitted, password)
        if key is not None:
            return _opened(rt, admitted, key, known, now, kind)
    except Exception:
        # Our failure, not the reader's: the password was right, or was never judged.
        with rt.begin() as session:
            opening.give_back(session, admitted)
        raise
    return _wrong(rt, admitted, known, now)


def _wrong(rt: Runtime, attempt: opening.Attempt, known: Introduction, now: datetime) -> Wrong | NotOpen:
    with rt.begin() as session:
        outcome = opening.wrong(session, attempt, now)
        _write(rt, session, outcome.events, now)
    if outcome.frozen:
        return NotOpen(known, LinkState.FROZEN)
    return Wrong(known, outcome.tries_left, outcome.wait.retry_after if outcome.wait else 0)


def _opened(
    rt: Runtime,
    attempt: opening.Attempt,
    key: bytes,
    known: Introduction,
    now: datetime,
    kind: SessionKind,
) -> Unlocked | NotOpen:
    with rt.begin() as session:
        outcome = opening.opened(session, rt.vault.links, attempt, key, now, kind)
        if isinstance(outcome, opening.Refused):
            _write(rt, session, outcome.events, now)
            return NotOpen(known, outcome.state)
        # The journal head comes last, as everywhere: two transactions that took them in other orders could lock up.
        documents.mark_opened(session, attempt.facts.document_id, now)
        _write(rt, session, outcome.events, now)
    return Unlocked(known, outcome.session.value)


def _write(rt: Runtime, session: Session, events: tuple[Journalled, ...], now: datetime) -> None:
    for event in events:
        body = {**event.details, "document": event.document_id.hex}
        entry = journal.Entry(_TAGS[event.kind], event.link_id, body)
        journal.append(session, rt.vault, event.organisation_id, [entry], now)
