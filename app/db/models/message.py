"""What is said to one person, each try on one channel, and what the network answered."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.models.base import id_field, json_field, reference, text_field
from app.messaging.texts.notices import ANSWERS

# What answers a keyword, among all messages; written out, or a database would not see that the index is of these.
AN_ANSWER = "template_key IN ({})".format(", ".join(map(repr, ANSWERS)))


def _waiting(name: str, state: str, *columns: str) -> sa.Index:
    """An index of the messages in one state, on both databases."""
    only = sa.text(f"state = '{state}'")
    return sa.Index(name, *columns, sqlite_where=only, postgresql_where=only)


class Message(SQLModel, table=True):
    """States are those of `app.messaging.sending.status`. `plan` is the ordered channels, for example ["rcs", "sms"], and
    `channel` the one in use or next.

    `territory` is where the person lives when that is known better than by the number, as Alsace-Moselle is by a postcode;
    `ground` is why consent let it leave (`app.messaging.permission.consent.Ground`).

    `text_sealed` and `card_sealed` hold the link secret and are wiped at the first final status, or 72 hours after
    release when the message failed. `to_sealed` is empty once its number was erased. `reason` is the id of the rule that
    held, refused or changed it.

    `queued` means that it may leave now, from the sender `sender_id`, the most urgent first (`priority`, 0 before 1);
    what has to wait until `not_before` is `held`. `block_id` names the run that took it last. Each index of what waits
    holds nothing else, so taking the next costs the same however many wait or have left.
    """

    __tablename__ = "message"
    __table_args__ = (
        _waiting("ix_message_queued", "queued", "sender_id", "priority", "created_at", "id"),
        _waiting("ix_message_held", "held", "not_before"),
        _waiting("ix_message_submitting", "submitting", "block_id"),
        sa.Index(
            "ix_message_answers",
            "organisation_id",
            "created_at",
            sqlite_where=sa.text(AN_ANSWER),
            postgresql_where=sa.text(AN_ANSWER),
        ),
    )

    id: UUID = id_field()
    organisation_id: UUID = reference("organisation.id", index=False)
    batch_id: UUID | None = Field(default=None, foreign_key="batch.id", index=True)
    document_id: UUID | None = Field(default=None, foreign_key="document.id", index=True)
    link_id: UUID | None = Field(default=None, index=True)
    block_id: UUID | None = None
    sender_id: UUID = reference("sender.id", index=False)
    priority: int = Field(sa_type=sa.SmallInteger)
    category: str = text_field(16)
    kind: str = text_field(20, default="notice")
    template_key: str = text_field(40)
    language: str = text_field(2)
    plan: list[str] = json_field(list)
    channel: str = text_field(4)
    state: str = text_field(12)
    reason: str = text_field(60, default="")
    to_sealed: bytes
    to_index: bytes = Field(index=True)
    text_sealed: bytes | None = None
    card_sealed: bytes | None = None
    outbox_day: int
    territory: str = text_field(8, default="")
    ground: str = text_field(16, default="")
    segments: int
    encoding: str = text_field(6)
    not_before: datetime
    expires_at: datetime
    created_at: datetime
    finished_at: datetime | None = None
    wiped_at: datetime | None = None
    double: bool = False


class MessageRequest(SQLModel, table=True):
    """Who asked for a message of its own, one of no batch. `request_hash` is a keyed hash of what was asked for, so that
    the same `idempotency_key` with something else is noticed."""

    __tablename__ = "message_request"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "idempotency_key"),)

    message_id: UUID = Field(foreign_key="message.id", primary_key=True)
    organisation_id: UUID = reference("organisation.id", index=False)
    idempotency_key: str | None = Field(default=None, max_length=200)
    request_hash: bytes
    asked_by: str = text_field(80)
    asked_at: datetime


class Attempt(SQLModel, table=True):
    """One try on one channel. Its id travels to the carrier as our reference, so a repeat can be recognised.

    Committed as `submitting` before the carrier is called: what a crash leaves so is in doubt, never sent again
    blindly. `tries` counts how often the carrier was asked again about the same id; `confirming` says that it claims a delivery
    whose report has not come yet.
    """

    __tablename__ = "attempt"
    __table_args__ = (sa.UniqueConstraint("message_id", "number"),)

    id: UUID = id_field()
    message_id: UUID = reference("message.id")
    number: int
    channel: str = text_field(4)
    sender_id: UUID = reference("sender.id", index=False)
    carrier: str = text_field(20)
    carrier_reference: str = text_field(80, default="", index=True)
    state: str = text_field(12)
    reason: str = text_field(60, default="")
    segments: int
    tries: int = 0
    confirming: bool = False
    started_at: datetime
    submitted_at: datetime | None = None
    deadline_at: datetime | None = Field(default=None, index=True)
    finished_at: datetime | None = None


class DeliveryReport(SQLModel, table=True):
    """What a carrier said of an attempt, once each: a repeat has the same `event_key` and is not stored again."""

    __tablename__ = "delivery_report"
    __table_args__ = (sa.UniqueConstraint("attempt_id", "event_key"),)

    id: UUID = id_field()
    attempt_id: UUID = reference("attempt.id")
    event_key: str = text_field(80)
    state: str = text_field(12)
    code: str = text_field(40, default="")
    occurred_at: datetime
    received_at: datetime


class Block(SQLModel, table=True):
    """What one job carries. `kind` is announce: a hundred or two documents; dispatch or express: a run of the sender
    `sender_id`, over whatever waits for it, or over its alerts and access codes alone. A run that was begun for the
    messages of one batch names it.

    `run` names the run of the job that may send for it: an earlier one that was taken for dead and wakes up finds
    another name here and stops.
    """

    __tablename__ = "block"

    id: UUID = id_field()
    organisation_id: UUID = reference("organisation.id", index=False)
    batch_id: UUID | None = Field(default=None, foreign_key="batch.id", index=True)
    sender_id: UUID | None = None
    kind: str = text_field(10)
    position: int
    created_at: datetime
    run: UUID | None = None
    done_at: datetime | None = None


class InboundMessage(SQLModel, table=True):
    """What a person answered. `intent` is what `app.messaging.permission.optout` read in it, `not_for_me` when they tapped so, or
    `tapped` for a button that answers nothing.

    `document_id` is what the phone was last told about, or what the tapped card was about. `pictures` counts those of an
    MMS, which are not fetched. `to_sender` is the address it was sent to, as the network tells it, empty when it does not.
    `from_sealed` and `text_sealed` are empty once the number was erased.
    """

    __tablename__ = "inbound_message"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "event_key"),)

    id: UUID = id_field()
    organisation_id: UUID = reference("organisation.id", index=False)
    event_key: str = text_field(80)
    from_sealed: bytes
    from_index: bytes = Field(index=True)
    text_sealed: bytes
    to_sender: str = text_field(40, default="")
    pictures: int = 0
    intent: str = text_field(10, default="")
    batch_id: UUID | None = Field(default=None, foreign_key="batch.id", index=True)
    document_id: UUID | None = Field(default=None, foreign_key="document.id", index=True)
    received_at: datetime


class StaffReply(SQLModel, table=True):
    """What staff wrote back to a person, kept beside what the person wrote; how it went stands in its message.

    `inbound_id` is the answer it was written under. `form_key` names the form it was written in, so that sending the form
    twice sends once. `text_sealed` is empty once the number was erased.
    """

    __tablename__ = "staff_reply"

    message_id: UUID = Field(foreign_key="message.id", primary_key=True)
    organisation_id: UUID = reference("organisation.id", index=False)
    inbound_id: UUID = Field(foreign_key="inbound_message.id", index=True)
    form_key: UUID = Field(unique=True)
    to_index: bytes = Field(index=True)
    text_sealed: bytes
    written_by: str = text_field(80)
    written_at: datetime
