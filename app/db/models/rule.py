"""What an organisation changed of the rules: the rows laid over the shipped ones, and its choices."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.models.base import id_field, json_field, reference, text_field


class DatedRule(SQLModel, table=True):
    """One row of `app.messaging.rule_rows`. A row with the id of a shipped rule takes its place."""

    __tablename__ = "dated_rule"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "kind", "rule_id"),)

    id: UUID = id_field()
    organisation_id: UUID = reference("organisation.id", index=False)
    kind: str = text_field(10)
    rule_id: str = text_field(60)
    value: dict[str, Any] = json_field(dict)
    valid_from: date | None = None
    valid_to: date | None = None
    enabled: bool = True
    source: str = text_field(200)
    certainty: str = text_field(12)
    note: str = text_field(400, default="")
    changed_at: datetime
    changed_by: str = text_field(80)


class MessagingChoices(SQLModel, table=True):
    """The choices of one organisation about its messages; the defaults hold while it has no row.

    `stop_code` is the number that takes a STOP, empty when only the opt-out page does. `stop_scope` is one of
    `app.messaging.permission.consent.StopScope`. `segment_micro` is the price of a segment in millionths of the currency, 0 when
    it is not known. `kinds_on` are the kinds of sender that are off until an owner turns them on, and did.
    """

    __tablename__ = "messaging_choices"

    organisation_id: UUID = Field(foreign_key="organisation.id", primary_key=True)
    stop_code: str = text_field(5, default="")
    stop_scope: str = text_field(12, default="organisation")
    one_segment_marketing: bool = False
    segment_micro: int = 0
    kinds_on: list[str] = json_field(list)
