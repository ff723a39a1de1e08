"""A person confirms what holds a batch as a whole: files that came before, another month than the one chosen, or every
line with one kind of finding, in one action."""

from datetime import datetime
from uuid import UUID

from app.core.errors import InvalidInput
from app.db.models import Batch
from app.db.payroll.look_back import LookBack
from app.db.queries import journal, reviewing, watching
from app.db.session import Session
from app.documents.match.release import TOGETHER, Severity
from app.documents.match.standing import LOOKED_AGAIN, look_again, period_differs
from app.evidence.tags import Tag
from app.runtime import Runtime


def confirm_batch(rt: Runtime, organisation_id: UUID, batch_id: UUID, code: str, actor: str) -> None:
    """`code` is `same_files`, which also confirms each line that was sent before, or `period_differs`.

    Doing it twice changes nothing. Raises NotFound, Conflict `not_in_review`, or InvalidInput `not_confirmable`.
    """
    now = rt.now()
    with rt.begin() as session:
        batch = reviewing.hold_batch(session, organisation_id, batch_id, now)
        if not _is_asked(batch, code):
            raise InvalidInput("not_confirmable", "nothing of this kind is to be confirmed for this batch")
        if code in batch.confirmed:
            return
        batch.confirmed = [*batch.confirmed, code]
        session.add(batch)
        entry = journal.Entry(Tag.PROBLEM_CONFIRMED, batch.id, {"code": code, "by": actor})
        journal.append(session, rt.vault, organisation_id, [entry], now)
        if code == "same_files":
            _confirm_lines(rt, session, batch, "already_sent", actor, now)


def confirm_findings(rt: Runtime, organisation_id: UUID, batch_id: UUID, code: str, actor: str) -> int:
    """How many lines were confirmed; lines that were excluded or confirmed before are left as they are.

    Raises NotFound, Conflict `not_in_review`, or InvalidInput `not_confirmable` for a kind that is not confirmed
    together.
    """
    now = rt.now()
    with rt.begin() as session:
        batch = reviewing.hold_batch(session, organisation_id, batch_id, now)
        if code not in TOGETHER:
            raise InvalidInput(
                "not_confirmable", "this kind of finding is confirmed line by line, or repaired"
            )
        return _confirm_lines(rt, session, batch, code, actor, now)


def _confirm_lines(rt: Runtime, session: Session, batch: Batch, code: str, actor: str, now: datetime) -> int:
    """The same within the transaction of whoever holds the batch."""
    waiting = [
        line.id
        for line in LookBack(session, rt.vault, batch, look_again, LOOKED_AGAIN).lines
        if line.state == "in_review" and code not in line.confirmed and _has(line.findings, code)
    ]
    found = watching.documents(session, waiting)
    for document in found.values():
        document.confirmed = [*document.confirmed, code]
        session.add(document)
    entries = [
        journal.Entry(Tag.PROBLEM_CONFIRMED, document_id, {"code": code, "by": actor, "all": True})
        for document_id in found
    ]
    journal.append(session, rt.vault, batch.organisation_id, entries, now)
    return len(found)


def _has(findings: list[dict[str, str]], code: str) -> bool:
    return any(finding["code"] == code and finding["severity"] == Severity.BLOCKING for finding in findings)


def _is_asked(batch: Batch, code: str) -> bool:
    if code == "same_files":
        return batch.same_files_as is not None
    return code == "period_differs" and period_differs(batch)
