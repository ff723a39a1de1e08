"""What still stands against a release, judged from stored lines. Pure; the rules are those of `match.release`."""

from collections.abc import Sequence
from typing import Protocol, TypeVar
from uuid import UUID

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
    """What holds the batch as a whole until it is confirmed: `same_files` (sent before), `codes_not_printed`."""
    blockers = []
    if batch.same_files_as and "same_files" not in batch.confirmed:
        blockers.append("same_files")
    if batch.password_policy == "generated" and "codes_printed" not in batch.confirmed:
        blockers.append("codes_not_printed")
    return tuple(blockers)


def lines_to_send(lines: Sequence[Line]) -> list[Line]:
    """Lines that a release sends, once nothing blocks."""
    return [line for line in lines if line.state == "in_review" and line.match in (State.MATCHED, State.DUPLICATE)]


def finding_to_json(finding: Finding) -> dict[str, str]:
    """What of a finding may lie in a clear column: the detail may name a number, so it stays out."""
    return {"code": finding.code, "severity": finding.severity.value, "subject": finding.subject.value}


def finding_from_json(stored: dict[str, str], detail: str = "") -> Finding:
    """The inverse, with the detail from its sealed column."""
    return Finding(stored["code"], Severity(stored["severity"]), Subject(stored["subject"]), detail)
