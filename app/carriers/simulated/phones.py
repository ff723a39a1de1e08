"""The phones of the simulated network, as the page shows them and as a person uses them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from app.carriers.simulated.network import behaviour_of
from app.carriers.simulated.numbers import MagicNumber, magic_number
from app.carriers.simulated.store import (
    Body,
    Handset,
    NetworkMessage,
    SimulatorStore,
    SimulatorTransaction,
)
from app.core.errors import Conflict, InvalidInput, NotFound, TooLarge
from rcs.cards import Card, Dial, OpenLink, RcsError, Remind, Suggestion, read_agent_message

REPLY_MAX = 1_000
SHOWN_MAX = 200
PREVIEW_MAX = 80


@dataclass(frozen=True)
class PhoneAct:
    """What a tap made the phone itself do: prepare a call to the number `dialled`, or put an entry with the title
    `noted` in its calendar for the moment `noted_for`."""

    dialled: str
    noted: str
    noted_for: datetime | None


@dataclass(frozen=True)
class PhoneMessage:
    """One message on a phone. `incoming` is from us to the person; `sender` is our address in both directions. With
    `act` nobody wrote: the phone did what a tapped button asks.

    `text` is empty and `erased` true once the message is older than the simulator keeps texts. `card` is what an RCS
    message shows; its suggestions are tapped by position.
    """

    id: UUID
    incoming: bool
    channel: str
    sender: str
    at: datetime
    read_at: datetime | None
    text: str
    card: Card | None
    erased: bool
    act: PhoneAct | None = None


@dataclass(frozen=True)
class PhoneSummary:
    """One line of the list of phones. `waiting` counts messages that the network holds for it; `preview` is the
    start of the latest message, empty when there is none."""

    id: UUID
    number: str
    powered: bool
    rcs: bool
    unread: int
    waiting: int
    preview: str
    latest_at: datetime | None
    magic: MagicNumber | None


@dataclass(frozen=True)
class Phone:
    """A phone with what it shows, latest first, at most 200 messages."""

    summary: PhoneSummary
    messages: tuple[PhoneMessage, ...]


class SimulatedPhones:
    """Every operation is for one organisation: a phone of another raises NotFound("no_phone")."""

    def __init__(self, store: SimulatorStore) -> None:
        self._store = store

    def recent(self, organisation_id: UUID, *, limit: int, offset: int) -> list[PhoneSummary]:
        """Phones, latest activity first."""
        with self._store.read() as view:
            return _summaries(view, view.handsets(organisation_id, limit, offset))

    def count(self, organisation_id: UUID) -> int:
        """How many phones there are."""
        with self._store.read() as view:
            return view.count_handsets(organisation_id)

    def find(self, organisation_id: UUID, number: str) -> PhoneSummary | None:
        """The phone with this number (E.164)."""
        with self._store.read() as view:
            handset = view.handset_at(organisation_id, number)
            return _summaries(view, [handset])[0] if handset else None

    def show(self, organisation_id: UUID, phone_id: UUID) -> Phone:
        """One phone with its messages. Changes nothing: `mark_read` says that somebody looked."""
        with self._store.read() as view:
            handset = _handset(view, organisation_id, phone_id)
            messages = tuple(_shown(view, message) for message in view.shown_messages(phone_id, SHOWN_MAX))
            return Phone(_summaries(view, [handset])[0], messages)

    def set_power(self, organisation_id: UUID, phone_id: UUID, on: bool) -> None:
        """Switch a phone on or off. What waits for it is delivered within a second of switching on."""
        with self._store.begin() as transaction:
            _handset(transaction, organisation_id, phone_id).powered = on

    def set_rcs(self, organisation_id: UUID, phone_id: UUID, on: bool) -> None:
        """Switch RCS on or off. Without it new cards are refused, and those on their way wait."""
        with self._store.begin() as transaction:
            _handset(transaction, organisation_id, phone_id).rcs = on

    def mark_read(self, organisation_id: UUID, phone_id: UUID, now: datetime) -> int:
        """Somebody looked at the screen; how many messages were new. RCS messages report that they were read."""
        with self._store.begin() as transaction:
            handset = _handset(transaction, organisation_id, phone_id)
            unread = [
                message
                for message in transaction.shown_messages(handset.id, SHOWN_MAX)
                if message.read_at is None and message.attempt_id is not None
            ]
            for message in unread:
                _read(transaction, message, now)
            return len(unread)

    def reply(self, organisation_id: UUID, phone_id: UUID, sender: str, text: str, now: datetime) -> None:
        """Answer a sender that wrote to this phone.

        Raises InvalidInput("empty_reply"), TooLarge("reply_too_long") over 1,000 characters, Conflict("phone_off"),
        NotFound("no_such_sender").
        """
        text = text.strip()
        if not text:
            raise InvalidInput("empty_reply", "write something before sending")
        if len(text) > REPLY_MAX:
            raise TooLarge("reply_too_long", f"an answer has at most {REPLY_MAX} characters")
        with self._store.begin() as transaction:
            handset = _switched_on(transaction, organisation_id, phone_id)
            heard = [m for m in transaction.shown_messages(handset.id, SHOWN_MAX) if m.sender == sender]
            if not heard:
                raise NotFound("no_such_sender", "this sender never wrote to this phone")
            _send(transaction, heard[0], Body(text), now)

    def tap(self, organisation_id: UUID, message_id: UUID, position: int, now: datetime) -> Suggestion:
        """Tap a suggestion of a card; what it is, so that the page can follow it. The tap is told to the sender. The phone
        shows a suggested reply as something the person wrote, and what it did itself: a call, an entry in its calendar.

        Raises NotFound("no_such_message") or NotFound("no_such_suggestion"), Conflict("phone_off").
        """
        with self._store.begin() as transaction:
            message = transaction.message(organisation_id, message_id)
            if message is None or message.state != "delivered":
                raise NotFound("no_such_message", "this message is not on a phone of this organisation")
            _switched_on(transaction, organisation_id, message.handset_id)
            card = _shown(transaction, message).card
            if card is None or not 0 <= position < len(card.suggestions):
                raise NotFound("no_such_suggestion", "this message has no such suggestion")
            suggestion = card.suggestions[position]
            if message.read_at is None:
                _read(transaction, message, now)
            _send(
                transaction,
                message,
                _tapped(suggestion),
                now,
                state="tapped" if isinstance(suggestion, OpenLink) else "received",
            )
            return suggestion


def _tapped(suggestion: Suggestion) -> Body:
    body = Body(suggestion.label, postback=suggestion.postback)
    match suggestion:
        case Dial():
            return replace(body, dialled=suggestion.phone)
        case Remind():
            return replace(body, noted=suggestion.title, noted_for=suggestion.start.isoformat())
    return body


def _handset(transaction: SimulatorTransaction, organisation_id: UUID, phone_id: UUID) -> Handset:
    handset = transaction.handset(organisation_id, phone_id)
    if handset is None:
        raise NotFound("no_phone", "no phone of this organisation has that id")
    return handset


def _switched_on(transaction: SimulatorTransaction, organisation_id: UUID, phone_id: UUID) -> Handset:
    handset = _handset(transaction, organisation_id, phone_id)
    if not handset.powered:
        raise Conflict("phone_off", "switch the phone on first")
    return handset


def _read(transaction: SimulatorTransaction, message: NetworkMessage, now: datetime) -> None:
    message.read_at = now
    if message.channel == "rcs" and behaviour_of(transaction, message).receipts:
        transaction.add_report(message.id, state="read", code="", occurred_at=now, due_at=now)


def _send(
    transaction: SimulatorTransaction,
    answered: NetworkMessage,
    body: Body,
    now: datetime,
    state: str = "received",
) -> None:
    sent = transaction.add_message(
        organisation_id=answered.organisation_id,
        handset_id=answered.handset_id,
        attempt_id=None,
        channel=answered.channel,
        sender=answered.sender,
        body=body.to_json(),
        state=state,
        now=now,
        due_at=None,
        expires_at=None,
    )
    transaction.add_report(sent.id, state="inbound", code="", occurred_at=now, due_at=now)


def _shown(view: SimulatorTransaction, message: NetworkMessage) -> PhoneMessage:
    sealed_text = view.body(message.id)
    body = Body("") if sealed_text is None else Body.from_json(sealed_text)
    return PhoneMessage(
        id=message.id,
        incoming=message.attempt_id is not None,
        channel=message.channel,
        sender=message.sender,
        at=message.delivered_at or message.created_at,
        read_at=message.read_at,
        text=body.text,
        card=_card(body),
        erased=sealed_text is None,
        act=_act(body),
    )


def _act(body: Body) -> PhoneAct | None:
    if not (body.dialled or body.noted):
        return None
    noted_for = datetime.fromisoformat(body.noted_for) if body.noted_for else None
    return PhoneAct(body.dialled, body.noted, noted_for)


def _card(body: Body) -> Card | None:
    if body.card is None:
        return None
    try:
        return read_agent_message(body.card)
    except RcsError:  # taken under an older rule: the text says the same
        return None


def _summaries(view: SimulatorTransaction, handsets: Sequence[Handset]) -> list[PhoneSummary]:
    ids = [handset.id for handset in handsets]
    latest: Mapping[UUID, NetworkMessage] = view.latest_shown(ids)
    unread, waiting = view.count_unread(ids), view.count_waiting(ids)
    summaries = []
    for handset in handsets:
        number = view.number(handset.id)
        last = _shown(view, latest[handset.id]) if handset.id in latest else None
        summaries.append(
            PhoneSummary(
                id=handset.id,
                number=number,
                powered=handset.powered,
                rcs=handset.rcs,
                unread=unread.get(handset.id, 0),
                waiting=waiting.get(handset.id, 0),
                preview=_preview(last),
                latest_at=last.at if last else None,
                magic=magic_number(number),
            )
        )
    return summaries


def _preview(message: PhoneMessage | None) -> str:
    if message is None:
        return ""
    text = message.card.title or message.card.description if message.card else message.text
    return text if len(text) <= PREVIEW_MAX else text[: PREVIEW_MAX - 1] + "…"
