"""Which sender a message leaves from and how urgent it is, by the rules of its organisation."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from sqlmodel import Session

from app.db.models import Sender
from app.db.queries import organisations, rules
from app.messaging.numbers.place import place_of
from app.messaging.permission.categories import Category, Kind
from app.messaging.permission.category_rules import CategoryRule, category_rule, priority
from app.messaging.rule_rows import RuleKind, RuleRow, category_rules, kind_rules
from app.messaging.sending import senders


class Sorting:
    """The senders of an organisation and what its rules say of them. Asked for each message, answered from memory."""

    def __init__(self, known: Sequence[Sender], changed: Sequence[RuleRow], now: datetime) -> None:
        self._senders = known
        self._categories, self._kinds = category_rules(changed), kind_rules(changed)
        self._on = now.date()
        self._chosen: dict[tuple[str, str, str], Sender | senders.Refusal] = {}
        self._ranks: dict[tuple[str, str], int] = {}

    @classmethod
    def load(cls, session: Session, organisation_id: UUID, now: datetime) -> Self:
        """As they are now."""
        changed = rules.rows(session, organisation_id, RuleKind.CATEGORY, RuleKind.KIND)
        return cls(organisations.every_sender(session, organisation_id), changed, now)

    @classmethod
    def kept(cls, session: Session, organisation_id: UUID, now: datetime) -> Self:
        """As they were when this transaction first asked: loaded once for all messages it moves, however many."""
        known = session.info.setdefault(cls, {})
        if organisation_id not in known:
            known[organisation_id] = cls.load(session, organisation_id, now)
        found: Self = known[organisation_id]
        return found

    def plan(self, wanted: Iterable[str]) -> list[str]:
        """Of the channels that are wanted those a message may be sent on."""
        return senders.plan(wanted, self._senders)

    def leaves_by(self, carrier: str) -> bool:
        """Whether one of the senders does."""
        return any(sender.carrier == carrier for sender in self._senders)

    def rule(self, category: str) -> CategoryRule:
        """What the category asks for today."""
        return category_rule(Category(category), self._on, self._categories)

    def sender(self, channel: str, category: str, to: str) -> Sender | senders.Refusal:
        """Who says it to a number (E.164), or why nobody may."""
        asked = channel, category, place_of(to).territory
        known = self._chosen.get(asked)
        if known is None:
            known = senders.choose(self._senders, channel, self.rule(category), asked[2])
            self._chosen[asked] = known
        return known

    def first_sender(self, channel: str, category: str, to: str) -> Sender | None:
        """The same; where nobody may, the oldest sender of the channel, so that the reason is told when its turn comes."""
        chosen = self.sender(channel, category, to)
        if not isinstance(chosen, senders.Refusal):
            return chosen
        of_channel = (one for one in self._senders if senders.channel_of(one.kind) == channel)
        return next(of_channel, None)

    def priority(self, category: str, kind: str) -> int:
        """Its rank in the queue, 0 first."""
        known = self._ranks.get((category, kind))
        if known is None:
            known = self._ranks[category, kind] = priority(
                Category(category), Kind(kind), self._on, self._categories, self._kinds
            )
        return known
