"""One person's document, and everything that happened to it: the journal, in order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.core.errors import NotFound
from app.db.models import Document, InboundMessage, Message
from app.db.payroll.faces import read_face
from app.db.payroll.watch import HOPELESS, LEFT_OUT, STAYED, stage
from app.db.queries import (
    accounts,
    batches,
    consents,
    documents,
    journal,
    messages,
    organisations,
    watching,
)
from app.db.queries.journal import Recorded
from app.evidence.tags import Tag
from app.messaging.sending.senders import Refusal
from app.messaging.sending.status import State
from app.runtime import Runtime
from links import lifecycle
from links.state import LinkFacts

RESENDABLE = (State.FAILED, State.EXPIRED, State.UNKNOWN)
_BATCH_EVENTS = frozenset({Tag.BATCH_RELEASED, Tag.BATCH_RECALLED})


@dataclass(frozen=True)
class Event:
    """Something that happened. `tag` is of `app.evidence.tags`; `channel` sms, rcs or empty; `actor` who did it, by
    name; `code` why, or which finding; `said` what the person answered, with `pictures` that were not kept. `count` events
    of the same kind in a row are told once, `at` the first of them. `sender` is the address a message leaves from."""

    at: datetime
    tag: str
    channel: str
    actor: str
    code: str
    said: str = ""
    pictures: int = 0
    count: int = 1
    sender: str = ""


@dataclass(frozen=True)
class DocumentView:
    """`stage` is one of `watch.STAGES`, LEFT_OUT, or the state of the line before its release. `page_count` and `size` (bytes)
    are of the PDF. `text_gone`: the message failed and its text is not kept any more. `hopeless`: it would fail
    again, because the number is to be corrected. `sender_missing`: no sender of the organisation may carry it."""

    id: UUID
    batch_id: UUID
    batch_title: str
    name: str
    staff_number: str
    phone: str
    stage: str
    ref: str
    page_count: int
    size: int
    expires_on: date | None
    password_policy: str
    profile: str
    revoked_at: datetime | None
    viewed: int
    downloads: int
    events: Sequence[Event]
    resendable: bool
    revocable: bool
    text_gone: bool
    hopeless: bool
    sender_missing: bool


def show_document(rt: Runtime, organisation_id: UUID, document_id: UUID) -> DocumentView:
    """Read only. Raises NotFound."""
    with rt.read() as session:
        document = documents.get(session, organisation_id, document_id)
        batch = batches.get(session, organisation_id, document.batch_id) if document else None
        organisation = organisations.get(session, organisation_id)
        if document is None or batch is None or organisation is None:
            raise NotFound("document_unknown", "this document does not exist")
        sent = messages.of_document(session, document_id)
        links = lifecycle.of_documents(session, [document_id]).get(document_id, [])
        subjects = [document_id, batch.id, *(one.id for one in sent), *(link.id for link in links)]
        recorded = [
            event
            for event in journal.about(session, rt.vault, organisation_id, subjects)
            if event.subject != batch.id or event.tag in _BATCH_EVENTS
        ]
        answers = {one.id.hex: one for one in messages.answers_of(session, document_id)}
        tried = watching.attempts(session, [one.id for one in sent])
        addresses = consents.addresses(session, organisation_id)
        names = accounts.actor_names(session, organisation_id, [_body(event, "by") for event in recorded])
    face = read_face(rt.vault, document)
    newest = sent[-1] if sent else None
    channels = {attempt.id.hex: attempt.channel for attempt in tried}
    left_from = {attempt.id.hex: addresses.get(attempt.sender_id, "") for attempt in tried}
    left_from |= {sender_id.hex: address for sender_id, address in addresses.items()}
    failed = newest is not None and newest.state in RESENDABLE
    hopeless = failed and newest is not None and newest.reason in HOPELESS
    kept = newest is not None and newest.text_sealed is not None and newest.expires_at > rt.now()
    tags = [event.tag for event in recorded]
    return DocumentView(
        id=document.id,
        batch_id=batch.id,
        batch_title=batch.title,
        name=face.name,
        staff_number=face.staff_number,
        phone=face.phone,
        stage=_stage(document, newest, released=batch.released_at is not None),
        ref=links[-1].ref if links else "",
        page_count=len(document.pages),
        size=document.plain_size,
        expires_on=_last_day(links, batch.expires_on, ZoneInfo(organisation.timezone)),
        password_policy=batch.password_policy,
        profile=batch.profile,
        revoked_at=document.revoked_at,
        viewed=tags.count(Tag.DOCUMENT_VIEWED),
        downloads=tags.count(Tag.DOCUMENT_DOWNLOADED),
        events=_told(
            [_event(event, channels, left_from, names, *_said(rt, answers, event)) for event in recorded]
        ),
        resendable=failed and kept and not hopeless and document.state == "sealed",
        sender_missing=failed and newest is not None and newest.reason in list(Refusal),
        hopeless=hopeless and document.state == "sealed",
        revocable=document.state == "sealed",
        text_gone=document.state == "sealed" and failed and not hopeless and not kept,
    )


def _stage(document: Document, newest: Message | None, *, released: bool) -> str:
    if newest is None:
        return LEFT_OUT if released and document.state in STAYED else document.state
    return stage(
        document.state,
        newest.state,
        opened=document.opened_at is not None,
        downloaded=document.downloaded_at is not None,
    )


def _last_day(links: Sequence[LinkFacts], chosen: str, zone: ZoneInfo) -> date | None:
    if links:
        last_instant = links[-1].expires_at - timedelta(microseconds=1)
        return last_instant.astimezone(UTC).astimezone(zone).date()
    return date.fromisoformat(chosen) if chosen else None


def _body(event: Recorded, name: str) -> str:
    value = (event.body or {}).get(name, "")
    return value if isinstance(value, str) else ""


def _said(rt: Runtime, answers: dict[str, InboundMessage], event: Recorded) -> tuple[str, int]:
    """The words of an answer and how many pictures came with them; a tapped button says only what the event tells
    anyway, and an erased number nothing."""
    answer = answers.get(_body(event, "answer"))
    if answer is None or answer.intent == messages.NOT_FOR_ME or not answer.text_sealed:
        return "", 0
    text = rt.vault.columns.open_column(
        answer.organisation_id, "inbound_message", "text", answer.id, answer.text_sealed
    )
    return text, answer.pictures


def _event(
    event: Recorded,
    channels: dict[str, str],
    left_from: dict[str, str],
    names: dict[str, str],
    said: str,
    pictures: int,
) -> Event:
    channel = _body(event, "channel") or _body(event, "to") or channels.get(_body(event, "attempt"), "")
    actor = _body(event, "by")
    # The reason of a recall is a sentence of the clerk's, kept for the journal alone.
    code = "" if event.tag == Tag.BATCH_RECALLED else _body(event, "reason") or _body(event, "code")
    sender = left_from.get(_body(event, "sender") or _body(event, "attempt"), "")
    return Event(event.at, _kind(event), channel, names.get(actor, ""), code, said, pictures, sender=sender)


def _kind(event: Recorded) -> str:
    """Each kind of answer, each button and a reading receipt are events of their own to whoever reads the history."""
    if event.tag == Tag.REPLY_RECEIVED:
        return f"reply:{_body(event, 'intent') or 'other'}"
    if event.tag == Tag.MESSAGE_DELIVERED and _body(event, "state") == State.READ:
        return "message:read"
    if event.tag == Tag.CARD_TAPPED:
        return f"card:{_body(event, 'button')}"
    return event.tag


def _told(events: Sequence[Event]) -> list[Event]:
    """Repeats of one kind in a row, such as images of pages that were looked at, become one line."""
    told: list[Event] = []
    for event in events:
        last = told[-1] if told else None
        if last and replace(last, at=event.at, count=event.count) == event:
            told[-1] = replace(last, count=last.count + 1)
        else:
            told.append(event)
    return told
