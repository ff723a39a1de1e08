"""One text message of the service's own to one number: what answers a keyword."""

from datetime import datetime, timedelta

from sqlmodel import Session

from app.core.jobs import Jobs
from app.crypto.vault import Vault
from app.db.models import Message
from app.db.queries import organisations
from app.db.sending.queueing import Outgoing, Queued, Words, queue_text
from app.db.sending.text_checks import TextRules
from app.messaging.permission.categories import Category, Kind
from app.messaging.texts.content import render

LIFE = timedelta(hours=24)


def send(
    session: Session,
    vault: Vault,
    jobs: Jobs,
    held_to: TextRules,
    number: str,
    template_key: str,
    language: str,
    now: datetime,
) -> Message | None:
    """Queue the text of a template, in the organisation's language when it has none in `language`; None when it has no
    such text, or may not send it. Values are the organisation's name and contact."""
    organisation = held_to.organisation
    texts = organisations.templates(session, organisation.id, template_key)
    template = texts.get(("sms", language)) or texts.get(("sms", organisation.language))
    if template is None:
        return None
    outgoing = Outgoing(
        to=number,
        category=Category(template.category),
        kind=Kind(template.kind),
        language="en" if template.language == "en" else "fr",
        template_key=template_key,
        words=Words(
            render(template.text, {"sender": organisation.name, "contact": organisation.contact}),
            adds_way_out=True,
        ),
        not_before=now,
        expires_at=now + LIFE,
    )
    queued = queue_text(session, vault, jobs, held_to, outgoing, now)
    return queued.message if isinstance(queued, Queued) else None
