"""What people allowed and refused, and what staff decided about answers that were not clear."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.models.base import id_field, json_field, reference, text_field
from app.messaging.permission.consent_proof import LONGEST


class ConsentRecord(SQLModel, table=True):
    """One line of the consent ledger, never changed. Facts, ways and grounds are those of `app.messaging.permission.consent` and
    `consent_proof`.

    `subject_index` is the keyed fingerprint of the number; it stays when the person is erased, which empties the two
    sealed columns. `sender` empty speaks of every sender. `happened_at` is when the person acted, `recorded_at` when it
    was written down. `text_shown` is what the person read, `raw_text_sealed` what they wrote.
    """

    __tablename__ = "consent_record"
    __table_args__ = (sa.Index("ix_consent_record_subject", "organisation_id", "subject_index"),)

    id: UUID = id_field()
    organisation_id: UUID = reference("organisation.id", index=False)
    subject_index: bytes
    number_sealed: bytes | None = None
    person_id: UUID | None = None
    fact: str = text_field(20)
    sender: str = text_field(40, default="")
    channels: list[str] = json_field(list)
    purpose: str = text_field(LONGEST["purpose"], default="")
    legal_basis: str = text_field(20)
    how: str = text_field(12)
    happened_at: datetime
    recorded_at: datetime
    recorded_by: str = text_field(80)
    form_version: str = text_field(LONGEST["form_version"], default="")
    text_shown: str = text_field(LONGEST["text_shown"], default="")
    text_hash: bytes | None = None
    action_trace: str = text_field(LONGEST["action_trace"], default="")
    evidence_file: str = text_field(LONGEST["evidence_file"], default="")
    sale_reference: str = text_field(LONGEST["sale_reference"], default="")
    sale_conditions: list[str] = json_field(list)
    raw_text_sealed: bytes | None = None


class OptOutLink(SQLModel, table=True):
    """The address by which one person stops the marketing of one organisation. It opens nothing else, so the token is
    kept as it is."""

    __tablename__ = "opt_out_link"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "subject_index"),)

    id: UUID = id_field()
    token: str = text_field(12, unique=True)
    organisation_id: UUID = reference("organisation.id", index=False)
    subject_index: bytes
    number_sealed: bytes
    created_at: datetime


class InboxDecision(SQLModel, table=True):
    """What a person decided about an answer, once: `opt_out`, `object_all`, `keep`, `done`, `answered` or
    `withdrawn`."""

    __tablename__ = "inbox_decision"

    inbound_id: UUID = Field(foreign_key="inbound_message.id", primary_key=True)
    decision: str = text_field(12)
    decided_by: str = text_field(80)
    decided_at: datetime
