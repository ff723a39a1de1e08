"""The rules that hold for an organisation: the shipped ones with what it changed, and its choices."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.db.models import MessagingChoices
from app.db.queries import organisations, rules
from app.messaging.permission.category_rules import CategoryRule, KindRule
from app.messaging.permission.optout_words import Keyword
from app.messaging.rule_rows import (
    RuleKind,
    RuleRow,
    category_rules,
    days_off,
    keywords,
    kind_rules,
    window_rules,
)
from app.messaging.timing.holidays import Holiday
from app.messaging.timing.window_rules import CHARTERS, WindowRule
from app.messaging.timing.windows import wider_than
from app.runtime import Runtime


@dataclass(frozen=True)
class WindowShown:
    """A window rule. `changed` tells that the organisation wrote it, `holds` that it is in force today, `wider` is the
    name of the charter it goes beyond, empty for none."""

    rule: WindowRule
    changed: bool
    holds: bool
    wider: str


@dataclass(frozen=True)
class RulesShown:
    """Everything an organisation's messages are held to today. `changed_words` are those it wrote itself."""

    today: date
    windows: tuple[WindowShown, ...]
    categories: tuple[CategoryRule, ...]
    kinds: tuple[KindRule, ...]
    words: tuple[Keyword, ...]
    changed_words: Collection[str]
    days_off: tuple[Holiday, ...]
    choices: MessagingChoices


def show_rules(rt: Runtime, organisation_id: UUID) -> RulesShown:
    """Read only. Raises NotFound."""
    today = rt.now().date()
    with rt.read() as session:
        organisations.require(session, organisation_id)
        rows = rules.rows(session, organisation_id)
        choices = rules.choices(session, organisation_id)
    return RulesShown(
        today,
        tuple(_window(rule, rows, today) for rule in window_rules(rows)),
        category_rules(rows),
        kind_rules(rows),
        keywords(rows, today),
        {row.value["words"] for row in rows if row.kind is RuleKind.KEYWORD},
        days_off(rows),
        choices,
    )


def _window(rule: WindowRule, rows: list[RuleRow], today: date) -> WindowShown:
    changed = any(row.kind is RuleKind.WINDOW and row.id == rule.id for row in rows)
    charter = None
    if changed and rule.id not in {one.id for one in CHARTERS}:
        charter = wider_than(rule, CHARTERS, today)
    return WindowShown(rule, changed, rule.in_force(today), charter.name if charter else "")
