"""What became of every payslip of a released batch: rows for a table, figures and names for a report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core.errors import NotFound
from app.db.payroll.faces import Face, read_face
from app.db.payroll.left_out import LeftOut, read_left_out
from app.db.payroll.watch import EXPLAINED, LEFT_OUT, RELEASED, Counts, count, stage
from app.db.queries import accounts, batches, documents, watching
from app.documents.match.left_out import reason_left_out
from app.runtime import Runtime


@dataclass(frozen=True)
class ExportRow:
    """One document. `stage` is one of `watch.STAGES` or LEFT_OUT, `reason` a code: of a finding for who was left out,
    else of a rule or failure; times are aware, None for not yet."""

    face: Face
    channel: str
    stage: str
    reason: str
    sent_at: datetime | None
    delivered_at: datetime | None
    opened_at: datetime | None
    downloaded_at: datetime | None


@dataclass(frozen=True)
class BatchExport:
    """Who was sent something, then who was left out, each in review order. `period` is the month printed on the payslips, else the one that was chosen."""

    title: str
    period: str
    counts: Counts
    released_at: datetime | None
    released_by: str
    rows: Sequence[ExportRow]


def export_batch(rt: Runtime, organisation_id: UUID, batch_id: UUID) -> BatchExport:
    """Read only. Raises NotFound."""
    with rt.read() as session:
        batch = batches.get(session, organisation_id, batch_id)
        if batch is None:
            raise NotFound("batch_unknown", "this batch does not exist")
        lines = [line for line in documents.lines(session, batch_id) if line.document.state in RELEASED]
        times = watching.times(session, batch_id)
        counts = count(watching.tally(session, [batch_id]))
        left_out = read_left_out(session, rt.vault, batch_id) if batch.released_at else []
        names = accounts.actor_names(session, organisation_id, [batch.released_by])
    return BatchExport(
        batch.title,
        batch.printed_period or batch.period,
        counts,
        batch.released_at,
        names.get(batch.released_by, ""),
        [
            *(_row(rt, line, times) for line in lines),
            *(_left_out(line) for line in left_out),
        ],
    )


def _left_out(line: LeftOut) -> ExportRow:
    return ExportRow(line.face, "", LEFT_OUT, reason_left_out(line), None, None, None, None)


def _row(rt: Runtime, line: documents.Line, times: watching.TimesById) -> ExportRow:
    document, message = line.document, line.message
    when = times.get(message.id) if message else None
    at = stage(
        document.state,
        message.state if message else None,
        opened=document.opened_at is not None,
        downloaded=document.downloaded_at is not None,
    )
    return ExportRow(
        face=read_face(rt.vault, document),
        channel=message.channel if message else "",
        stage=at,
        reason=message.reason if message and at in EXPLAINED else "",
        sent_at=when.submitted_at if when else None,
        delivered_at=when.delivered_at if when else None,
        opened_at=document.opened_at,
        downloaded_at=document.downloaded_at,
    )
