"""Take one message in: a text or a template to one number, now, at an instant or at a local time."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from app.core.errors import Conflict, InvalidInput, NotFound
from app.db.models import Message, MessageRequest
from app.db.queries import organisations, single_messages
from app.db.sending.queueing import TEXT_REFUSED, NotQueued, Outgoing, Words, opt_out_link, queue_text
from app.db.sending.text_checks import TextRules
from app.db.session import Session
from app.messaging.numbers.phone import require_phone
from app.messaging.numbers.place import Place, place_of
from app.messaging.permission.categories import Category, Kind
from app.messaging.permission.category_rules import default_category
from app.messaging.texts.content import TemplateError, fields, render
from app.messaging.texts.drafts import RCS, SMS, built_in
from app.messaging.texts.text_rules import TextFinding
from app.messaging.timing.scheduling import LocalTime, Refusal, Refused, schedule
from app.runtime import Runtime
from rcs.cards import RcsError

LIFE = timedelta(hours=72)
CODE_LIFE = timedelta(minutes=15)
LONGEST_LIFE = timedelta(days=7)
_KIND_OF = {
    Category.TRANSACTIONAL: Kind.NOTICE,
    Category.MARKETING: Kind.OFFER,
    Category.CONVERSATIONAL: Kind.REPLY,
    Category.ALERT: Kind.WARNING,
}


@dataclass(frozen=True)
class NewMessage:
    """What is asked for. Either `text`, or the name of a `template` with the `values` of its own fields.

    `category` and `kind` are those of the template; for a text at least one of them is given. `language` empty is the
    organisation's. `when` None is now. `expires_at` None is 72 hours after it may leave, 15 minutes for an access code.
    `channels` empty is every channel the template has a text for. `postcode` tells where a French number lives when the
    number does not, as in Alsace-Moselle.
    """

    to: str
    text: str = ""
    template: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    category: Category | None = None
    kind: Kind | None = None
    language: Literal["fr", "en", ""] = ""
    when: datetime | LocalTime | None = None
    expires_at: datetime | None = None
    channels: tuple[str, ...] = ()
    postcode: str = ""


@dataclass(frozen=True)
class TextRefused:
    """The text cannot leave as it is: everything that was found, what blocks first."""

    findings: tuple[TextFinding, ...]


@dataclass(frozen=True)
class Taken:
    """It waits. `warnings` are what its writer should change next time; none when the key was used before."""

    message: Message
    warnings: tuple[TextFinding, ...] = ()


def send_message(
    rt: Runtime, organisation_id: UUID, new: NewMessage, actor: str, idempotency_key: str | None = None
) -> Taken | TextRefused:
    """Check, compose and queue it. The same key with the same request gives the message of the first time.

    Raises NotFound `template_unknown`; InvalidInput for a number, field, time or validity that cannot be used;
    Conflict `idempotency_key_reused`, the id of the consent rule that forbids it, or why no sender may carry it.
    """
    now = rt.now()
    request_hash = rt.vault.columns.content_index(_digest(new))
    with rt.begin() as session:
        held_to = rt.text_rules(session, organisation_id)
        if idempotency_key:
            organisations.lock(session, organisation_id)
            earlier = single_messages.by_idempotency_key(session, organisation_id, idempotency_key)
            if earlier is not None:
                return Taken(_same(*earlier, request_hash))
        outgoing = _outgoing(rt, session, held_to, new, now)
        try:
            queued = queue_text(session, rt.vault, rt.jobs, held_to, outgoing, now)
        except RcsError as error:
            raise InvalidInput(f"card_{error.code}", error.message) from None
        if isinstance(queued, NotQueued):
            return _refusal(queued)
        request = MessageRequest(
            message_id=queued.message.id,
            organisation_id=organisation_id,
            idempotency_key=idempotency_key,
            request_hash=request_hash,
            asked_by=actor,
            asked_at=now,
        )
        session.add(request)
        return Taken(queued.message, queued.warnings)


def _refusal(turned: NotQueued) -> TextRefused:
    if turned.reason == TEXT_REFUSED:
        return TextRefused(turned.findings)
    raise Conflict(turned.reason, "a rule forbids this message to this number; nothing was queued")


def _digest(new: NewMessage) -> bytes:
    return hashlib.sha256(json.dumps(asdict(new), sort_keys=True, default=str).encode()).digest()


def _same(earlier: MessageRequest, message: Message, request_hash: bytes) -> Message:
    if earlier.request_hash != request_hash:
        raise Conflict("idempotency_key_reused", "this idempotency key was used for another message")
    return message


@dataclass(frozen=True)
class _Said:
    """What is said, what for, in which language and by which channels."""

    words: Words
    category: Category
    kind: Kind
    language: Literal["fr", "en"]
    channels: tuple[str, ...] = (SMS,)


def _outgoing(rt: Runtime, session: Session, held_to: TextRules, new: NewMessage, now: datetime) -> Outgoing:
    organisation = held_to.organisation
    to = require_phone(new.to, organisation.region)
    language: Literal["fr", "en"] = "en" if (new.language or organisation.language) == "en" else "fr"
    if bool(new.text.strip()) == bool(new.template):
        raise InvalidInput("text_or_template", "give either a text or the name of a template")
    if new.template:
        said = _from_template(session, held_to, new, language, _own_values(rt, session, held_to, to, now))
    else:
        if new.channels not in ((), (SMS,)):
            raise InvalidInput("text_is_sms", "a text leaves by SMS; for a card name a template")
        said = _Said(Words(new.text), *_purpose(new, held_to, now), language)
    place = place_of(to, new.postcode or None)
    starts = _start(new, place, now)
    return Outgoing(
        to=to,
        category=said.category,
        kind=said.kind,
        language=said.language,
        template_key=new.template or "message",
        words=said.words,
        not_before=starts,
        expires_at=_end(new, said.kind, starts),
        territory=place.territory if new.postcode and place != place_of(to) else "",
        channels=said.channels,
    )


def _purpose(new: NewMessage, held_to: TextRules, now: datetime) -> tuple[Category, Kind]:
    """Category and kind, each from the other when it is left out. What asks to buy is marketing whatever it is called."""
    if new.kind is None:
        if new.category is None:
            raise InvalidInput("category_missing", "say the category or the kind of the message")
        return new.category, _KIND_OF[new.category]
    starts_as = default_category(new.kind, now.date(), held_to.kinds)
    if starts_as is Category.MARKETING and new.category not in (None, Category.MARKETING):
        raise InvalidInput("category_kind", f"a message of the kind {new.kind} is marketing")
    return new.category or starts_as, new.kind


def _from_template(
    session: Session, held_to: TextRules, new: NewMessage, language: str, own: Mapping[str, Callable[[], str]]
) -> _Said:
    """In the language asked for, else in the organisation's."""
    texts = organisations.templates(session, held_to.organisation.id, new.template)
    sms = texts.get((SMS, language)) or texts.get((SMS, held_to.organisation.language))
    if built_in(new.template) is not None or sms is None:
        raise NotFound(
            "template_unknown", "the organisation has no template of this name for messages of its own"
        )
    wanted = new.channels or ((RCS, SMS) if held_to.organisation.rcs_enabled else (SMS,))
    card = texts.get((RCS, sms.language)) if RCS in wanted else None
    channels = tuple(one for one in (RCS, SMS) if one in wanted and (one == SMS or card is not None))
    if not channels:
        raise NotFound("template_unknown", "this template has no card")
    category, kind = Category(sms.category), Kind(sms.kind)
    if new.category not in (None, category) or new.kind not in (None, kind):
        raise InvalidInput(
            "template_category_fixed", "category and kind are those of the template; leave them out"
        )
    text = _filled(own, new.values, sms.text)
    title, description = ("", "")
    if card is not None:
        title, description = _filled(own, new.values, card.title), _filled(own, new.values, card.text)
    words = Words(text, title, description, adds_way_out=True)
    return _Said(words, category, kind, "en" if sms.language == "en" else "fr", channels)


