"""Which of the messages that wait for a sender may leave now. What may not is ended, held or given to another sender,
with the rule that says so, in the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.db.models import Message, Sender
from app.db.queries import consents, messages, rules
from app.db.queries.journal import Book
from app.db.queries.messages import Lane, LinkStanding
from app.db.sending import transitions
from app.db.sending.lanes import lane_of, redirect
from app.db.sending.roads import Shut
from app.messaging.numbers.place import Place, place_in
from app.messaging.permission import consent
from app.messaging.permission.categories import Category, Kind
from app.messaging.permission.category_rules import category_rule, is_commercial
from app.messaging.rule_rows import category_rules, days_off, kind_rules, window_rules
from app.messaging.sending import senders, status
from app.messaging.timing import windows
from app.messaging.timing.window_rules import WindowRule


@dataclass(frozen=True)
class Departing:
    """A message that may leave, to a number (E.164)."""

    message: Message
    to: str


class Departures:
    """Asks every rule about the messages of one turn, of one sender. `moved` are the lanes in which a message waits
    again because this sender cannot carry it; the caller wakes them."""

    def __init__(
        self, book: Book, sender: Sender, provider_hours: Sequence[WindowRule], leaves_by: datetime
    ) -> None:
        """`provider_hours` are those the providers that may carry the messages keep of their own; what may leave does so
        until `leaves_by`."""
        self._book = book
        self._sender = sender
        self._now, self._leaves_by = book.now, leaves_by
        changed = rules.rows(book.session, sender.organisation_id)
        self._categories, self._kinds = category_rules(changed), kind_rules(changed)
        self._windows = (*window_rules(changed), *provider_hours)
        self._days_off = days_off(changed)
        self._decided: dict[tuple[str, Place, tuple[WindowRule, ...]], windows.WindowDecision] = {}
        self.moved: set[Lane] = set()

    def of(self, claimed: Sequence[Message]) -> list[Departing]:
        """Those of the messages that may leave, in their order."""
        links = messages.links_of(self._book.session, claimed)
        indexes = list({message.to_index for message in claimed})
        ledgers = consents.ledgers(self._book.session, self._sender.organisation_id, indexes)
        leaving = []
        for message in claimed:
            to = self._book.vault.columns.open_column(
                message.organisation_id, "message", "to", message.id, message.to_sealed
            )
            if self._may_leave(
                message, place_in(to, message.territory), links, ledgers.get(message.to_index, ())
            ):
                leaving.append(Departing(message, to))
        return leaving

    def shut(self, one: Departing, hours: Mapping[str, tuple[WindowRule, ...]]) -> dict[str, Shut]:
        """Of the carriers with hours of their own those that may not carry this message now."""
        found = {}
        for carrier, own in hours.items():
            window = self._window(one.message, place_in(one.to, one.message.territory), own)
            if not window.allowed:
                until = window.next or one.message.expires_at
                found[carrier] = Shut(until, window.rule)
        return found

    def _may_leave(
        self,
        message: Message,
        place: Place,
        links: Mapping[UUID, LinkStanding],
        ledger: Sequence[consent.Entry],
    ) -> bool:
        return (
            self._has_a_point(message, links)
            and self._is_due(message)
            and self._sender_carries(message, place)
            and self._is_wanted(message, ledger)
            and self._is_open(message, place)
        )

    def _has_a_point(self, message: Message, links: Mapping[UUID, LinkStanding]) -> bool:
        """Not when its time is over, or its link was closed after it was queued, or has led to the document since: the same
        link travelled by another channel."""
        if message.expires_at <= self._now:
            transitions.end_too_late(self._book, message)
            return False
        link = links.get(message.link_id) if message.link_id else None
        if link is None:
            return True
        if link.closed:
            transitions.end(self._book, message, status.State.CANCELLED, link.closed)
            return False
        if link.opened_at is not None and link.opened_at >= message.created_at:
            transitions.end(self._book, message, status.State.DELIVERED, transitions.OPENED)
            return False
        return True

    def _is_due(self, message: Message) -> bool:
        if message.not_before <= self._now:
            return True
        transitions.hold(self._book, message, message.not_before, message.reason or "scheduled")
        return False

    def _sender_carries(self, message: Message, place: Place) -> bool:
        """Or another sender of the organisation does, or none."""
        rule = category_rule(Category(message.category), self._now.date(), self._categories)
        if senders.objection(self._sender, rule, place.territory) is None:
            return True
        refusal = redirect(self._book, message)
        if refusal is None:
            self._book.session.add(message)
            self.moved.add(lane_of(message))
        else:
            transitions.end(self._book, message, status.State.FAILED, refusal.value)
        return False

    def _is_wanted(self, message: Message, ledger: Sequence[consent.Entry]) -> bool:
        category = Category(message.category)
        answer = consent.decide(
            category,
            ledger,
            self._sender.address,
            message.channel,
            self._now,
            commercial=is_commercial(Kind(message.kind), self._now.date(), self._kinds),
            rules=self._categories,
        )
        if isinstance(answer, consent.Denied):
            transitions.end(self._book, message, status.State.CANCELLED, answer.rule)
            return False
        message.ground = answer.ground
        return True

    def _is_open(self, message: Message, place: Place) -> bool:
        window = self._window(message, place, self._windows)
        if window.allowed:
            return True
        if window.next is None or window.next >= message.expires_at:
            transitions.end(self._book, message, status.State.CANCELLED, window.rule)
        else:
            transitions.hold(self._book, message, window.next, window.rule)
        return False

    def _window(
        self, message: Message, place: Place, rules: tuple[WindowRule, ...]
    ) -> windows.WindowDecision:
        """Closed now, or by the time it leaves: then otherwise when."""
        asked = message.category, place, rules
        known = self._decided.get(asked)
        if known is None:
            known = self._next_open(*asked, self._now)
            if known.allowed:
                known = self._next_open(*asked, self._leaves_by)
            self._decided[asked] = known
        return known

    def _next_open(
        self, category: str, place: Place, rules: tuple[WindowRule, ...], at: datetime
    ) -> windows.WindowDecision:
        return windows.next_open(
            Category(category), at, place, rules, categories=self._categories, days_off=self._days_off
        )
