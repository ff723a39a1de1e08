"""Every question asked of the rules an organisation changed, and of its choices."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from uuid import UUID

from sqlmodel import Session, col, select

from app.db.models import DatedRule, MessagingChoices
from app.messaging.permission.optout import Lexicon, compile_lexicon
from app.messaging.permission.optout_words import Keyword
from app.messaging.records import Certainty
from app.messaging.rule_rows import RuleKind, RuleRow, keywords, window_rules
from app.messaging.timing.window_rules import WindowRule


def rows(session: Session, organisation_id: UUID, *kinds: RuleKind) -> list[RuleRow]:
    """The rows of an organisation in the order of their ids; only of these kinds when some are named."""
    query = select(DatedRule).where(DatedRule.organisation_id == organisation_id)
    if kinds:
        query = query.where(col(DatedRule.kind).in_(kinds))
    return [_row(found) for found in session.exec(query.order_by(col(DatedRule.rule_id)))]


def windows(session: Session, organisation_id: UUID) -> tuple[WindowRule, ...]:
    """The window rules that bind an organisation, charters included."""
    return window_rules(rows(session, organisation_id, RuleKind.WINDOW))


def lexicon(session: Session, organisation_id: UUID, on: date) -> Lexicon:
    """The words an organisation reads in answers that day."""
    return _lexicon(keywords(rows(session, organisation_id, RuleKind.KEYWORD), on))


def choices(session: Session, organisation_id: UUID) -> MessagingChoices:
    """The choices of an organisation; the defaults while it made none."""
    known = session.get(MessagingChoices, organisation_id)
    return known or MessagingChoices(organisation_id=organisation_id)


def stored(session: Session, organisation_id: UUID, kind: RuleKind, rule_id: str) -> DatedRule | None:
    """One row, held until the transaction ends."""
    query = select(DatedRule).where(
        DatedRule.organisation_id == organisation_id, DatedRule.kind == kind, DatedRule.rule_id == rule_id
    )
    return session.exec(query.with_for_update(key_share=True)).one_or_none()


def _row(found: DatedRule) -> RuleRow:
    return RuleRow(
        RuleKind(found.kind),
        found.rule_id,
        found.value,
        found.source,
        Certainty(found.certainty),
        found.note,
        found.valid_from,
        found.valid_to,
        found.enabled,
    )


@lru_cache(maxsize=64)
def _lexicon(words: Sequence[Keyword]) -> Lexicon:
    return compile_lexicon(keywords=words)
