"""What the review of a batch found, for programs: every finding, and whether it still stands against a release."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.core.errors import NotFound
from app.db.models import Batch, Document
from app.db.payroll.lines import read_details, read_staff_number
from app.db.payroll.look_back import LookBack
from app.db.queries import batches, documents
from app.documents.match.release import Severity
from app.documents.match.standing import LOOKED_AGAIN, batch_blockers, look_again, standing_blockers
from app.runtime import Runtime


@dataclass(frozen=True)
class LineFinding:
    """One finding on one line. `line` is the line's key within the review, `standing` says that it holds the release;
    a blocking finding that does not stand any more was settled. `problem` is why the pages of the file `source` cannot
    be used at all, as a code of `documents.limits.Refused`; empty when they can."""

    document_id: UUID
    line: str
    staff_number: str
    sheet_row: int | None
    pages: tuple[int, ...]
    code: str
    severity: str
    detail: str
    standing: bool
    source: str
    problem: str


@dataclass(frozen=True)
class ReviewReport:
    """`counts` are lines by verdict; `findings` leaves out the lines that were excluded. `batch_blockers` are codes of
    what holds the batch as a whole (`match.standing.batch_blockers`)."""

    batch: Batch
    counts: Mapping[str, int]
    findings: Sequence[LineFinding]
    batch_blockers: Sequence[str]

    @property
    def blocking(self) -> int:
        """How many problems hold the release."""
        return len(self.batch_blockers) + sum(finding.standing for finding in self.findings)


def report_review(rt: Runtime, organisation_id: UUID, batch_id: UUID) -> ReviewReport:
    """Raises NotFound."""
    with rt.read() as session:
        batch = batches.get(session, organisation_id, batch_id)
        if batch is None:
            raise NotFound("batch_unknown", "this batch does not exist")
        lines = documents.of_batch(session, batch_id)
        looked = LookBack(session, rt.vault, batch, look_again, LOOKED_AGAIN)
    standing = {(blocker.row_id, blocker.finding.code) for blocker in standing_blockers(looked.lines)}
    findings = [
        finding
        for line, judged in zip(lines, looked.lines, strict=True)
        if line.state != "excluded"
        for finding in _findings(rt, line, looked.told(line, judged), standing)
    ]
    in_review = batch.state == "in_review"
    return ReviewReport(
        batch,
        Counter(line.match if line.state != "excluded" else "excluded" for line in lines),
        findings,
        batch_blockers(batch) if in_review else (),
    )


def _findings(
    rt: Runtime,
    line: Document,
    told: Sequence[tuple[Mapping[str, str], str]],
    standing: set[tuple[str, str]],
) -> list[LineFinding]:
    if not told:
        return []
    details = read_details(rt.vault, line)
    staff_number = read_staff_number(rt.vault, line)
    return [
        LineFinding(
            document_id=line.id,
            line=line.row_key,
            staff_number=staff_number,
            sheet_row=line.sheet_row,
            pages=tuple(page + 1 for page in line.pages),
            code=finding["code"],
            severity=finding["severity"],
            detail=detail,
            standing=finding["severity"] == Severity.BLOCKING and (line.row_key, finding["code"]) in standing,
            source=details.source,
            problem=details.problem,
        )
        for finding, detail in told
    ]
