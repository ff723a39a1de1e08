"""The last look before a release: what would leave, to how many people, in which words, and what stays."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from app.core.errors import Conflict, NotFound
from app.db.models import Document
from app.db.payroll.faces import read_face
from app.db.payroll.look_back import LookBack
from app.db.queries import batches, documents, organisations, rules
from app.db.sending.outbox import NoticeWriter
from app.db.sending.sorting import Sorting
from app.db.sending.text_checks import TextRules
from app.documents.match.left_out import BY_HAND
from app.documents.match.release import Severity, State
from app.documents.match.standing import (
    LOOKED_AGAIN,
    batch_blockers,
    lines_to_send,
    look_again,
    standing_blockers,
)
from app.messaging.numbers.place import place_of
from app.messaging.permission.categories import Category
from app.messaging.rule_rows import RuleRow, days_off, window_rules
from app.messaging.sending.senders import Refusal
from app.messaging.texts import notices
from app.messaging.texts.drafts import SMS
from app.messaging.texts.segmentation import segment
from app.messaging.timing import windows
from app.runtime import Runtime
from links.policy import terms
from links.text import ALPHABET, REF_LENGTH, SecretLength, build
from rcs.cards import LABELS as BUTTONS


@dataclass(frozen=True)
class CardPreview:
    """An RCS card as phones will show it."""

    title: str
    description: str
    button: str


@dataclass(frozen=True)
class TextPreview:
    """The longest text of one language, with a link as long as the real ones. `total_segments` are those of everybody
    who reads this language."""

    language: str
    text: str
    segments: int
    encoding: str
    card: CardPreview | None
    total_segments: int


@dataclass(frozen=True)
class LeftOut:
    """A line that a person excluded, with the codes of the findings that were a matter to look at; BY_HAND alone when
    there was none."""

    name: str
    staff_number: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class ReleaseView:
    """`channel` is the first one tried, `on_paper` counts people who refused the electronic payslip, `absent` lines
    with nothing to send, `warnings` lines
    that leave although a warning stands. `held_until`: the window of some recipients is closed until then. `letters`
    counts access codes to print before the release, `batch_blockers` are codes of what still holds it. `unreached` counts lines no sender may carry, by the reason."""

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
    absent: int
    warnings: int
    previews: Sequence[TextPreview]
    held_until: datetime | None
    letters: int
    letters_printed: bool
    batch_blockers: Sequence[str]
    unreached: Mapping[str, int]


def show_release(rt: Runtime, organisation_id: UUID, batch_id: UUID) -> ReleaseView:
    """Read only. Raises NotFound, or Conflict `not_in_review`, `still_blocked` or
    `nothing_to_send`."""
    now = rt.now()
    with rt.read() as session:
        batch = batches.get(session, organisation_id, batch_id)
        organisation = organisations.get(session, organisation_id)
        if batch is None or organisation is None:
            raise NotFound("batch_unknown", "this batch does not exist")
        if batch.state != "in_review":
            raise Conflict("not_in_review", "only a batch in review can be released")
        lines = documents.of_batch(session, batch_id)
        looked = LookBack(session, rt.vault, batch, look_again, LOOKED_AGAIN).lines
        templates = organisations.templates(session, organisation_id, notices.PAYSLIP_NOTICE)
        held_to = rt.text_rules(session, organisation_id)
        changed = rules.rows(session, organisation_id)
    if standing_blockers(looked):
        raise Conflict("still_blocked", "settle or exclude each blocking line first")
    sending = lines_to_send(lines)
    if not sending:
        raise Conflict("nothing_to_send", "no line of this batch has both a payslip and a person")
    made = terms(
        organisations.link_policy(organisation),
        password=batch.password_policy != "none",
        until=date.fromisoformat(batch.expires_on) if batch.expires_on else None,
        zone=ZoneInfo(organisation.timezone),
        now=now,
    )
    plan = held_to.sorting.plan(batch.channels)
    going = [(line, read_face(rt.vault, line).phone) for line in sending]
    writer = NoticeWriter(organisation, batch, templates, made)
    url = _sample_link(rt.policies.link_url, made.secret_length)
    return ReleaseView(
        id=batch.id,
        title=batch.title,
        expires_on=made.until,
        password_policy=batch.password_policy,
        profile=batch.profile,
        leaving=len(sending),
        recipients=len({line.phone_index for line in sending}),
        channel=plan[0],
        excluded=[_left_out(rt, line) for line in lines if line.state == "excluded"],
        on_paper=sum(line.match == State.PAPER and line.state != "excluded" for line in lines),
        absent=sum(
            line.state != "excluded" and line.match in (State.NO_PAYSLIP, State.ROW_ERROR) for line in lines
        ),
        warnings=sum(
            any(finding["severity"] == Severity.WARNING for finding in line.findings)
            for line in lines_to_send(looked)
        ),
        previews=_previews(rt, writer, held_to, sending, url, with_card="rcs" in plan),
        held_until=_held_until(writer, held_to, going, changed, now),
        unreached=_unreached(held_to.sorting, plan, writer, going),
        letters=len(sending) if batch.password_policy == "generated" else 0,
        letters_printed="codes_printed" in batch.confirmed,
        batch_blockers=batch_blockers(batch),
    )


def _left_out(rt: Runtime, line: Document) -> LeftOut:
    face = read_face(rt.vault, line)
    told = [finding["code"] for finding in line.findings if finding["severity"] != Severity.INFO]
    return LeftOut(face.name, face.staff_number, tuple(told) or (BY_HAND,))


def _sample_link(base: str, secret_length: SecretLength) -> str:
    return build(base, ALPHABET[:REF_LENGTH], ALPHABET[REF_LENGTH : REF_LENGTH + secret_length])


def _previews(
    rt: Runtime,
    writer: NoticeWriter,
    held_to: TextRules,
    sending: Sequence[Document],
    url: str,
    *,
    with_card: bool,
) -> list[TextPreview]:
    """Only the link differs between people of one language and period, and all links are equally long."""
    alike: dict[tuple[str, str], list[Document]] = {}
    for line in sending:
        alike.setdefault((line.language, line.period), []).append(line)
    longest: dict[str, TextPreview] = {}
    totals: dict[str, int] = {}
    for (language, _), lines in sorted(alike.items(), key=lambda item: item[0]):
        sender = held_to.sorting.first_sender(
            SMS, writer.category(lines[0]), read_face(rt.vault, lines[0]).phone
        )
        options = held_to.options(sender)
        text = writer.text(lines[0], url, options)
        cost = segment(text, options)
        totals[language] = totals.get(language, 0) + cost.segments * len(lines)
        card = (
            CardPreview(*writer.card(lines[0], url), BUTTONS["en" if language == "en" else "fr"]["open"])
            if with_card
            else None
        )
        found = TextPreview(language, text, cost.segments, cost.encoding, card, 0)
        if language not in longest or len(text) > len(longest[language].text):
            longest[language] = found
    return [replace(preview, total_segments=totals[language]) for language, preview in longest.items()]


def _unreached(
    sorting: Sorting, plan: Sequence[str], writer: NoticeWriter, going: Sequence[tuple[Document, str]]
) -> Mapping[str, int]:
    """How many lines nobody may send, by the reason of their last channel."""
    reasons: Counter[str] = Counter()
    for line, phone in going:
        answers = [sorting.sender(channel, writer.category(line), phone) for channel in plan]
        refusals = [answer for answer in answers if isinstance(answer, Refusal)]
        if len(refusals) == len(plan):
            reasons[refusals[-1].value] += 1
    return reasons


def _held_until(
    writer: NoticeWriter,
    held_to: TextRules,
    going: Sequence[tuple[Document, str]],
    changed: Sequence[RuleRow],
    now: datetime,
) -> datetime | None:
    """The latest opening among recipients whose window is closed now."""
    openings = set()
    hours, off = window_rules(changed), days_off(changed)
    for line, phone in going:
        place = place_of(phone)
        decision = windows.next_open(
            Category(writer.category(line)), now, place, hours, categories=held_to.categories, days_off=off
        )
        if not decision.allowed and decision.next is not None:
            openings.add(decision.next)
    return max(openings, default=None)
