"""What erasing a number takes away and what it leaves, told before it is done."""

from dataclasses import dataclass
from uuid import UUID

from app.db.queries import consents, erasure, organisations
from app.messaging.numbers.phone import require_phone
from app.messaging.permission import consent
from app.runtime import Runtime


@dataclass(frozen=True)
class Erasure:
    """`lines` of the consent ledger tell whose they are. `refused` says that a refusal stands, which outlives the
    number. The other counts are those of `app.db.queries.erasure.Held`."""

    number: str
    lines: int
    answers: int
    undecided: int
    replies: int
    waiting: int
    refused: bool


def show_erasure(rt: Runtime, organisation_id: UUID, typed: str) -> Erasure:
    """Read only. Raises NotFound, and InvalidInput for a number that cannot be used."""
    now = rt.now()
    with rt.read() as session:
        organisation = organisations.require(session, organisation_id)
        number = require_phone(typed, organisation.region)
        subject = rt.vault.phone_index(organisation_id, number)
        records = consents.records(session, organisation_id, subject)
        ledger = consents.ledger(session, organisation_id, subject)
        held = erasure.held(session, organisation_id, subject)
    return Erasure(
        number=number,
        lines=sum(record.number_sealed is not None for record in records),
        answers=held.answers,
        undecided=held.undecided,
        replies=held.replies,
        waiting=held.waiting,
        refused=consent.is_refused(ledger, now),
    )
