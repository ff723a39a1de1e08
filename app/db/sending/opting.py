"""What a refusal does at once, written once for every way it comes in: the line of the ledger, the journal, and the end
of what waits for that number and may no longer leave."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.crypto.vault import Vault
from app.db.models import Attempt, ConsentRecord, Message
from app.db.queries import consents, journal, messages, rules
from app.db.queries.consents import Line
from app.db.sending import transitions
from app.evidence.tags import Tag
from app.messaging.permission import consent
from app.messaging.permission.categories import Category, Kind
from app.messaging.permission.category_rules import is_commercial
from app.messaging.permission.consent import Fact
from app.messaging.permission.consent_proof import How
from app.messaging.rule_rows import RuleKind, category_rules, kind_rules
from app.messaging.sending import status

# The operator will take nothing more from this sender for that number.
CARRIER_BLOCKS = frozenset({"blocked", "carrier_stop"})


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
    with journal.Book(session, vault, now) as book:
        if waiting:
            _cancel_denied(book, organisation_id, waiting, subject)
        fact = {"fact": line.fact, "how": line.how, "by": line.by}
        book.note(organisation_id, journal.Entry(Tag.CONSENT_CHANGED, row.id, fact))
    return row


def record_block(session: Session, vault: Vault, attempt: Attempt, now: datetime) -> None:
    """The operator blocks the number of an attempt for its sender. In a transaction of its own, before the attempt
    itself is written down: it takes every message that waits for the number."""
    message = consents.message_of(session, attempt.message_id)
    if message is None or not message.to_sealed:
        # Of an erased number only a report that comes twice can tell this.
        return
    number = vault.columns.open_column(
        message.organisation_id, "message", "to", message.id, message.to_sealed
    )
    sender = messages.sender_of_attempt(session, attempt)
    line = Line(Fact.CARRIER_BLOCK, How.CARRIER, attempt.carrier, now, sender.address)
    record(session, vault, message.organisation_id, number, line, now)


def _cancel_denied(
    book: journal.Book, organisation_id: UUID, waiting: Sequence[Message], subject: bytes
) -> None:
    ledger = consents.ledger(book.session, organisation_id, subject)
    changed = rules.rows(book.session, organisation_id, RuleKind.CATEGORY, RuleKind.KIND)
    needs, kinds = category_rules(changed), kind_rules(changed)
    senders = consents.addresses(book.session, organisation_id)
    for message in waiting:
        answer = consent.decide(
            Category(message.category),
            ledger,
            senders.get(message.sender_id, ""),
            message.channel,
            book.now,
            commercial=is_commercial(Kind(message.kind), book.now.date(), kinds),
            rules=needs,
        )
        if isinstance(answer, consent.Denied):
            transitions.end(book, message, status.State.CANCELLED, answer.rule)
