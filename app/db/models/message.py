"""What is said to one person, each try on one channel, and what the network answered."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.models.base import id_field, json_field, reference, text_field
from app.messaging.notices import ANSWERS

# What answers a keyword, among all messages; written out, or a database would not see that the index is of these.
AN_ANSWER = "template_key IN ({})".format(", ".join(map(repr, ANSWERS)))


class Message(SQLModel, table=True):
    """States are those of `app.messaging.status`. `plan` is the ordered channels, for example ["rcs", "sms"], and
    `channel` the one in use or next.

    `text_sealed` and `card_sealed` hold the link secret and are wiped at the first final status, or 72 hours after
    release when the message failed. `reason` is the id of the rule that held, refused or changed it.
    """

    __tablename__ = "message"
    __table_args__ = (
        sa.Index("ix_message_block_state", "block_id", "state"),
        sa.Index("ix_message_state_not_before", "state", "not_before"),
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
    block_id: UUID
    sender_id: UUID = reference("sender.id", index=False)
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
    segments: int
    encoding: str = text_field(6)
    not_before: datetime
    expires_at: datetime
    created_at: datetime
    finished_at: datetime | None = None
    wiped_at: datetime | None = None
    double: bool = False


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
    """A hundred or two documents or messages that one job carries. `kind` is announce or dispatch.

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
    """What a person answered. `intent` is what `app.messaging.optout` read in it, `not_for_me` when they tapped so, or
    `tapped` for a button that answers nothing.

    `document_id` is what the phone was last told about, or what the tapped card was about. `pictures` counts those of an
    MMS, which are not fetched.
    """

    __tablename__ = "inbound_message"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "event_key"),)

    id: UUID = id_field()
    organisation_id: UUID = reference("organisation.id", index=False)
    event_key: str = text_field(80)
    from_sealed: bytes
    from_index: bytes = Field(index=True)
    text_sealed: bytes
    pictures: int = 0
    intent: str = text_field(10, default="")
    batch_id: UUID | None = Field(default=None, foreign_key="batch.id", index=True)
    document_id: UUID | None = Field(default=None, foreign_key="document.id", index=True)
    received_at: datetime