def _own_values(
    rt: Runtime, session: Session, held_to: TextRules, to: str, now: datetime
) -> Mapping[str, Callable[[], str]]:
    """What Pli fills in itself, each asked for only where a text names it."""
    return {
        "sender": lambda: held_to.organisation.name,
        "contact": lambda: held_to.organisation.contact,
        "stop": lambda: opt_out_link(session, rt.vault, held_to, to, now),
    }


def _filled(own: Mapping[str, Callable[[], str]], given: Mapping[str, str], text: str) -> str:
    try:
        return render(text, {**given, **{name: own[name]() for name in fields(text) if name in own}})
    except TemplateError as error:
        names = ", ".join(error.fields)
        raise InvalidInput("template_values", f"the template needs a value for each of: {names}") from None


def _start(new: NewMessage, place: Place, now: datetime) -> datetime:
    if new.when is None:
        return now
    planned = schedule(new.when, place, now)
    if isinstance(planned, Refused):
        what = "at the latest" if planned.reason is Refusal.TOO_FAR else "at the earliest"
        raise InvalidInput(
            f"schedule_{planned.reason}", f"a message may leave {what} at {planned.limit.isoformat()}"
        )
    return planned.at


def _end(new: NewMessage, kind: Kind, starts: datetime) -> datetime:
    if new.expires_at is None:
        return starts + (CODE_LIFE if kind is Kind.ACCESS_CODE else LIFE)
    if new.expires_at <= starts:
        raise InvalidInput("validity_over", "the message would be over before it may leave")
    if new.expires_at > starts + LONGEST_LIFE:
        raise InvalidInput("validity_too_long", "a message may wait at most 7 days once it may leave")
    return new.expires_at
