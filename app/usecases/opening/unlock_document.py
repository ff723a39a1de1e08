"""Open a document with its link and password, in the one order that `links.opening` keeps."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from app.db.queries import documents, journal, reading
from app.db.session import Session
from app.evidence.tags import Tag
from app.runtime import Runtime
from links import limits, opening, sessions
from links.ports import Journalled
from links.state import LinkState

_TAGS = {"unlock_ok": Tag.LINK_UNLOCK_OK, "unlock_bad": Tag.LINK_UNLOCK_BAD, "frozen": Tag.LINK_FROZEN}


@dataclass(frozen=True)
class Sender:
    """Who sent it, and whom to ask; known after the proof only."""

    name: str
    contact: str
    brand: str


@dataclass(frozen=True)
class Unlocked:
    """The document is open for this browser. `value` is the cookie, or the ticket where cookies are refused."""

    period: str
    language: str
    value: str = field(repr=False)


@dataclass(frozen=True)
class NotOpen:
    """The link was proven and does not open. `state` says why."""

    state: LinkState
    sender: Sender


@dataclass(frozen=True)
class Wrong:
    """The password was wrong."""

    sender: Sender
    tries_left: int
    retry_after: int
    frozen: bool


@dataclass(frozen=True)
class MustWait:
    """Too many wrong passwords lately; nothing was tried."""

    sender: Sender
    retry_after: int


@dataclass(frozen=True)
class NotProven:
    """One answer for a wrong secret, an unknown ref and a link that was not released."""

    retry_after: int = 0


Outcome = Unlocked | NotOpen | Wrong | MustWait | NotProven


def unlock_document(
    rt: Runtime,
    ref: str,
    secret: str,
    password: str,
    net: str,
    now: datetime,
    kind: Literal["cookie", "ticket"] = "cookie",
) -> Outcome:
    """Raises Overloaded or KeysUnavailable, for which nothing is counted."""
    keys, net_hash = rt.vault.links, rt.vault.columns.net_hash(net)
    with rt.read() as session:
        wait = limits.stranger_must_wait(session, net_hash, now)
        proven = opening.prove(session, keys, ref, secret, now)
        sender = _sender(session, proven.facts.document_id) if proven else None
    if proven is None or sender is None:
        if wait is None:
            with rt.begin() as session:
                limits.count_stranger(session, net_hash, now)
        return NotProven(wait.retry_after if wait else 0)
    with rt.begin() as session:
        admitted = opening.admit(session, keys, proven, net_hash, now)
        if isinstance(admitted, opening.Refused):
            _write(rt, session, admitted.events, now)
    if isinstance(admitted, opening.Refused):
        return NotOpen(admitted.state, sender)
    if isinstance(admitted, limits.Wait):
        return MustWait(sender, admitted.retry_after)
    try:
        key = opening.unwrap(keys, admitted, password)
    except Exception:
        with rt.begin() as session:
            opening.give_back(session, admitted)
        raise
    if key is None:
        return _wrong(rt, admitted, sender, now)
    return _opened(rt, admitted, key, sender, now, kind)


def _wrong(rt: Runtime, attempt: opening.Attempt, sender: Sender, now: datetime) -> Wrong:
    with rt.begin() as session:
        outcome = opening.wrong(session, attempt, now)
        _write(rt, session, outcome.events, now)
    return Wrong(sender, outcome.tries_left, outcome.wait.retry_after if outcome.wait else 0, outcome.frozen)


def _opened(
    rt: Runtime,
    attempt: opening.Attempt,
    key: bytes,
    sender: Sender,
    now: datetime,
    kind: Literal["cookie", "ticket"],
) -> Unlocked | NotOpen:
    with rt.begin() as session:
        outcome = opening.opened(session, rt.vault.links, attempt, key, now)
        _write(rt, session, outcome.events, now)
        if isinstance(outcome, opening.Refused):
            return NotOpen(outcome.state, sender)
        documents.mark_opened(session, attempt.facts.document_id, now)
        value = outcome.session.value
        if kind == "ticket":
            value = sessions.start(session, rt.vault.links, attempt.facts.id, key, "ticket", now).value
        shown = reading.shown(session, attempt.facts.document_id)
        return Unlocked(shown.document.period, shown.document.language, value)


def _sender(session: Session, document_id: UUID) -> Sender:
    organisation = reading.shown(session, document_id).organisation
    return Sender(organisation.name, organisation.contact, organisation.brand_colour)


def _write(rt: Runtime, session: Session, events: tuple[Journalled, ...], now: datetime) -> None:
    for event in events:
        body = {**event.details, "document": event.document_id.hex}
        entry = journal.Entry(_TAGS[event.kind], event.link_id, body)
        journal.append(session, rt.vault, event.organisation_id, [entry], now)
