"""What still stands against a release, judged from stored lines. Pure; the rules are those of `match.release`."""

from collections.abc import Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from app.documents.match.earlier import EarlierDocument, earlier_findings
from app.documents.match.release import Blocker, Finding, ReviewRow, Severity, State, Subject, blocks_release


class StoredLine(Protocol):
    """A line of the review as it is kept (the table `document`)."""

    @property
    def row_key(self) -> str: ...
    @property
    def match(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def findings(self) -> list[dict[str, str]]: ...
    @property
    def confirmed(self) -> list[str]: ...
    @property
    def conflict(self) -> bool: ...
    @property
    def staff_index(self) -> bytes | None: ...


class StoredBatch(Protocol):
    """A batch as it is kept, as far as its release is concerned."""

    password_policy: str
    period: str
    printed_period: str
    same_files_as: UUID | None
    confirmed: list[str]


Line = TypeVar("Line", bound=StoredLine)


def standing_blockers(lines: Sequence[StoredLine]) -> tuple[Blocker, ...]:
    """Blocking findings that neither an exclusion nor a confirmation has settled."""
    rows = [
        ReviewRow(
            line.row_key,
            "",
            (),
            None,
            State(line.match),
            tuple(finding_from_json(finding) for finding in line.findings),
            conflict=line.staff_index.hex() if line.conflict and line.staff_index else None,
        )
        for line in lines
    ]
    exclusions = {line.row_key for line in lines if line.state == "excluded"}
    confirmations = {(line.row_key, code) for line in lines for code in line.confirmed}
    return blocks_release(rows, exclusions, confirmations)


def batch_blockers(batch: StoredBatch) -> tuple[str, ...]:
    """What holds the batch as a whole until it is confirmed: `same_files` (sent before), `period_differs` (the
    payslips bear another month than the clerk chose), `codes_not_printed`."""
    blockers = []
    if batch.same_files_as and "same_files" not in batch.confirmed:
        blockers.append("same_files")
    if period_differs(batch) and "period_differs" not in batch.confirmed:
        blockers.append("period_differs")
    if batch.password_policy == "generated" and "codes_printed" not in batch.confirmed:
        blockers.append("codes_not_printed")
    return tuple(blockers)


def period_differs(batch: StoredBatch) -> bool:
    """Whether the payslips bear another month than the one chosen for the batch."""
    return bool(batch.period and batch.printed_period and batch.period != batch.printed_period)


LOOKED_AGAIN = frozenset(
    {
        "number_changed",
        "person_changed",
        "already_sent",
        "replaces_earlier",
        "password_dropped",
        "link_of_other",
    }
)


class Before(Protocol):
    """What other batches know of the staff number of a line, beside the line's own `name`: the name and the phone of
    the last one ("" for none, and for a phone that is the line's own), and for each document of the same month its
    name, whether its pages are the line's own, and whether it opens with a password."""

    @property
    def name(self) -> str: ...
    @property
    def last_name(self) -> str: ...
    @property
    def changed_from(self) -> str: ...
    @property
    def received(self) -> Sequence[tuple[str, bool, bool]]: ...
    @property
    def with_password(self) -> bool: ...


def look_again(before: Before) -> list[tuple[dict[str, str], str]]:
    """What the organisation's other batches give to say of a line, as stored findings with codes of LOOKED_AGAIN, each
    with its detail."""
    received = [EarlierDocument(*document) for document in before.received]
    findings = [
        *earlier_findings(before.name, before.last_name, received, with_password=before.with_password)
    ]
    if before.changed_from:
        findings.append(Finding("number_changed", Severity.BLOCKING, Subject.PHONE, before.changed_from))
    return [(finding_to_json(finding), finding.detail) for finding in findings]


def lines_to_send(lines: Sequence[Line]) -> list[Line]:
    """Lines that a release sends, once nothing blocks."""
    return [
        line for line in lines if line.state == "in_review" and line.match in (State.MATCHED, State.DUPLICATE)
    ]


def finding_to_json(finding: Finding) -> dict[str, str]:
    """What of a finding may lie in a clear column: the detail may name a number, so it stays out."""
    return {"code": finding.code, "severity": finding.severity.value, "subject": finding.subject.value}


def finding_from_json(stored: dict[str, str], detail: str = "") -> Finding:
    """The inverse, with the detail from its sealed column."""
    return Finding(stored["code"], Severity(stored["severity"]), Subject(stored["subject"]), detail)
