"""How a text becomes a message that waits to leave: checked, composed, counted, sealed and queued, in one place.

Every door that takes a text ends here, so none can forget what a text must say. The notices of a batch are composed by
`outbox`, many at once, from texts that were checked when they were kept.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlmodel import Session

from app.core.jobs import Jobs
from app.crypto.envelope import OutboxPlace
from app.crypto.epochs import EpochName, day_of
from app.crypto.vault import Vault
from app.db.models import Message, Sender
from app.db.queries import consents, journal, keys
from app.db.sending import lanes
from app.db.sending.text_checks import TextRules
from app.evidence.tags import Tag
from app.messaging.permission import consent
from app.messaging.permission.categories import Category, Kind
from app.messaging.permission.category_rules import is_commercial
from app.messaging.sending import senders, status
from app.messaging.texts.content import with_stop_mention
from app.messaging.texts.drafts import RCS, SMS
from app.messaging.texts.encode import smart_encode
from app.messaging.texts.segmentation import segment
from app.messaging.texts.text_rules import Circumstances, TextFinding, shows_way_out, text_findings
from rcs.cards import Language, TrafficType, agent_message_text, text_card

SCHEDULED = "scheduled"
_LONGEST_CARD_LIFE = timedelta(days=15)  # the platform takes no longer one


@dataclass(frozen=True)
class Words:
    """What is said: `text`, and on a phone with RCS a card of `title` and `description` when there is one.

    `adds_way_out`: marketing that lacks one gets it, as its editor has counted it. Otherwise it is refused.
    """

    text: str
    title: str = ""
    description: str = ""
    adds_way_out: bool = False

    @property
    def has_card(self) -> bool:
        """Whether there is something for a phone with RCS."""
        return bool(self.title or self.description)


@dataclass(frozen=True)
class Outgoing:
    """One message to a number in E.164. `sms` and `rcs` are the senders by channel, None for the one that suits;
    `channels` are those it may take, and `territory` is that of `Message`.

    It may leave from `not_before` on, and not later than `expires_at`.
    """

    to: str
    category: Category
    kind: Kind
    language: Language
    template_key: str
    words: Words
    not_before: datetime
    expires_at: datetime
    territory: str = ""
    channels: tuple[str, ...] = (RCS, SMS)
    sms: Sender | None = None
    rcs: Sender | None = None


@dataclass(frozen=True)
class Queued:
    """It waits. `text` is the SMS as it will leave, `warnings` what its writer should know."""

    message: Message
    text: str
    warnings: tuple[TextFinding, ...]


TEXT_REFUSED = "text_refused"


@dataclass(frozen=True)
class NotQueued:
    """Nothing was queued. `reason` is why no sender may carry it, the rule of consent that forbids it, or TEXT_REFUSED,
    with what the text must change in `findings`."""

    reason: str
    findings: tuple[TextFinding, ...] = ()


def queue_text(
    session: Session, vault: Vault, jobs: Jobs, held_to: TextRules, outgoing: Outgoing, now: datetime
) -> Queued | NotQueued:
    """Compose a message, check it, and put it into the queue of its sender, or aside until its hour.

    Raises InvalidInput for half a character, RcsError for a card the platform would refuse.
    """
    category, to = outgoing.category, outgoing.to
    chosen = {
        RCS: (outgoing.rcs or held_to.sorting.sender(RCS, category, to)) if outgoing.words.has_card else None,
        SMS: outgoing.sms or held_to.sorting.sender(SMS, category, to),
    }
    wanted = [chosen[channel] for channel in outgoing.channels]
    reachable = {
        channel: one
        for channel, one in zip(outgoing.channels, wanted, strict=True)
        if isinstance(one, Sender)
    }
    if not reachable:
        refusals = [one for one in wanted if isinstance(one, senders.Refusal)]
        return NotQueued((refusals or [senders.Refusal.NO_SENDER])[-1].value)
    asked = _ask_consent(session, vault, held_to, outgoing, reachable, now)
    if isinstance(asked, consent.Denied):
        return NotQueued(asked.rule)
    composed = _compose(session, vault, held_to, outgoing, reachable, now)
    if any(finding.blocking for finding in composed.findings):
        return NotQueued(TEXT_REFUSED, composed.findings)
    message = _store(session, vault, held_to, outgoing, reachable, composed, asked.ground, now)
    if message.state == status.State.QUEUED:
        lanes.wake(session, jobs, [lanes.lane_of(message)], now)
    return Queued(message, composed.text, composed.findings)


def opt_out_link(session: Session, vault: Vault, held_to: TextRules, to: str, now: datetime) -> str:
    """The address of the page on which the owner of a number ends marketing; made the first time."""
    token = consents.opt_out_token(session, vault, held_to.organisation.id, to, now)
    return f"{held_to.opt_out_url}{token}"


def _ask_consent(
    session: Session,
    vault: Vault,
    held_to: TextRules,
    outgoing: Outgoing,
    reachable: dict[str, Sender],
    now: datetime,
) -> consent.Allowed | consent.Denied:
    """What is forbidden now is refused at once; it is asked again when the message leaves."""
    organisation_id = held_to.organisation.id
    channel, sender = next(iter(reachable.items()))
    return consent.decide(
        outgoing.category,
        consents.ledger(session, organisation_id, vault.phone_index(organisation_id, outgoing.to)),
        sender.address,
        channel,
        now,
        commercial=is_commercial(outgoing.kind, now.date(), held_to.kinds),
        rules=held_to.categories,
    )


@dataclass(frozen=True)
class _Composed:
    text: str
    findings: tuple[TextFinding, ...]


def _compose(
    session: Session,
    vault: Vault,
    held_to: TextRules,
    outgoing: Outgoing,
    reachable: dict[str, Sender],
    now: datetime,
) -> _Composed:
    """The text as it will leave, with what there is to say about it and its card, each thing once.

    An address of the opt-out page counts as a way out only when it is that of the person who reads: that of somebody
    else would end the marketing of the wrong one.
    """
    words, category, on = outgoing.words, outgoing.category, now.date()

    def own_link() -> str:
        return opt_out_link(session, vault, held_to, outgoing.to, now)

    def circumstances(channel: str, said: str) -> Circumstances:
        link = own_link() if held_to.opt_out_url in said else ""
        return held_to.circumstances(channel, category, reachable[channel], link)

    options = held_to.options(reachable.get(SMS))
    text = smart_encode(words.text, options).text
    found: list[TextFinding] = []
    if SMS in reachable:
        if words.adds_way_out and not shows_way_out(text, circumstances(SMS, text)):
            # Asked of the address only where no short code takes a STOP, since asking makes one.
            link = "" if held_to.choices.stop_code else own_link()
            text = smart_encode(
                with_stop_mention(words.text, category, held_to.mention(outgoing.language, link)), options
            ).text
        found += text_findings(text, category, circumstances(SMS, text), on, held_to.categories)
    if RCS in reachable:
        said = f"{words.title}\n{words.description}"
        found += text_findings(said, category, circumstances(RCS, said), on, held_to.categories)
    return _Composed(text, tuple(sorted(dict.fromkeys(found), key=lambda one: not one.blocking)))


def _store(
    session: Session,
    vault: Vault,
    held_to: TextRules,
    outgoing: Outgoing,
    reachable: dict[str, Sender],
    composed: _Composed,
    ground: consent.Ground,
    now: datetime,
) -> Message:
    organisation_id, message_id = held_to.organisation.id, uuid4()
    plan = list(reachable)
    first = reachable[plan[0]]
    count = segment(composed.text, held_to.options(reachable.get(SMS, first)))
    day = day_of(outgoing.expires_at)
    sealer = vault.envelope.text_sealer(day)
    held = outgoing.not_before > now
    card = None
    if RCS in reachable:
        card = sealer.seal(
            OutboxPlace(organisation_id, message_id, None, RCS, day), _card(outgoing, message_id.hex)
        )
    message = Message(
        id=message_id,
        organisation_id=organisation_id,
        sender_id=first.id,
        priority=held_to.sorting.priority(outgoing.category, outgoing.kind),
        category=outgoing.category,
        kind=outgoing.kind,
        template_key=outgoing.template_key,
        language=outgoing.language,
        plan=plan,
        channel=plan[0],
        state=status.State.HELD if held else status.State.QUEUED,
        reason=SCHEDULED if held else "",
        to_sealed=vault.columns.seal_column(organisation_id, "message", "to", message_id, outgoing.to),
        to_index=vault.phone_index(organisation_id, outgoing.to),
        text_sealed=sealer.seal(OutboxPlace(organisation_id, message_id, None, SMS, day), composed.text),
        card_sealed=card,
        outbox_day=day,
        territory=outgoing.territory,
        ground=ground,
        segments=count.segments,
        encoding=count.encoding,
        not_before=outgoing.not_before,
        expires_at=outgoing.expires_at,
        created_at=now,
    )
    session.add(message)
    session.flush()
    entry = journal.Entry(
        Tag.MESSAGE_QUEUED, message.id, {"document": "", "plan": plan, "segments": count.segments}
    )
    journal.append(session, vault, organisation_id, [entry], now)
    keys.remember_epochs(session, vault.epochs, [EpochName.out(day)])
    return message


_TRAFFIC: dict[Category, TrafficType] = {
    Category.MARKETING: "PROMOTION",
    Category.TRANSACTIONAL: "TRANSACTION",
    Category.ALERT: "TRANSACTION",
    Category.CONVERSATIONAL: "SERVICEREQUEST",
}


def _card(outgoing: Outgoing, token: str) -> str:
    words = outgoing.words
    traffic: TrafficType = (
        "AUTHENTICATION" if outgoing.kind is Kind.ACCESS_CODE else _TRAFFIC[outgoing.category]
    )
    card = text_card(
        outgoing.language,
        words.title,
        words.description,
        token,
        can_stop=outgoing.category is Category.MARKETING,
    )
    life = min(outgoing.expires_at - outgoing.not_before, _LONGEST_CARD_LIFE)
    return agent_message_text(card, traffic, max(10, int(life.total_seconds())))
