"""Erase a number with what was said with it; a refusal stays, as a keyed fingerprint."""

from uuid import UUID

from app.db.queries import consents, erasure, journal, organisations
from app.evidence.tags import Tag
from app.messaging.numbers.phone import require_phone
from app.runtime import Runtime


def forget_number(rt: Runtime, organisation_id: UUID, typed: str, actor: str) -> int:
    """How many lines of the consent ledger were emptied. The number is refused as before: whoever types it again finds the same fingerprint.

    Raises NotFound, and InvalidInput for a number that cannot be used.
    """
    now = rt.now()
    with rt.begin() as session:
        organisation = organisations.require(session, organisation_id)
        number = require_phone(typed, organisation.region)
        subject = rt.vault.phone_index(organisation_id, number)
        emptied = consents.forget(session, organisation_id, subject)
        answers = erasure.erase(session, organisation_id, subject)
        entry = journal.Entry(
            Tag.CONSENT_CHANGED,
            organisation_id,
            {"fact": "forgotten", "lines": emptied, "answers": answers, "by": actor},
        )
        journal.append(session, rt.vault, organisation_id, [entry], now)
    return emptied
