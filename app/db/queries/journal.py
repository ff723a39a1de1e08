"""Writing and reading the journal. Whoever appends holds the head row until the transaction ends."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, NamedTuple, Self
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.crypto.errors import SealBroken
from app.crypto.vault import Vault
from app.db.bulk import insert_rows, table_of
from app.db.models import JournalEvent, JournalHead
from app.evidence import chain
from app.evidence.tags import Tag

SALT_SIZE = 16
# Put together once: every use case appends.
_heads = table_of(JournalHead)
_HOLD_HEAD = (
    sa.select(_heads.c.seq, _heads.c.head)
    .where(_heads.c.organisation_id == sa.bindparam("owner"))
    .with_for_update(key_share=True)
)
_MOVE_HEAD = (
    sa.update(_heads)
    .where(_heads.c.organisation_id == sa.bindparam("owner"))
    .values(seq=sa.bindparam("last"), head=sa.bindparam("link"))
)


class Entry(NamedTuple):
    """What happened to `subject` (a batch, document, link, message or account). The body holds ids, counts and codes:
    never a name, a number or a secret."""

    tag: Tag
    subject: UUID
    body: Mapping[str, chain.Value]


@dataclass(frozen=True)
class Recorded:
    """An event as it is read back. `body` is None once it was erased."""

    seq: int
    at: datetime
    tag: str
    subject: UUID
    body: Mapping[str, Any] | None


def append(
    session: Session, vault: Vault, organisation_id: UUID, entries: Sequence[Entry], now: datetime
) -> None:
    """Add events to the organisation's chain, in this transaction."""
    if not entries:
        return
    session.flush()
    connection = session.connection()
    seq, link = connection.execute(_HOLD_HEAD, {"owner": organisation_id}).one()
    sealer = vault.columns.sealer(organisation_id, "journal")
    salts = os.urandom(SALT_SIZE * len(entries))
    rows = []
    for at, entry in enumerate(entries):
        seq += 1
        salt = salts[SALT_SIZE * at : SALT_SIZE * (at + 1)]
        body = chain.canonical({"tag": entry.tag.value, "subject": entry.subject.hex, **entry.body})
        commitment = chain.commit_canonical(salt, body)
        link = chain.extend(link, seq, now, commitment)
        rows.append(
            {
                "organisation_id": organisation_id,
                "seq": seq,
                "at": now,
                "tag": entry.tag.value,
                "subject_id": entry.subject,
                "salt": salt,
                "body_sealed": sealer.seal("body", entry.subject, body.decode()),
                "commitment": commitment,
                "chain": link,
            }
        )
    connection.execute(_MOVE_HEAD, {"owner": organisation_id, "last": seq, "link": link})
    insert_rows(session, JournalEvent, rows)


def hold(session: Session, organisation_id: UUID) -> None:
    """Let nobody else append until the transaction ends."""
    session.connection().execute(_HOLD_HEAD, {"owner": organisation_id}).one()


class Book:
    """The events of one transaction, appended together at its end: use as a context manager within it.

    The heads are held that late and in one order, so whoever holds messages first never waits for somebody who holds a
    head. `now` is the instant of everything in it.
    """

    def __init__(self, session: Session, vault: Vault, now: datetime) -> None:
        self.session, self.vault, self.now = session, vault, now
        self._entries: dict[UUID, list[Entry]] = {}

    def note(self, organisation_id: UUID, entry: Entry) -> None:
        """Add an event to the organisation's chain."""
        self._entries.setdefault(organisation_id, []).append(entry)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            for organisation_id, entries in sorted(self._entries.items()):
                append(self.session, self.vault, organisation_id, entries, self.now)


def start(session: Session, organisation_id: UUID) -> None:
    """Begin the chain of a new organisation."""
    session.add(JournalHead(organisation_id=organisation_id, seq=0, head=chain.GENESIS))


def about(
    session: Session,
    vault: Vault,
    organisation_id: UUID,
    subjects: Sequence[UUID],
    limit: int = 500,
    tag: Tag | None = None,
) -> list[Recorded]:
    """The newest events about any of these subjects, oldest first; only those of one tag when it is given."""
    query = (
        select(JournalEvent)
        .where(JournalEvent.organisation_id == organisation_id, col(JournalEvent.subject_id).in_(subjects))
        .order_by(col(JournalEvent.seq).desc())
        .limit(limit)
    )
    if tag is not None:
        query = query.where(JournalEvent.tag == tag.value)
    return [
        Recorded(event.seq, event.at, event.tag, event.subject_id, _body(vault, event))
        for event in reversed(session.exec(query).all())
    ]


def happened_since(session: Session, organisation_id: UUID, subject: UUID, tag: Tag, since: datetime) -> bool:
    """Whether the journal tells this of the subject, at `since` or later."""
    query = select(JournalEvent.seq).where(
        JournalEvent.organisation_id == organisation_id,
        JournalEvent.subject_id == subject,
        JournalEvent.tag == tag.value,
        JournalEvent.at >= since,
    )
    return session.exec(query.limit(1)).first() is not None


def verify(session: Session, vault: Vault, organisation_id: UUID) -> chain.Verdict:
    """Check the whole chain of an organisation against its bodies and its head.

    What a row says beside its body, its tag and its subject, must be what the body says. Bodies are erased oldest
    first, so one that is missing after one that is there was taken away.
    """
    query = (
        select(JournalEvent)
        .where(JournalEvent.organisation_id == organisation_id)
        .order_by(col(JournalEvent.seq))
        .execution_options(yield_per=1000)
    )
    verdict = chain.verify(_stored(vault, session.exec(query)))
    head = session.get_one(JournalHead, organisation_id)
    if verdict.sound and (verdict.head != head.head or verdict.checked != head.seq):
        return chain.Verdict(verdict.checked, verdict.head, verdict.checked + 1, "chain")
    return verdict


def _stored(vault: Vault, events: Iterable[JournalEvent]) -> Iterator[chain.ChainEvent]:
    """Each event with the body that its row stands for; one that cannot be that body fits no commitment."""
    kept = False
    for event in events:
        try:
            body = _body(vault, event)
        except (SealBroken, ValueError):
            body = {}
        if body is None and kept:
            body = {}
        if body is not None:
            kept = True
            body = {**body, "tag": event.tag, "subject": event.subject_id.hex}
        yield chain.ChainEvent(event.seq, event.at, event.commitment, event.chain, event.salt, body)


def _body(vault: Vault, event: JournalEvent) -> Mapping[str, Any] | None:
    if event.body_sealed is None:
        return None
    text = vault.columns.open_column(
        event.organisation_id, "journal", "body", event.subject_id, event.body_sealed
    )
    body: Mapping[str, Any] = json.loads(text)
    return body
