"""What the API takes and gives, apart from the tables. Field names are a promise: they are added to, never renamed."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.db.models import Batch
from app.db.sending.failures import read_failure
from app.runtime import Runtime
from app.usecases.batches.list_documents import DocumentEntry
from app.usecases.batches.receive_batch import BatchOptions
from app.usecases.batches.report_batch import BatchReport
from app.web.deps import WebConfig
from app.web.texts import texts

BatchState = Literal[
    "received",
    "needs_mapping",
    "splitting",
    "in_review",
    "failed",
    "releasing",
    "released",
    "finished",
    "recalled",
    "cancelled",
]
PasswordPolicy = Literal["sheet", "generated", "usual", "none"]
Channel = Literal["rcs", "sms"]
Month = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]


class Options(BaseModel):
    """How a batch is to be treated. What is left out is decided by the organisation's settings."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[
        str, Field(max_length=120, description="Name of the batch; today's date when left out.")
    ] = ""
    period: Annotated[
        Month | None, Field(description="Month of the documents, as 2026-10; else read from the pages.")
    ] = None
    expires_on: Annotated[date | None, Field(description="Last day of the links, as 2026-12-31.")] = None
    password_policy: Annotated[
        PasswordPolicy | None,
        Field(
            description="Where passwords come from: a column of the sheet, printed codes, the usual one, none."
        ),
    ] = None
    channels: Annotated[
        list[Channel], Field(max_length=2, description="Channels to try, in this order.")
    ] = []

    def to_use_case(self) -> BatchOptions:
        """Empty values mean the organisation's own."""
        return BatchOptions(
            title=self.title,
            period=self.period or "",
            expires_on=self.expires_on.isoformat() if self.expires_on else "",
            password_policy=self.password_policy or "",
            channels=tuple(self.channels),
        )


class Failure(BaseModel):
    """Why a batch was refused or cancelled. `code` is stable; `detail` names the file or place; `message` is English."""

    code: str
    detail: str
    message: str


class BatchOut(BaseModel):
    """One upload. While it is `splitting`, `pages_read` counts up and `page_count` is 0 as long as it is not known.
    `review_url` is the console page where a person looks at it."""

    id: UUID
    title: str
    state: BatchState
    period: str | None
    expires_on: date | None
    password_policy: PasswordPolicy
    channels: list[Channel]
    page_count: int
    pages_read: int
    created_at: datetime
    release_before: datetime
    released_at: datetime | None
    finished_at: datetime | None
    failure: Failure | None
    review_url: str

    @classmethod
    def of(cls, batch: Batch, rt: Runtime, config: WebConfig) -> Self:
        """Shown from its row."""
        return cls.model_validate(_batch_values(batch, rt, config))


class ProgressOut(BaseModel):
    """Counts by state; `opened` and `downloaded` count documents."""

    documents: dict[str, int]
    messages: dict[str, int]
    opened: int
    downloaded: int


class StallOut(BaseModel):
    """Work that was given up after many tries, because of a problem of the service. `code` is for its operator."""

    since: datetime
    code: str
    message: str


class BatchDetails(BatchOut):
    """One upload with its figures. `counts` are lines by verdict of the review. `stalled` is null while work goes on."""

    counts: dict[str, int]
    progress: ProgressOut
    stalled: StallOut | None

    @classmethod
    def of_report(cls, report: BatchReport, rt: Runtime, config: WebConfig) -> Self:
        """Shown from its row and its figures."""
        batch, progress, stall = report.batch, report.progress, report.stalled
        shown = ProgressOut(
            documents=dict(progress.documents),
            messages=dict(progress.messages),
            opened=progress.opened,
            downloaded=progress.downloaded,
        )
        stalled = stall and {
            "since": stall.stalled_at,
            "code": stall.code,
            "message": texts().translator("en").plain("api.stalled"),
        }
        values = {"counts": dict(progress.matches), "progress": shown, "stalled": stalled}
        return cls.model_validate(_batch_values(batch, rt, config) | values)


class ReleaseIn(BaseModel):
    """What is confirmed with a release. `same_files`: files that were uploaded before are meant to be sent again.
    `period_differs`: the payslips are meant to bear another month than the batch."""

    model_config = ConfigDict(extra="forbid")

    confirm: Annotated[list[Literal["same_files", "period_differs"]], Field(max_length=2)] = []


