"""What an organisation knows of one number's consent, line by line, and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.db.models import ConsentRecord
from app.db.queries import consents, organisations, rules
from app.messaging.numbers.phone import require_phone
from app.messaging.permission import consent
from app.messaging.permission.categories import Category
from app.messaging.rule_rows import RuleKind, category_rules
from app.runtime import Runtime


@dataclass(frozen=True)
class ConsentLine:
    """One line as a person reads it. `raw_text` is what they wrote, empty when nothing or erased."""

    fact: str
    how: str
    at: datetime
    sender: str
    purpose: str
    legal_basis: str
    text_shown: str
    action_trace: str
    sale_reference: str
    evidence_file: str
    raw_text: str


@dataclass(frozen=True)
class Standing:
    """`decisions` by category and channel: a ground, or the reason it is denied (`allowed` tells which)."""

    number: str
    decisions: Mapping[tuple[str, str], tuple[bool, str]]
    lines: tuple[ConsentLine, ...]


def show_consent(rt: Runtime, organisation_id: UUID, typed: str) -> Standing:
    """Read only. Raises NotFound, and InvalidInput for a number that cannot be used."""
    now = rt.now()
    with rt.read() as session:
        organisation = organisations.require(session, organisation_id)
        number = require_phone(typed, organisation.region)
        subject = rt.vault.phone_index(organisation_id, number)
        ledger = consents.ledger(session, organisation_id, subject)
        needs = category_rules(rules.rows(session, organisation_id, RuleKind.CATEGORY))
        senders = organisations.senders(session, organisation_id)
        records = consents.records(session, organisation_id, subject)
    decisions = {}
    for channel, sender in senders.items():
        for category in Category:
            answer = consent.decide(category, ledger, sender.address, channel, now, rules=needs)
            allowed = isinstance(answer, consent.Allowed)
            said = answer.ground if isinstance(answer, consent.Allowed) else answer.reason
            decisions[category.value, channel] = (allowed, said.value)
    return Standing(number, decisions, tuple(_line(rt, record) for record in reversed(records)))


def _line(rt: Runtime, record: ConsentRecord) -> ConsentLine:
    raw = ""
    if record.raw_text_sealed is not None:
        raw = rt.vault.columns.open_column(
            record.organisation_id, "consent_record", "raw_text", record.id, record.raw_text_sealed
        )
    return ConsentLine(
        record.fact,
        record.how,
        record.happened_at,
        record.sender,
        record.purpose,
        record.legal_basis,
        record.text_shown,
        record.action_trace,
        record.sale_reference,
        record.evidence_file,
        raw,
    )
