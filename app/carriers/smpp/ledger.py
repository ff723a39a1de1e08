"""Which receipt belongs to which submission, kept so that no process that dies takes an answer with it.

A submission is written down before it is sent, its answer before anybody hears of it, a receipt before it is
acknowledged. A receipt fits a submission to the same number by its id; one that fits none is kept, for the answer that
would name it may still be on its way, and one for a number with a submission in doubt settles the oldest of those.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, cast
from uuid import UUID

from app.carriers.base import Inbound, Report
from app.carriers.smpp.receipts import IdForm, PartState, Piece, Receipt, best, whole
from app.carriers.smpp.statuses import refusal
from app.carriers.smpp.store import NewPart, Part, SmppStore, SmppTransaction
from app.carriers.smpp.submissions import Answer, Fate

PARTS_KEPT: Final = timedelta(days=14)  # longer than any message lives
RECEIPTS_KEPT: Final = timedelta(days=1)
PIECES_KEPT: Final = timedelta(days=1)
DOUBT_SETTLED_WITHIN: Final = timedelta(days=3)
SAME_REPLY: Final = timedelta(minutes=2)
GAP: Final = "…"
_REPORTED: Final = frozenset({"enroute", "delivered", "failed"})
_NOT_ACCEPTED: Final = frozenset({"refused", "later", "unsent"})


@dataclass(frozen=True)
class Settled:
    """Reports to record, and the kept receipts that are done with once they are."""

    reports: Sequence[Report]
    receipt_ids: Collection[UUID]


class Missing(Enum):
    """Why a reply cannot be handed on: other parts have not come, or it went to a sender nobody has."""

    PARTS = "parts"
    OWNER = "owner"


class Ledger:
    """The submissions and receipts of one connection. All calls but `reserve` come from one thread."""

    def __init__(self, store: SmppStore, id_form: IdForm, statuses: Mapping[str, str]) -> None:
        self._store, self._form, self._statuses = store, id_form, statuses

    def reserve(self, parts: Sequence[NewPart], now: datetime) -> None:
        """Before they are sent."""
        with self._store.begin() as transaction:
            transaction.add_parts(parts, "sent", now)

    def answer(self, answers: Sequence[tuple[UUID, Answer]], now: datetime) -> None:
        """What the SMSC answered, or that it did not."""
        with self._store.begin() as transaction:
            rows = transaction.parts([part_id for part_id, _ in answers])
            for part_id, answer in answers:
                if (part := rows.get(part_id)) is not None and part.state not in _REPORTED:
                    self._write(part, answer, now)

    def late(self, part_id: UUID, answer: Answer, now: datetime) -> list[Report]:
        """An answer to a submission that was given up; what is now known of its attempt."""
        self.answer([(part_id, answer)], now)
        with self._store.read() as view:
            part = view.parts([part_id]).get(part_id)
            return _reports(view, {part.attempt_id}, now) if part is not None else []

    def doubt_what_was_sent(self, before: datetime) -> int:
        """What was sent before then and has no answer is in doubt: an earlier link, or a process that died, left it. How
        much that was."""
        count = 0
        while True:
            with self._store.begin() as transaction:
                left = [part for part in transaction.parts_in("sent", 500) if part.sent_at < before]
                for part in left:
                    part.state = "doubt"
            count += len(left)
            if not left:
                return count

    def receive(self, receipts: Sequence[Receipt], now: datetime) -> list[Report]:
        """Write receipts down. The reports are to be recorded before the receipts are acknowledged; the same receipt
        again gives the same report."""
        touched: set[UUID] = set()
        with self._store.begin() as transaction:
            named = transaction.parts_named({one.message_id for one in receipts if one.message_id})
            for receipt in receipts:
                index = transaction.index(receipt.number)
                part = self._match(transaction, receipt.message_id, index, named, now)
                if part is None:
                    transaction.add_receipt(
                        receipt.message_id, index, receipt.state, receipt.code, receipt.vendor, now
                    )
                else:
                    _apply(part, receipt.message_id, receipt.state, receipt.code, receipt.vendor, now)
                    touched.add(part.attempt_id)
            return _reports(transaction, touched, now)

    def settle(self, now: datetime) -> Settled:
        """Try the kept receipts again. Call `settled` when the reports are recorded."""
        with self._store.read() as view:
            if not view.receipts():
                return Settled((), ())
        touched: set[UUID] = set()
        done: list[UUID] = []
        with self._store.begin() as transaction:
            kept = transaction.receipts()
            named = transaction.parts_named({one.reference for one in kept if one.reference})
            for receipt in kept:
                part = self._match(transaction, receipt.reference, receipt.to_index, named, now)
                if part is not None:
                    state = cast(PartState, receipt.state)
                    _apply(part, receipt.reference, state, receipt.code, receipt.vendor, now)
                    touched.add(part.attempt_id)
                    done.append(receipt.id)
            return Settled(_reports(transaction, touched, now), done)

    def settled(self, done: Settled) -> None:
        """Those reports are recorded."""
        if done.receipt_ids:
            with self._store.begin() as transaction:
                transaction.remove_receipts(done.receipt_ids)

    def inbound(self, piece: Piece, now: datetime) -> Inbound | Missing:
        """A reply, once all its parts have come and when it is known whose sender it went to."""
        if piece.total == 1:
            with self._store.read() as view:
                organisation_id = view.organisation_of(piece.to)
            slot = str(int(now.timestamp() // SAME_REPLY.total_seconds()))
            return _inbound(organisation_id, piece, piece.text, now, slot)
        with self._store.begin() as transaction:
            series = transaction.series(_series(piece))
            transaction.add_piece(series, piece.number, piece.total, _packed(piece), now)
            come = transaction.pieces(series)
            if len(come) < piece.total:
                return Missing.PARTS
            text = "".join(_unpacked(come[number]).text for number in sorted(come))
            return _inbound(transaction.organisation_of(piece.to), piece, text, now, series.hex())

    def recorded(self, piece: Piece) -> None:
        """That reply is stored; its parts are not needed any more."""
        if piece.total > 1:
            with self._store.begin() as transaction:
                transaction.remove_pieces(transaction.series(_series(piece)))

    def stale_replies(self, now: datetime) -> list[tuple[Piece, Inbound]]:
        """Replies whose other parts never came, as far as they can be read."""
        found = []
        with self._store.read() as view:
            for series in view.stale_series(now - PIECES_KEPT):
                come = {number: _unpacked(content) for number, content in view.pieces(series).items()}
                first = next(iter(come.values()))
                texts = [come[number].text if number in come else GAP for number in range(1, first.total + 1)]
                owner = view.organisation_of(first.to)
                inbound = _inbound(owner, first, "".join(texts), now, series.hex())
                if isinstance(inbound, Inbound):
                    found.append((first, inbound))
        return found

    def forget_old(self, now: datetime) -> int:
        """Delete what nobody waits for; how many receipts fitted nothing."""
        with self._store.begin() as transaction:
            return transaction.forget(now - PARTS_KEPT, now - RECEIPTS_KEPT)

    def _write(self, part: Part, answer: Answer, now: datetime) -> None:
        part.state = answer.fate.value
        part.reference = answer.message_id[:64]
        if answer.fate in (Fate.REFUSED, Fate.LATER):
            part.code = refusal(answer.status, self._statuses)
            part.vendor = f"0x{answer.status:x}"
        if answer.fate is not Fate.TAKEN and answer.fate is not Fate.DOUBT:
            part.done_at = now

    def _match(
        self,
        transaction: SmppTransaction,
        message_id: str,
        to_index: bytes,
        named: Sequence[Part],
        now: datetime,
    ) -> Part | None:
        here = [part for part in named if part.to_index == to_index]
        if (found := best(_likeliest(here), message_id, self._form)) is not None:
            return found
        to_number = transaction.parts_to(to_index)
        if message_id:
            found = best(_likeliest(to_number), message_id, self._form)
        else:
            waiting = [part for part in to_number if part.state in ("taken", "enroute")]
            found = waiting[0] if len(waiting) == 1 else None
        if found is not None or any(part.state == "sent" for part in to_number):
            return found  # the answer that is on its way may name this very id
        since = now - DOUBT_SETTLED_WITHIN
        return next((one for one in to_number if one.state == "doubt" and one.sent_at >= since), None)


def _likeliest(parts: Sequence[Part]) -> list[tuple[Part, str]]:
    """An SMSC may use an id again: what still waits comes first, and then what was sent last."""
    order = sorted(parts, key=lambda part: (part.done_at is None, part.sent_at), reverse=True)
    return [(part, part.reference) for part in order]


def _apply(part: Part, message_id: str, state: PartState, code: str, vendor: str, now: datetime) -> None:
    """A final state never changes."""
    part.reference = part.reference or message_id[:64]
    if part.state in ("delivered", "failed"):
        return
    part.state, part.code, part.vendor = state, code, vendor
    if state != "enroute":
        part.done_at = now


def _reports(transaction: SmppTransaction, attempts: Collection[UUID], now: datetime) -> list[Report]:
    by_attempt: dict[UUID, list[Part]] = {}
    for part in transaction.parts_of(attempts) if attempts else ():
        if part.state == Fate.MISSED.value:
            continue  # the attempt was handed over again
        by_attempt.setdefault(part.attempt_id, []).append(part)
    reports = []
    for attempt_id, parts in by_attempt.items():
        state, code = whole([_standing(part) for part in parts])
        key = f"{state}:{code}" if code else state
        reports.append(Report(attempt_id, key, state, code, now))
    return reports


def _standing(part: Part) -> tuple[PartState | None, str]:
    if part.state in _NOT_ACCEPTED:
        return "failed", part.code
    return (cast(PartState, part.state) if part.state in _REPORTED else None), part.code


def _inbound(
    organisation_id: UUID | None, piece: Piece, text: str, now: datetime, slot: str
) -> Inbound | Missing:
    if organisation_id is None:
        return Missing.OWNER
    said = "\0".join((piece.from_, piece.to, text, slot))
    return Inbound(organisation_id, piece.from_, piece.to, text, now, said, national=piece.national)


def _series(piece: Piece) -> str:
    return "\0".join((piece.from_, piece.to, str(piece.reference), str(piece.total)))


def _packed(piece: Piece) -> str:
    numbers = (piece.total, piece.reference, int(piece.national))
    return "\0".join((piece.from_, piece.to, *map(str, numbers), piece.text))


def _unpacked(content: str) -> Piece:
    from_, to, total, reference, national, text = content.split("\0", 5)
    return Piece(from_, to, text, int(reference), 1, int(total), national == "1")
