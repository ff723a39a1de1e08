"""Write a rule of an organisation: a change of a shipped one, or one of its own."""

from uuid import UUID

from app.core.errors import InvalidInput
from app.db.models import DatedRule
from app.db.queries import journal, organisations, rules
from app.evidence.tags import Tag
from app.messaging.rule_rows import RuleRow, check
from app.runtime import Runtime

LONGEST_ID, LONGEST_SOURCE, LONGEST_NOTE = 60, 200, 400


def save_rule(rt: Runtime, organisation_id: UUID, row: RuleRow, actor: str) -> None:
    """The row as a whole; it holds for what is asked from now on. Raises NotFound, InvalidInput as `check` does or
    `rule_text` for an id, source or note that is too long."""
    check(row)
    too_long = len(row.id) > LONGEST_ID or len(row.source) > LONGEST_SOURCE or len(row.note) > LONGEST_NOTE
    if too_long or not row.id.strip():
        raise InvalidInput("rule_text", "give the rule an id, and shorten its source and note")
    now = rt.now()
    with rt.begin() as session:
        organisations.require(session, organisation_id)
        stored = rules.stored(session, organisation_id, row.kind, row.id) or DatedRule(
            organisation_id=organisation_id,
            kind=row.kind,
            rule_id=row.id,
            source="",
            certainty="",
            changed_at=now,
            changed_by="",
        )
        stored.value = dict(row.value)
        stored.valid_from, stored.valid_to, stored.enabled = row.valid_from, row.valid_to, row.enabled
        stored.source, stored.certainty, stored.note = row.source, row.certainty, row.note
        stored.changed_at, stored.changed_by = now, actor
        session.add(stored)
        session.flush()
        entry = journal.Entry(
            Tag.RULE_CHANGED, stored.id, {"kind": row.kind, "rule": row.id, "on": row.enabled, "by": actor}
        )
        journal.append(session, rt.vault, organisation_id, [entry], now)
