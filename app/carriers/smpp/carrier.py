"""The SMPP link behind the `Carrier` protocol: a text is handed over as its parts, and answered for as one message.

The process that holds the connection sends. Any other writes its parts down as offered and waits for the holder to send
them; nothing else passes between the two but rows.
"""

import itertools
import logging
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, cast
from uuid import UUID, uuid4

from app.carriers.base import (
    Accepted,
    CarrierError,
    Channel,
    Departed,
    Inbound,
    Refused,
    Remark,
    Report,
    RevokeOutcome,
    Submission,
    is_addressable,
)
from app.carriers.identifiers import identifier
from app.carriers.registry import Record
from app.carriers.smpp.checking import check
from app.carriers.smpp.codec import Command, Pdu, Status, decode_data_message, decode_message, encode_message
from app.carriers.smpp.dial import Dial
from app.carriers.smpp.ledger import Ledger, Missing
from app.carriers.smpp.link import Duties, Link, Pauses
from app.carriers.smpp.parts import TextOptions, build
from app.carriers.smpp.receipts import Piece, Receipt, read
from app.carriers.smpp.relay import Relay, offer
from app.carriers.smpp.session import Terms
from app.carriers.smpp.settings import SmppSettings
from app.carriers.smpp.statuses import refusal
from app.carriers.smpp.store import NewPart, SmppStore
from app.carriers.smpp.submissions import Answer, Fate, Outgoing
from app.core.errors import InvalidInput
from app.core.log import about, fields
from app.messaging.texts.segmentation import CarrierOptions

Outcome = Accepted | Refused | CarrierError

LINK_SECONDS: Final = 5.0
FORGET_EVERY: Final = timedelta(hours=1)
_COMMANDS: Final = {
    "transceiver": (Command.BIND_TRANSCEIVER,),
    "separate": (Command.BIND_TRANSMITTER, Command.BIND_RECEIVER),
    "transmitter": (Command.BIND_TRANSMITTER,),
}
_TEXT_CODES: Final = {
    "text_too_long": "text_too_long",
    "sender_invalid": "sender_refused",
    "number_invalid": "unknown_number",
}

USUAL: Final = Pauses()

log = logging.getLogger(__name__)


