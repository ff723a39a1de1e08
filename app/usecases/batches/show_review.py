"""Everything the review found, before anything leaves: one page of lines, with the figures of all of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.errors import Conflict, NotFound
from app.db.faces import Search, read_face
from app.db.lines import read_details
from app.db.models import Document, Upload
from app.db.openings import upload_name
from app.db.queries import batches, watching
from app.documents.match.release import CONFIRMABLE, Severity, State
from app.documents.match.standing import batch_blockers, lines_to_send, standing_blockers
from app.runtime import Runtime

UNSENT = ("paper", "excluded")
# What needs a person comes first.
_ORDER = ("blocking", "warning", "ready", *UNSENT)
_HAS_PAGES_OR_PERSON = (State.MATCHED, State.DUPLICATE)
_CAN_BE_LEFT_OUT = (*_HAS_PAGES_OR_PERSON, State.UNMATCHED, State.NO_PERSON)


@dataclass(frozen=True)
class FindingView:
    """One finding of a line. `confirmable`: a person may let it go; `confirmed`: somebody did, or what it competed with
    was excluded."""

    code: str
    severity: str
    detail: str
    confirmable: bool
    confirmed: bool


@dataclass(frozen=True)
class ReviewLine:
    """One line. `status` is excluded, blocking, paper, warning or ready. `pages` are numbers within the file `source`
    (its name, when there are several), from 1. `image_pages` is how many can be shown. `problem` says why the pages
    cannot be used at all, as a code of `documents.limits.Refused`; empty when they can."""

    id: UUID
    name: str
    staff_number: str
    source: str
    pages: tuple[int, ...]
    image_pages: int
    problem: str
    status: str
    phone_typed: str
    phone: str
    findings: Sequence[FindingView]
    can_exclude: bool
    can_include: bool
    can_fix_phone: bool

    @property
    def phone_repaired(self) -> bool:
        """Whether digits of the number were added, dropped or replaced."""
        return any(finding.code == "phone_repaired" for finding in self.findings)


@dataclass(frozen=True)
class ReviewCounts:
    """Lines by status, and how many documents would leave now."""

    blocking: int
    warning: int
    ready: int
    unsent: int
    total: int
    leaving: int


@dataclass(frozen=True)
class ReviewView:
    """`kinds` counts lines by finding code, `lines` is one page of the `matching` lines that fit filter and search.
    `batch_blockers` are codes of what holds the batch as a whole."""

    id: UUID
    title: str
    release_before: datetime
    password_policy: str
    sheet_warnings: Sequence[Mapping[str, Any]]
    same_files_as: UUID | None
    same_files_confirmed: bool
    batch_blockers: Sequence[str]
    counts: ReviewCounts
    kinds: Sequence[tuple[str, int]]
    lines: Sequence[ReviewLine]
    matching: int


def show_review(
    rt: Runtime,
    organisation_id: UUID,
    batch_id: UUID,
    *,
    show: str,
    kind: str,
    query: str,
    offset: int,
    limit: int,
) -> ReviewView:
    """`show` is all, blocking, warning, ready or unsent; `kind` a finding code or empty. Read only.

    Raises NotFound, or Conflict `not_in_review`.
    """
    search = Search(query)
    with rt.read() as session:
        batch = batches.get(session, organisation_id, batch_id)
        if batch is None:
            raise NotFound("batch_unknown", "this batch does not exist")
        if batch.state != "in_review":
            raise Conflict("not_in_review", "this batch is not in review")
        lines = watching.light_lines(session, [batch_id])
        standing = {(blocker.row_id, blocker.finding.code) for blocker in standing_blockers(lines)}
        blocked = {row for row, _ in standing}
        statuses = {line.id: _status(line, blocked) for line in lines}
        wanted = [line for line in lines if _fits(line, statuses[line.id], show, kind)]
        wanted.sort(key=lambda line: _ORDER.index(statuses[line.id]))
        if search:
            opened = watching.documents(session, [line.id for line in wanted])
            wanted = [line for line in wanted if search.finds(read_face(rt.vault, opened[line.id]))]
        page = wanted[offset : offset + limit]
        documents = watching.documents(session, [line.id for line in page])
        uploads = batches.uploads(session, batch_id, "documents")
    only_file = _only_file(rt, uploads)
    return ReviewView(
        id=batch.id,
        title=batch.title,
        release_before=batch.release_before,
        password_policy=batch.password_policy,
        sheet_warnings=batch.sheet_warnings,
        same_files_as=batch.same_files_as,
        same_files_confirmed="same_files" in batch.confirmed,
        batch_blockers=batch_blockers(batch),
        counts=_counts(lines, statuses),
        kinds=_kinds(lines),
        lines=[_line(rt, documents[line.id], statuses[line.id], standing, only_file) for line in page],
        matching=len(wanted),
    )


def _status(line: watching.LightLine, blocked: set[str]) -> str:
    if line.state == "excluded":
        return "excluded"
    if line.row_key in blocked:
        return "blocking"
    if line.match == State.PAPER:
        return "paper"
    if any(finding["severity"] == Severity.WARNING for finding in line.findings):
        return "warning"
    return "ready"


def _fits(line: watching.LightLine, status: str, show: str, kind: str) -> bool:
    shown = show == "all" or status == show or (show == "unsent" and status in UNSENT)
    return shown and (
        not kind or any(finding["code"] == kind and _is_told(finding) for finding in line.findings)
    )


def _counts(lines: Sequence[watching.LightLine], statuses: Mapping[UUID, str]) -> ReviewCounts:
    by_status = Counter(statuses.values())
    return ReviewCounts(
        blocking=by_status["blocking"],
        warning=by_status["warning"],
        ready=by_status["ready"],
        unsent=sum(by_status[status] for status in UNSENT),
        total=len(lines),
        leaving=sum(statuses[line.id] != "blocking" for line in lines_to_send(lines)),
    )


def _is_told(finding: Mapping[str, str]) -> bool:
    """Another way to write the same digits is no news to a clerk."""
    return finding["code"] != "phone_repaired" or finding["severity"] != Severity.INFO


def _kinds(lines: Sequence[watching.LightLine]) -> list[tuple[str, int]]:
    counted = Counter(
        code
        for line in lines
        for code in dict.fromkeys(finding["code"] for finding in line.findings if _is_told(finding))
    )
    return counted.most_common()


def _only_file(rt: Runtime, uploads: Sequence[Upload]) -> str:
    return upload_name(rt.vault, uploads[0]) if len(uploads) == 1 else ""


def _line(
    rt: Runtime,
    document: Document,
    status: str,
    standing: set[tuple[str, str]],
    only_file: str,
) -> ReviewLine:
    face, details = read_face(rt.vault, document), read_details(rt.vault, document)
    has_person = document.match in _HAS_PAGES_OR_PERSON
    excluded = document.state == "excluded"
    return ReviewLine(
        id=document.id,
        name=face.name,
        staff_number=face.staff_number,
        source="" if details.source == only_file else details.source,
        pages=tuple(range(details.first_page + 1, details.first_page + 1 + len(document.pages))),
        image_pages=len(document.pages) if document.blob_size and document.key_review else 0,
        problem=details.problem,
        status=status,
        phone_typed=details.phone_typed,
        phone=face.phone,
        findings=[
            FindingView(
                finding["code"],
                finding["severity"],
                detail,
                confirmable=finding["code"] in CONFIRMABLE,
                confirmed=finding["severity"] == Severity.BLOCKING
                and not excluded
                and (document.row_key, finding["code"]) not in standing,
            )
            for finding, detail in zip(document.findings, details.findings, strict=True)
            if _is_told(finding)
        ],
        can_exclude=not excluded and document.match in _CAN_BE_LEFT_OUT,
        can_include=excluded,
        can_fix_phone=not excluded and has_person,
    )
