"""A person looked at a finding and lets the line go in spite of it."""

from uuid import UUID

from app.core.errors import InvalidInput
from app.db.payroll.look_back import LookBack
from app.db.queries import journal, reviewing
from app.documents.match.release import CONFIRMABLE
from app.documents.match.standing import LOOKED_AGAIN, look_again
from app.evidence.tags import Tag
from app.runtime import Runtime


def confirm_finding(rt: Runtime, organisation_id: UUID, document_id: UUID, code: str, actor: str) -> None:
    """Doing it twice changes nothing.

    Raises NotFound, Conflict `not_in_review`, or InvalidInput `not_confirmable` for a finding that must be repaired or
    that the line does not have.
    """
    now = rt.now()
    with rt.begin() as session:
        batch, document = reviewing.hold_line(session, organisation_id, document_id, now)
        looked = LookBack(session, rt.vault, batch, look_again, LOOKED_AGAIN)
        line = next(line for line in looked.lines if line.id == document.id)
        if code not in CONFIRMABLE or all(finding["code"] != code for finding in line.findings):
            raise InvalidInput(
                "not_confirmable", "this finding cannot be confirmed; repair or exclude the line"
            )
        if code in document.confirmed:
            return
        document.confirmed = [*document.confirmed, code]
        session.add(document)
        entry = journal.Entry(Tag.PROBLEM_CONFIRMED, document.id, {"code": code, "by": actor})
        journal.append(session, rt.vault, organisation_id, [entry], now)
