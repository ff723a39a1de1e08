"""Every question asked of the consent ledger, and the one way to add to it."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.crypto.tokens import new_opt_out_token
from app.crypto.vault import Vault
from app.db.bulk import UNSYNCHRONISED
from app.db.models import ConsentRecord, Message, OptOutLink, Person, Sender
from app.messaging.permission.consent import RCS, SMS, Entry, Fact
from app.messaging.permission.consent_proof import How, Proof, basis_of

CHUNK = 500


@dataclass(frozen=True)
class Line:
    """What is to be written: the fact, the way it came, and its proof. `raw_text` is what the person wrote."""

    fact: Fact
    how: How
    by: str
    happened_at: datetime
    sender: str | None = None
    channels: frozenset[str] = frozenset({SMS, RCS})
    proof: Proof = field(default_factory=Proof)
    raw_text: str = ""
    person_id: UUID | None = None


def append(
    session: Session, vault: Vault, organisation_id: UUID, number: str, line: Line, now: datetime
) -> ConsentRecord:
    """Add one line about a number in E.164."""
    proof = line.proof
    row = ConsentRecord(
        organisation_id=organisation_id,
        subject_index=vault.phone_index(organisation_id, number),
        person_id=line.person_id,
        fact=line.fact,
        sender=line.sender or "",
        channels=sorted(line.channels),
        purpose=proof.purpose,
        legal_basis=basis_of(line.fact),
        how=line.how,
        happened_at=line.happened_at,
        recorded_at=now,
        recorded_by=line.by,
        form_version=proof.form_version,
        text_shown=proof.text_shown,
        text_hash=hashlib.sha256(proof.text_shown.encode()).digest() if proof.text_shown else None,
        action_trace=proof.action_trace,
        evidence_file=proof.evidence_file,
        sale_reference=proof.sale_reference,
        sale_conditions=[name for name, holds in asdict(proof.sale).items() if holds],
    )
    seal = vault.columns.seal_column
    row.number_sealed = seal(organisation_id, "consent_record", "number", row.id, number)
    if line.raw_text:
        row.raw_text_sealed = seal(organisation_id, "consent_record", "raw_text", row.id, line.raw_text)
    session.add(row)
    session.flush()
    return row


def ledger(session: Session, organisation_id: UUID, subject: bytes) -> list[Entry]:
    """What the rules read about one number."""
    return ledgers(session, organisation_id, [subject]).get(subject, [])


def ledgers(session: Session, organisation_id: UUID, subjects: Sequence[bytes]) -> dict[bytes, list[Entry]]:
    """What the rules read about many numbers; numbers nobody wrote about are absent."""
    found: dict[bytes, list[Entry]] = {}
    for start in range(0, len(subjects), CHUNK):
        rows = session.execute(
            sa.select(
                col(ConsentRecord.subject_index),
                col(ConsentRecord.fact),
                col(ConsentRecord.happened_at),
                col(ConsentRecord.sender),
                col(ConsentRecord.channels),
            ).where(
                col(ConsentRecord.organisation_id) == organisation_id,
                col(ConsentRecord.subject_index).in_(subjects[start : start + CHUNK]),
            )
        )
        for subject, fact, at, sender, channels in rows:
            found.setdefault(subject, []).append(Entry(Fact(fact), at, sender or None, frozenset(channels)))
    return found


def records(session: Session, organisation_id: UUID, subject: bytes) -> list[ConsentRecord]:
    """Every line about one number with its proof, oldest first."""
    query = select(ConsentRecord).where(
        ConsentRecord.organisation_id == organisation_id, ConsentRecord.subject_index == subject
    )
    return list(session.exec(query.order_by(col(ConsentRecord.happened_at), col(ConsentRecord.recorded_at))))


def forget(session: Session, organisation_id: UUID, subject: bytes) -> int:
    """Empty what tells whose number it is, and what the person wrote; the fingerprint stays. How many lines."""
    done = session.execute(
        sa.update(ConsentRecord)
        .where(
            col(ConsentRecord.organisation_id) == organisation_id,
            col(ConsentRecord.subject_index) == subject,
            col(ConsentRecord.number_sealed).is_not(None),
        )
        .values(number_sealed=None, raw_text_sealed=None, person_id=None),
        execution_options=UNSYNCHRONISED,
    )
    session.execute(
        sa.delete(OptOutLink).where(
            col(OptOutLink.organisation_id) == organisation_id, col(OptOutLink.subject_index) == subject
        )
    )
    return int(getattr(done, "rowcount", 0))


def opt_out_token(session: Session, vault: Vault, organisation_id: UUID, number: str, now: datetime) -> str:
    """The token of a number's opt-out address; made the first time it is asked for."""
    subject = vault.phone_index(organisation_id, number)
    query = select(OptOutLink).where(
        OptOutLink.organisation_id == organisation_id, OptOutLink.subject_index == subject
    )
    known = session.exec(query).one_or_none()
    if known is not None:
        return known.token
    link = OptOutLink(
        token=new_opt_out_token(),
        organisation_id=organisation_id,
        subject_index=subject,
        number_sealed=b"",
        created_at=now,
    )
    link.number_sealed = vault.columns.seal_column(organisation_id, "opt_out_link", "number", link.id, number)
    session.add(link)
    session.flush()
    return link.token


def opt_out_link(session: Session, token: str) -> OptOutLink | None:
    """The address somebody opened."""
    return session.exec(select(OptOutLink).where(OptOutLink.token == token)).one_or_none()


def waiting_to(session: Session, organisation_id: UUID, subject: bytes) -> list[Message]:
    """What has not left yet for a number, held until the transaction ends."""
    query = select(Message).where(
        Message.organisation_id == organisation_id,
        Message.to_index == subject,
        col(Message.state).in_(("queued", "held")),
    )
    return list(session.exec(query.order_by(col(Message.id)).with_for_update(key_share=True)))


def message_of(session: Session, message_id: UUID) -> Message | None:
    """One message, not held: whoever holds several takes them in the order of `waiting_to`."""
    return session.get(Message, message_id)


def addresses(session: Session, organisation_id: UUID) -> dict[UUID, str]:
    """The address of each sender of an organisation."""
    query = select(Sender).where(Sender.organisation_id == organisation_id)
    return {sender.id: sender.address for sender in session.exec(query)}


def language_of(session: Session, organisation_id: UUID, subject: bytes) -> str | None:
    """The language of the person an organisation knows behind a number."""
    query = select(Person.language).where(
        Person.organisation_id == organisation_id, Person.phone_index == subject
    )
    return session.exec(query.order_by(col(Person.updated_at).desc())).first()