class SmppCarrier:
    """One SMPP connection. Not idempotent: SMPP knows no key by which a repeat could be recognised."""

    channels: frozenset[Channel] = frozenset({"sms"})
    idempotent = False

    def __init__(
        self,
        name: str,
        settings: SmppSettings,
        rate: float,
        store: SmppStore,
        owner: str,
        now: Callable[[], datetime],
        pauses: Pauses = USUAL,
    ) -> None:
        self.name = name
        self._settings, self._store, self._now = settings, store, now
        self._pauses = pauses
        self._terms = Terms(
            settings.window,
            rate,
            settings.enquire_seconds,
            pauses.enquire_answer,
            settings.answer_seconds,
            pauses.patience,
        )
        self._options = TextOptions(
            settings.long_text,
            settings.alphabet,
            settings.gsm_data_coding,
            settings.languages,
            settings.locking_shift,
            (settings.short_code_ton, settings.short_code_npi),
            settings.service_type,
        )
        self._references = itertools.count(secrets.randbelow(65536))
        self._ledger = Ledger(store, settings.id_form, settings.statuses)
        self._record: Record | None = None
        self._forgot_at: datetime | None = None
        self._link = Link(
            name,
            Dial.of(settings),
            _COMMANDS[settings.bind],
            self._terms,
            store,
            owner,
            now,
            pauses,
            Duties(self._receive, self._late, self._begin, self._sweep),
        )

        self._relay = Relay(name, self._link, store, now, self._hand_over)

    @property
    def text_options(self) -> CarrierOptions:
        """How texts are cut here."""
        return self._options.counting

    @property
    def link(self) -> Link:
        """The link and how it stands."""
        return self._link

    def start(self, record: Record) -> None:
        """Hold the link from now on. `record` stores what comes by it, and raises when it could not."""
        self._record = record
        self._link.start()
        self._relay.start()

    def wait_ready(self, seconds: float) -> bool:
        """Whether a message can be handed over, now or after so long at most."""
        return self._link.wait_settled(seconds)

    def stop(self) -> None:
        """Let what is on its way be answered, and log out."""
        self._relay.stop()
        self._link.stop()

    def submit(self, submission: Submission, now: datetime) -> Accepted | Refused:
        """Hand one message over. Raises CarrierError when there was no clear answer."""
        outcome = self.submit_all([submission], now)[0]
        if isinstance(outcome, CarrierError):
            raise outcome
        return outcome

    def submit_all(self, submissions: Sequence[Submission], now: datetime) -> list[Outcome]:
        """Hand several over at once, so that the window is used; one outcome for each, in order."""
        return [refused or self._outcome(answers) for refused, answers in self._handed(submissions, {}, now)]

    def submit_at(
        self, submissions: Sequence[Submission], waits: Sequence[float], now: datetime
    ) -> list[Departed]:
        """Hand several over, each to leave so many seconds from now or not at all."""
        began = time.monotonic()
        if self._link.holds and self._link.pause > max(waits):
            return [Departed(None, 0.0)] * len(submissions)
        of = {one.attempt_id: wait for one, wait in zip(submissions, waits, strict=True)}
        found = []
        for refused, answers in self._handed(submissions, of, now):
            missed = any(answer.fate is Fate.MISSED for answer in answers)
            outcome = None if missed else refused or self._outcome(answers)
            left = max((answer.left for answer in answers), default=0.0)
            found.append(Departed(outcome, max(0.0, left - began)))
        return found

    def revoke(self, _attempt_id: UUID, _to: str, _now: datetime) -> RevokeOutcome:
        """Networks do not honour cancel_sm reliably: what was handed over stays so."""
        return "unknown"

    def reaches_rcs(self, _organisation_id: UUID, _to: str) -> None:
        """Nobody knows here."""
        return

    def check(self, now: datetime) -> Iterator[Remark]:
        """Everything that can be looked at without sending a message, in plain words."""
        return check(self._settings, self._store, self._terms, now, self._pauses.refused)

    def _handed(
        self, submissions: Sequence[Submission], waits: Mapping[UUID, float], now: datetime
    ) -> list[tuple[Refused | None, Sequence[Answer]]]:
        """Of each message why it was not sent, or the answers to its parts."""
        began = time.monotonic()
        refused: dict[UUID, Refused] = {}
        parts: list[NewPart] = []
        for submission in submissions:
            try:
                parts += self._parts(submission)
            except InvalidInput as error:
                refused[submission.attempt_id] = Refused(_TEXT_CODES.get(error.code, "content_refused"))
        answers: dict[UUID, list[Answer]] = {}
        if self._link.holds:
            sent = self._send(parts, {key: began + wait for key, wait in waits.items()}, now)
        else:
            longest = self._terms.answer_seconds + self._terms.patience_seconds
            sent = offer(self._store, parts, waits, longest, now)
        for part, answer in zip(parts, sent, strict=True):
            answers.setdefault(part.attempt_id, []).append(answer)
        return [(refused.get(one.attempt_id), answers.get(one.attempt_id, ())) for one in submissions]

    def _parts(self, submission: Submission) -> list[NewPart]:
        if not is_addressable(submission.to):
            raise InvalidInput("number_invalid", "A message goes to a number in E.164.")
        reference = next(self._references)
        made = build(
            submission.sender,
            submission.to,
            submission.text,
            submission.ttl_seconds,
            reference,
            self._options,
        )
        try:
            bodies = [encode_message(message) for message in made]
        except ValueError:
            raise InvalidInput("address_invalid", "A sender or number does not fit its field.") from None
        return [
            NewPart(uuid4(), submission.attempt_id, number, len(made), submission.to, body)
            for number, body in enumerate(bodies, 1)
        ]

    def _outcome(self, answers: Sequence[Answer]) -> Outcome:
        """What the answers to its parts make of a message."""
        by_fate = {answer.fate: answer for answer in reversed(answers)}
        if Fate.DOUBT in by_fate:
            return CarrierError(
                "no_answer",
                f"{self.name} did not answer; it may have taken the message",
                retryable=False,
                in_doubt=True,
            )
        if (one := by_fate.get(Fate.REFUSED)) is not None:
            return Refused(refusal(one.status, self._settings.statuses))
        if (one := by_fate.get(Fate.LATER)) is not None:
            code = refusal(one.status, self._settings.statuses)
            return CarrierError(
                code, f"{self.name} takes nothing at present ({code})", retryable=True, in_doubt=False
            )
        if Fate.UNSENT in by_fate:
            standing = self._link.standing
            code = "carrier_credentials" if standing.state == "refused" else "carrier_unreachable"
            return CarrierError(
                code, f"{self.name} has no link at present; nothing was sent", retryable=True, in_doubt=False
            )
        return Accepted(identifier(answers[0].message_id))

    # The process that holds the link.

    def _send(self, parts: Sequence[NewPart], slots: Mapping[UUID, float], now: datetime) -> list[Answer]:
        if not parts:
            return []
        # What the carrier refuses now it refuses in five seconds too.
        patience = 0.0 if self._link.standing.state == "refused" else LINK_SECONDS
        if not self._link.wait_bound(patience):
            return [Answer(Fate.UNSENT)] * len(parts)
        self._ledger.reserve(parts, now)
        return self._hand_over(
            [Outgoing(one.id, one.body, slots.get(one.attempt_id), one.number > 1) for one in parts]
        )

    def _hand_over(self, outgoing: Sequence[Outgoing]) -> list[Answer]:
        answers = self._link.submit(outgoing)
        keys = [cast(UUID, one.key) for one in outgoing]
        self._link.write(self._answered, list(zip(keys, answers, strict=True)))
        return answers

    def _answered(self, answers: Sequence[tuple[UUID, Answer]]) -> None:
        self._ledger.answer(answers, self._now())
        self._settle()

    def _settle(self) -> None:
        """Receipts that had run ahead. They are kept until they are recorded, so a failure here loses nothing."""
        try:
            while (settled := self._ledger.settle(self._now())).receipt_ids:
                self._told(settled.reports)
                self._ledger.settled(settled)
        except Exception as error:  # the next sweep tries again
            log.error("receipts wait to be recorded", extra={**fields(carrier=self.name), **about(error)})

    def _told(self, events: Sequence[Report | Inbound]) -> None:
        if self._record is not None and events:
            self._record(events)

    def _receive(self, requests: Sequence[Pdu]) -> Sequence[int]:
        """Store what came. 0 for what is stored, and 0x64 for what is not: the SMSC then sends it again."""
        read_ = [self._read(request) for request in requests]
        receipts = [one for one in read_ if isinstance(one, Receipt)]
        stored = not receipts or self._stored(self._store_receipts, receipts)
        statuses = []
        for one in read_:
            if isinstance(one, Receipt):
                # One that cannot be stored must not keep the others from being acknowledged.
                well = stored or (len(receipts) > 1 and self._stored(self._store_receipts, [one]))
            else:
                well = self._stored(self._store_reply, one)
            statuses.append(int(Status.OK if well else Status.RECEIVER_TEMPORARY))
        return statuses

    def _read(self, request: Pdu) -> Receipt | Piece:
        decoded = (decode_data_message if request.command == Command.DATA_SM else decode_message)(
            request.body
        )
        return read(decoded, self._settings.error_codes, packed=self._settings.alphabet == "gsm_packed")

    def _stored(self, act: Callable[..., None], *args: object) -> bool:
        try:
            act(*args)
        except Exception as error:  # whatever it is, the SMSC must not believe that we have it
            log.error(
                "what a carrier sent was not stored", extra={**fields(carrier=self.name), **about(error)}
            )
            return False
        return True

    def _store_receipts(self, receipts: Sequence[Receipt]) -> None:
        self._told(self._ledger.receive(receipts, self._now()))

    def _store_reply(self, piece: Piece) -> None:
        inbound = self._ledger.inbound(piece, self._now())
        if inbound is Missing.OWNER:
            log.error("a reply to a sender that no organisation has", extra=fields(carrier=self.name))
        if isinstance(inbound, Inbound):
            self._told([inbound])
            self._ledger.recorded(piece)

    def _late(self, key: object, answer: Answer) -> None:
        if isinstance(key, UUID):
            self._told(self._ledger.late(key, answer, self._now()))
            self._settle()

    def _begin(self) -> None:
        self._in_doubt(self._now())
        self._settle()

    def _sweep(self) -> None:
        now = self._now()
        try:
            longest = self._terms.answer_seconds + self._terms.patience_seconds + 60
            self._in_doubt(now - timedelta(seconds=longest))
            self._settle()
            for piece, inbound in self._ledger.stale_replies(now):
                self._told([inbound])
                self._ledger.recorded(piece)
            if self._forgot_at is None or now - self._forgot_at >= FORGET_EVERY:
                self._forgot_at = now
                if count := self._ledger.forget_old(now):
                    log.warning(
                        "receipts fitted no message of ours", extra=fields(carrier=self.name, count=count)
                    )
        except Exception as error:  # the next sweep tries again
            log.error("a link was not swept", extra={**fields(carrier=self.name), **about(error)})

    def _in_doubt(self, before: datetime) -> None:
        if count := self._ledger.doubt_what_was_sent(before):
            log.warning("submissions are in doubt", extra=fields(carrier=self.name, count=count))