class BatchList(BaseModel):
    """A page of batches, newest first. `next_cursor` is null on the last page."""

    data: list[BatchOut]
    next_cursor: str | None


class FindingOut(BaseModel):
    """One thing the review found. `document` is the id of its line, `line` the line's place in the review; `subject` is the staff number and the row of the sheet, or
    the pages. A blocking finding that was settled has `standing` false."""

    document: UUID
    line: str
    severity: Literal["blocking", "warning", "info"]
    code: str
    subject: str
    message: str
    standing: bool


class BatchFindingOut(BaseModel):
    """What holds the batch as a whole. `message` says what to do about it."""

    code: str
    message: str


class ReviewOut(BaseModel):
    """`blocking` counts what holds the release: blocking findings that stand, and `batch_blockers`, which are codes;
    `batch_findings` are the same with a sentence. `counts` are lines by verdict; findings of excluded lines are left
    out."""

    state: BatchState
    blocking: int
    batch_blockers: list[str]
    batch_findings: list[BatchFindingOut]
    counts: dict[str, int]
    findings: list[FindingOut]


class MessageOut(BaseModel):
    """The newest message about a document. `reason` is the code of the rule or failure behind its state."""

    state: str
    channel: Channel
    reason: str | None
    segments: int
    created_at: datetime
    finished_at: datetime | None


class DocumentOut(BaseModel):
    """One line of a batch. `ref` is the public name of its link, null before the release and for lines not sent."""

    id: UUID
    line: str
    staff_number: str | None
    sheet_row: int | None
    pages: list[int]
    verdict: str
    state: str
    ref: str | None
    message: MessageOut | None
    opened_at: datetime | None
    downloaded_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, entry: DocumentEntry) -> Self:
        """Shown from its row, its newest message and its newest link."""
        document, message = entry.document, entry.message
        shown = None
        if message is not None:
            shown = MessageOut.model_validate(
                {
                    "state": message.state,
                    "channel": message.channel,
                    "reason": message.reason or None,
                    "segments": message.segments,
                    "created_at": message.created_at,
                    "finished_at": message.finished_at,
                }
            )
        return cls(
            id=document.id,
            line=document.row_key,
            staff_number=entry.staff_number or None,
            sheet_row=document.sheet_row,
            pages=[page + 1 for page in document.pages],
            verdict=document.match,
            state=document.state,
            ref=entry.ref,
            message=shown,
            opened_at=document.opened_at,
            downloaded_at=document.downloaded_at,
            revoked_at=document.revoked_at,
        )


class DocumentList(BaseModel):
    """A page of documents in review order. `next_cursor` is null on the last page."""

    data: list[DocumentOut]
    next_cursor: str | None


class FieldProblemOut(BaseModel):
    """One field, or one line of a review, that stands in the way."""

    pointer: str
    detail: str


class ProblemOut(BaseModel):
    """An error as RFC 9457 describes it. `code` is stable and what a program looks at."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldProblemOut] | None = None
    reference: str | None = None


def _failure(stored: Mapping[str, str]) -> dict[str, str] | None:
    """A failure with its sentence; None when there is none."""
    if not stored:
        return None
    english, key = texts().translator("en"), f"errors.{stored['code']}"
    message = english.plain(key, detail=stored["detail"]) if english.has(key) else stored["code"]
    return {**stored, "message": message}


def _batch_values(batch: Batch, rt: Runtime, config: WebConfig) -> dict[str, object]:
    return {
        "id": batch.id,
        "title": batch.title,
        "state": batch.state,
        "period": batch.period or None,
        "expires_on": batch.expires_on or None,
        "password_policy": batch.password_policy,
        "channels": batch.channels,
        "page_count": batch.page_count,
        "pages_read": batch.pages_read,
        "created_at": batch.created_at,
        "release_before": batch.release_before,
        "released_at": batch.released_at,
        "finished_at": batch.finished_at,
        "failure": _failure(read_failure(rt.vault, batch)),
        "review_url": f"{config.public_url}/app/batches/{batch.id}/review",
    }
