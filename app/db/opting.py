"""What a refusal does at once, written once for every way it comes in: the line of the ledger, the journal, and the end
of what waits for that number and may no longer leave."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.crypto.vault import Vault
from app.db import transitions
from app.db.models import ConsentRecord
from app.db.queries import consents, journal, rules
from app.db.queries.consents import Line
from app.evidence.tags import Tag
from app.messaging import consent, status
from app.messaging.categories import Category, Kind
from app.messaging.category_rules import is_commercial
from app.messaging.rule_rows import RuleKind, category_rules, kind_rules


def record(
    session: Session, vault: Vault, organisation_id: UUID, number: str, line: Line, now: datetime
) -> ConsentRecord:
    """Write the line down, and cancel what waits for the number and is no longer allowed.

    What a carrier already has is not called back; dispatch asks the ledger again for everything else.
    """
    subject = vault.phone_index(organisation_id, number)
    # Messages before the journal's head: the order everybody takes them in.
    waiting = consents.waiting_to(session, organisation_id, subject)
    row = consents.append(session, vault, organisation_id, number, line, now)
    if waiting:
        ledger = consents.ledger(session, organisation_id, subject)
        changed = rules.rows(session, organisation_id, RuleKind.CATEGORY, RuleKind.KIND)
        needs, kinds = category_rules(changed), kind_rules(changed)
        senders = consents.addresses(session, organisation_id)
        for message in waiting:
            answer = consent.decide(
                Category(message.category),
                ledger,
                senders.get(message.sender_id, ""),
                message.channel,
                now,
                commercial=is_commercial(Kind(message.kind), now.date(), kinds),
                rules=needs,
            )
            if isinstance(answer, consent.Denied):
                transitions.end(session, vault, message, status.State.CANCELLED, answer.rule, now)
    entry = journal.Entry(Tag.CONSENT_CHANGED, row.id, {"fact": line.fact, "how": line.how, "by": line.by})
    journal.append(session, vault, organisation_id, [entry], now)
    return row
