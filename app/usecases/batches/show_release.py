"""The last look before a release: what would leave, to how many people, in which words, and what stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from app.core.errors import Conflict, NotFound
from app.db.faces import read_face
from app.db.models import Batch, Document, Organisation, Template
from app.db.queries import batches, documents, organisations
from app.documents.match.release import Severity, State
from app.documents.match.standing import lines_to_send, standing_blockers
from app.messaging import notices, windows
from app.messaging.categories import Category
from app.messaging.content import render
from app.messaging.encode import smart_encode
from app.messaging.place import place_of
from app.messaging.segmentation import segment
from app.messaging.window_rules import WINDOW_RULES
from app.runtime import Runtime
from links.policy import LinkTerms, terms
from links.text import ALPHABET, REF_LENGTH, build


@dataclass(frozen=True)
class CardPreview:
    """An RCS card as phones will show it."""

    title: str
    description: str


@dataclass(frozen=True)
class TextPreview:
    """The text of one language, with a link as long as the real ones. `count` people get it."""

    language: str
    text: str
    segments: int
    encoding: str
    card: CardPreview | None
    count: int


@dataclass(frozen=True)
class LeftOut:
    """A line that a person excluded, with the codes of its findings."""

    name: str
    staff_number: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class ReleaseView:
    """`channel` is the first one tried, `on_paper` counts people who refused the electronic payslip, `warnings` lines
    that leave although a warning stands. `held_until`: the window of some recipients is closed until then. `letters`
    counts access codes to print before the release."""

    id: UUID
    title: str
    expires_on: date
    password_policy: str
    profile: str
    leaving: int
    recipients: int
    channel: str
    excluded: Sequence[LeftOut]
    on_paper: int
    warnings: int
    previews: Sequence[TextPreview]
    held_until: datetime | None
    letters: int
    letters_printed: bool

    @property
    def segments_total(self) -> int:
        """SMS segments when everybody gets the SMS."""
        return sum(preview.segments * preview.count for preview in self.previews)


def show_release(rt: Runtime, organisation_id: UUID, batch_id: UUID) -> ReleaseView:
    """Read only. Raises NotFound, or Conflict `not_in_review` or `still_blocked`."""
    now = rt.now()
    with rt.read() as session:
        batch = batches.get(session, organisation_id, batch_id)
        organisation = organisations.get(session, organisation_id)
        if batch is None or organisation is None:
            raise NotFound("batch_unknown", "this batch does not exist")
        if batch.state != "in_review":
            raise Conflict("not_in_review", "only a batch in review can be released")
        lines = documents.of_batch(session, batch_id)
        templates = organisations.templates(session, organisation_id, notices.PAYSLIP_NOTICE)
        senders = organisations.senders(session, organisation_id)
    if standing_blockers(lines):
        raise Conflict("still_blocked", "settle or exclude each blocking line first")
    sending = lines_to_send(lines)
    made = terms(
        organisations.link_policy(organisation),
        password=batch.password_policy != "none",
        until=date.fromisoformat(batch.expires_on) if batch.expires_on else None,
        zone=ZoneInfo(organisation.timezone),
        now=now,
    )
    plan = [channel for channel in batch.channels if channel in senders]
    return ReleaseView(
        id=batch.id,
        title=batch.title,
        expires_on=made.until,
        password_policy=batch.password_policy,
        profile=batch.profile,
        leaving=len(sending),
        recipients=len({line.phone_index for line in sending}),
        channel=plan[0] if plan else "sms",
        excluded=[_left_out(rt, line) for line in lines if line.state == "excluded"],
        on_paper=sum(line.match == State.PAPER and line.state != "excluded" for line in lines),
        warnings=sum(
            any(finding["severity"] == Severity.WARNING for finding in line.findings) for line in sending
        ),
        previews=_previews(rt, batch, organisation, templates, made, sending, card="rcs" in plan),
        held_until=_held_until(rt, templates, sending, now),
        letters=len(sending) if batch.password_policy == "generated" else 0,
        letters_printed="codes_printed" in batch.confirmed,
    )


def _left_out(rt: Runtime, line: Document) -> LeftOut:
    face = read_face(rt.vault, line)
    return LeftOut(face.name, face.staff_number, tuple(finding["code"] for finding in line.findings))


def _previews(
    rt: Runtime,
    batch: Batch,
    organisation: Organisation,
    templates: Mapping[tuple[str, str], Template],
    made: LinkTerms,
    sending: Sequence[Document],
    *,
    card: bool,
) -> list[TextPreview]:
    """One per language in use. Only the link differs from person to person, and all links are equally long."""
    sample = (ALPHABET * 2)[: REF_LENGTH + made.secret_length]
    link = build(rt.policies.link_url, sample[:REF_LENGTH], sample[REF_LENGTH:])
    previews = []
    for language in sorted({line.language for line in sending}):
        values = notices.payslip_values(
            sender=organisation.name,
            period=batch.period,
            title=batch.title,
            until=made.until,
            link=link,
            password_policy=batch.password_policy,
            language=language,
        )
        text = smart_encode(render(templates["sms", language].text, values)).text
        cost = segment(text)
        rich = templates["rcs", language]
        previews.append(
            TextPreview(
                language,
                text,
                cost.segments,
                cost.encoding,
                CardPreview(render(rich.title, values), render(rich.text, values)) if card else None,
                sum(line.language == language for line in sending),
            )
        )
    return previews


def _held_until(
    rt: Runtime,
    templates: Mapping[tuple[str, str], Template],
    sending: Sequence[Document],
    now: datetime,
) -> datetime | None:
    """The latest opening among recipients whose window is closed now."""
    latest = None
    known: dict[str, windows.WindowDecision] = {}
    for line in sending:
        place = place_of(read_face(rt.vault, line).phone)
        if place.zone not in known:
            category = Category(templates["sms", line.language].category)
            known[place.zone] = windows.next_open(category, now, place, WINDOW_RULES)
        decision = known[place.zone]
        if not decision.allowed and decision.next is not None:
            latest = max(latest, decision.next) if latest else decision.next
    return latest
