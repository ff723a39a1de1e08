"""One text message of the service's own to one number: what answers a keyword."""

from datetime import datetime, timedelta
from uuid import uuid4

from sqlmodel import Session

from app.core.jobs import Job, Jobs
from app.crypto.envelope import OutboxPlace
from app.crypto.epochs import EpochName, day_of
from app.crypto.vault import Vault
from app.db import transitions
from app.db.models import Message, Organisation
from app.db.queries import journal, keys, organisations
from app.evidence.tags import Tag
from app.messaging import status
from app.messaging.content import render
from app.messaging.encode import smart_encode
from app.messaging.segmentation import segment

LIFE = timedelta(hours=24)


def send(
    session: Session,
    vault: Vault,
    jobs: Jobs,
    organisation: Organisation,
    number: str,
    template_key: str,
    language: str,
    now: datetime,
) -> Message | None:
    """Queue the text of a template, in the organisation's language when it has none in `language`; None when it has no
    such text, or no sender of text messages. Values are the organisation's name and contact."""
    texts = organisations.templates(session, organisation.id, template_key)
    template = texts.get(("sms", language)) or texts.get(("sms", organisation.language))
    sender = organisations.senders(session, organisation.id).get("sms")
    if template is None or sender is None:
        return None
    text = smart_encode(
        render(template.text, {"sender": organisation.name, "contact": organisation.contact})
    ).text
    count = segment(text)
    message_id, expires_at = uuid4(), now + LIFE
    day = day_of(expires_at)
    place = OutboxPlace(organisation.id, message_id, None, "sms", day)
    message = Message(
        id=message_id,
        organisation_id=organisation.id,
        block_id=message_id,
        sender_id=sender.id,
        category=template.category,
        kind=template.kind,
        template_key=template_key,
        language=template.language,
        plan=["sms"],
        channel="sms",
        state=status.State.QUEUED,
        to_sealed=vault.columns.seal_column(organisation.id, "message", "to", message_id, number),
        to_index=vault.phone_index(organisation.id, number),
        text_sealed=vault.envelope.text_sealer(day).seal(place, text),
        outbox_day=day,
        segments=count.segments,
        encoding=count.encoding,
        not_before=now,
        expires_at=expires_at,
        created_at=now,
    )
    _queue(session, jobs, message, now)
    entry = journal.Entry(
        Tag.MESSAGE_QUEUED, message.id, {"document": "", "plan": message.plan, "segments": count.segments}
    )
    journal.append(session, vault, organisation.id, [entry], now)
    keys.remember_epochs(session, vault.epochs, [EpochName.out(day)])
    return message


def _queue(session: Session, jobs: Jobs, message: Message, now: datetime) -> None:
    block = transitions.new_block(session, message, now)
    session.flush()
    job = Job("dispatch_block", str(block.id), (str(block.id),), partition=str(message.organisation_id))
    jobs.enqueue(session, job)
