"""Whether a keyword may be answered with a text of our own.

Anybody can write to a sender, and where a carrier does not sign its callbacks anybody can pretend that some number did:
every answer costs money and rings a phone. The rules are ours; what a STOP itself does never depends on them.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.db.models import Message, Organisation
from app.db.models.message import AN_ANSWER
from app.db.queries import journal
from app.messaging.numbers.phone import Unreachable, read_phone
from app.messaging.sending.status import State

ONE_EACH: Final = timedelta(hours=24)
MOST_ANSWERS: Final = 1_000  # of one organisation, all kinds together, in the time of ONE_EACH
_NEVER_LEFT: Final[Collection[str]] = (State.QUEUED, State.HELD, State.CANCELLED)


def refusal(
    session: Session, organisation: Organisation, number: str, index: bytes, template_key: str, now: datetime
) -> str:
    """Why the text `template_key` is not sent to a number in E.164 whose fingerprint is `index`; empty when it may be:
    `not_a_mobile`, `never_texted`, `answered_already`, `answers_used_up`. Holds the journal of the organisation, so that
    of two answers at once the second one counts the first."""
    if isinstance(read_phone(number, organisation.region), Unreachable):
        return "not_a_mobile"
    theirs = sa.and_(col(Message.organisation_id) == organisation.id, col(Message.to_index) == index)
    if not _any(session, theirs, col(Message.state).not_in(_NEVER_LEFT)):
        return "never_texted"
    journal.hold(session, organisation.id)
    lately = col(Message.created_at) > now - ONE_EACH
    if _any(session, theirs, col(Message.template_key) == template_key, lately):
        return "answered_already"
    answers = sa.and_(col(Message.organisation_id) == organisation.id, sa.text(AN_ANSWER), lately)
    counted = session.execute(sa.select(sa.func.count()).select_from(Message).where(answers)).scalar_one()
    return "answers_used_up" if counted >= MOST_ANSWERS else ""


def _any(session: Session, *what: sa.ColumnElement[bool]) -> bool:
    return session.exec(select(Message.id).where(*what).limit(1)).first() is not None
