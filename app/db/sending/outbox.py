"""What is said about a document, as a row of the table `message`: texts composed, counted and sealed."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple, Protocol
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from app.crypto.envelope import OutboxPlace
from app.crypto.epochs import day_of
from app.crypto.vault import Vault
from app.db.models import Batch, Organisation, Template
from app.db.queries.leaving import LeavingDocument
from app.db.sending.text_checks import TextRules
from app.messaging.sending.senders import Refusal
from app.messaging.texts import notices
from app.messaging.texts.content import render
from app.messaging.texts.drafts import SMS
from app.messaging.texts.encode import smart_encode
from app.messaging.texts.segmentation import PLAIN, CarrierOptions, segment
from links.policy import LinkTerms
from rcs.cards import agent_message_text, document_card

TEXT_LIFE = timedelta(hours=72)
REMIND_BEFORE = timedelta(days=2)
# An entry at midnight would ring when nobody can read.
REMIND_HOUR = time(10)


class MintedLink(NamedTuple):
    """A link that exists in this moment only: `url` holds its secret."""

    id: UUID
    ref: str
    url: str


class Announced(Protocol):
    """A document as far as words about it are concerned."""

    @property
    def language(self) -> str: ...
    @property
    def period(self) -> str: ...


class NoticeWriter:
    """Finds the words about the documents of one batch. Pure: the release page shows what the messages will say."""

    def __init__(
        self,
        organisation: Organisation,
        batch: Batch,
        templates: Mapping[tuple[str, str], Template],
        terms: LinkTerms,
    ) -> None:
        self._organisation = organisation
        self._batch = batch
        self._templates = templates
        self._terms = terms
        self._known: dict[tuple[str, str], dict[str, str]] = {}

    def text(self, document: Announced, url: str, options: CarrierOptions = PLAIN) -> str:
        """The SMS, as it will leave by a carrier with these options."""
        template = self._templates["sms", document.language]
        return smart_encode(self._fill(template.text, document, url), options).text

    def card(self, document: Announced, url: str) -> tuple[str, str]:
        """Title and description of the RCS card."""
        template = self._templates["rcs", document.language]
        return self._fill(template.title, document, url), self._fill(template.text, document, url)

    def category(self, document: Announced) -> str:
        """What kind of message the notice is, for the rules of sending."""
        return self._templates["sms", document.language].category

    def kind(self, document: Announced) -> str:
        """What is said, for its rank among what waits."""
        return self._templates["sms", document.language].kind

    def _fill(self, template: str, document: Announced, url: str) -> str:
        words = template if document.period else notices.without_period(template)
        return render(words, self._values(document, url))

    def _values(self, document: Announced, url: str) -> dict[str, str]:
        language, period = document.language, document.period
        known = self._known.get((language, period))
        if known is None:
            known = self._known[language, period] = {
                "sender": self._organisation.name,
                "period": notices.period_label(period, language),
                "until": notices.date_label(self._terms.until, language),
                "hint": notices.PASSWORD_HINTS[self._batch.password_policy, language],
            }
        return {**known, "link": url}


def remind_at(last_day: date, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When the calendar of a phone reminds of a link: in the morning of the sender's zone, two days before its last day.
    None when that is over."""
    moment = datetime.combine(last_day - REMIND_BEFORE, REMIND_HOUR, zone).astimezone(UTC)
    return moment if moment > now else None


class NoticeMaker:
    """Composes the notices of one batch. `rcs_life` is how long a card may wait before the SMS goes out instead.

    The texts of the templates were judged when they were kept, and their category never changes, so that of the rules of
    texts only the longest is asked again: the name of the organisation and the limit itself may have changed since.
    """

    def __init__(
        self,
        vault: Vault,
        organisation: Organisation,
        batch: Batch,
        templates: Mapping[tuple[str, str], Template],
        held_to: TextRules,
        terms: LinkTerms,
        rcs_life: timedelta,
        now: datetime,
    ) -> None:
        self._organisation_id = organisation.id
        self._sender_name = organisation.name
        self._contact_phone = organisation.contact_phone or None
        self._batch_id = batch.id
        self._words = NoticeWriter(organisation, batch, templates, terms)
        self._rcs_life = int(rcs_life.total_seconds())
        self._now = now
        self._held_to = held_to
        self._sorting = held_to.sorting
        self._plan = self._sorting.plan(batch.channels)
        self._remind_at = remind_at(terms.until, ZoneInfo(organisation.timezone), now)
        self._expires_at = min(now + TEXT_LIFE, terms.expires_at)
        self._day = day_of(self._expires_at)
        self._sealer = vault.envelope.text_sealer(self._day)
        self._columns = vault.columns.sealer(organisation.id, "message")

    def row(self, document: LeavingDocument, phone: str, link: MintedLink) -> dict[str, Any]:
        """The message about one document, queued."""
        organisation_id, message_id = self._organisation_id, uuid4()
        category, kind = self._words.category(document), self._words.kind(document)
        plan = self._plan_of(category, phone)
        sender = self._sorting.first_sender(plan[0], category, phone)
        if sender is None:
            raise ValueError("a channel of the plan has a sender")
        texting = sender if plan[0] == SMS else self._sorting.first_sender(SMS, category, phone)
        options = self._held_to.options(texting)
        text = self._words.text(document, link.url, options)
        count = segment(text, options)
        too_long = count.segments > self._held_to.longest
        place = OutboxPlace(organisation_id, message_id, link.id, "sms", self._day)
        card = None
        if "rcs" in plan:
            at = OutboxPlace(organisation_id, message_id, link.id, "rcs", self._day)
            card = self._sealer.seal(at, self._card(document, link))
        return {
            "id": message_id,
            "organisation_id": organisation_id,
            "batch_id": self._batch_id,
            "document_id": document.id,
            "link_id": link.id,
            "block_id": None,
            "sender_id": sender.id,
            "priority": self._sorting.priority(category, kind),
            "category": category,
            "kind": kind,
            "template_key": notices.PAYSLIP_NOTICE,
            "language": document.language,
            "plan": plan,
            "channel": plan[0],
            "state": "failed" if too_long else "queued",
            "reason": "text_too_long" if too_long else "",
            "to_sealed": self._columns.seal("to", message_id, phone),
            "to_index": document.phone_index,
            "text_sealed": self._sealer.seal(place, text),
            "card_sealed": card,
            "outbox_day": self._day,
            "territory": "",
            "ground": "",
            "segments": count.segments,
            "encoding": count.encoding,
            "not_before": self._now,
            "expires_at": self._expires_at,
            "created_at": self._now,
            "finished_at": self._now if too_long else None,
            "wiped_at": None,
            "double": False,
        }

    def _plan_of(self, category: str, phone: str) -> list[str]:
        """The channels on which somebody may say it to this number; all of them when nobody may, to tell why."""
        able = [
            channel
            for channel in self._plan
            if not isinstance(self._sorting.sender(channel, category, phone), Refusal)
        ]
        return able or self._plan

    def _card(self, document: Announced, link: MintedLink) -> str:
        title, description = self._words.card(document, link.url)
        card = document_card(
            language="en" if document.language == "en" else "fr",
            sender_name=self._sender_name,
            title=title,
            description=description,
            link=link.url,
            ref=link.ref,
            phone=self._contact_phone,
            remind_at=self._remind_at,
        )
        return agent_message_text(card, "TRANSACTION", self._rcs_life)
