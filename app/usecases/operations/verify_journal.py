"""Check the hash chain of an organisation's journal, for the operator and for `pli verify-journal`."""

from uuid import UUID

from app.db.queries import journal
from app.evidence.chain import Verdict
from app.runtime import Runtime


def verify_journal(rt: Runtime, organisation_id: UUID) -> Verdict:
    """Reads every event; changes nothing."""
    with rt.read() as session:
        return journal.verify(session, rt.vault, organisation_id)
