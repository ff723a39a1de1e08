"""Files for the clerk's own use: tables, the report, the list of who gets paper."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.db.payroll.watch import LEFT_OUT
from app.documents.exports import Cell, to_csv, to_xlsx
from app.documents.exports_report import BatchReport, ReportPerson, batch_report_pdf
from app.messaging.sending.failures import lasting
from app.usecases.accounts.identify_session import Account
from app.usecases.batches.export_batch import BatchExport, ExportRow, export_batch
from app.usecases.batches.list_paper import list_paper
from app.web.auth import Reader
from app.web.deps import RuntimeDep, language_of
from app.web.templating import month_name
from app.web.texts import Translator, texts

router = APIRouter()
Table = Literal["csv", "xlsx"]
TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
COLUMNS: Final = (
    "staff_number",
    "name",
    "phone",
    "channel",
    "state",
    "reason",
    "sent_at",
    "delivered_at",
    "opened_at",
    "downloaded_at",
)
FIGURES: Final = (
    "total",
    "submitted",
    "delivered",
    "opened",
    "downloaded",
    "failed",
    "unknown",
    "revoked",
    "excluded",
)
_LONGEST_STEM = 60


@router.get("/batches/{batch_id}/export.{kind}")
def export(request: Request, batch_id: UUID, kind: Table, account: Reader, rt: RuntimeDep) -> Response:
    translator = _translator(request, account)
    exported = export_batch(rt, account.organisation_id, batch_id)
    headings = [translator.plain(f"console.export.{name}") for name in COLUMNS]
    rows = _rows(exported, translator, ZoneInfo(account.zone))
    return _table(headings, rows, exported.title, "suivi" if translator.lang == "fr" else "tracking", kind)


@router.get("/batches/{batch_id}/paper.{kind}")
def paper(request: Request, batch_id: UUID, kind: Table, account: Reader, rt: RuntimeDep) -> Response:
    translator = _translator(request, account)
    listed = list_paper(rt, account.organisation_id, batch_id)
    headings = [
        translator.plain(f"console.export.{name}")
        for name in ("staff_number", "name", "file", "pages", "reason")
    ]
    rows: list[list[Cell]] = [
        [
            line.face.staff_number,
            line.face.name,
            line.source,
            ", ".join(map(str, line.pages)),
            _reason(translator, "console.kind", line.reason),
        ]
        for line in listed.lines
    ]
    return _table(headings, rows, listed.title, "papier" if translator.lang == "fr" else "paper", kind)


@router.get("/batches/{batch_id}/report.pdf")
def report(request: Request, batch_id: UUID, account: Reader, rt: RuntimeDep) -> Response:
    translator = _translator(request, account)
    exported = export_batch(rt, account.organisation_id, batch_id)
    pdf = batch_report_pdf(
        BatchReport(
            organisation=account.organisation,
            batch=exported.title,
            period=month_name(exported.period, translator.lang) if exported.period else "–",
            generated_at=rt.now(),
            zone=ZoneInfo(account.zone),
            zone_name=account.zone,
            figures=[
                (translator.plain(f"console.export.figure.{name}"), getattr(exported.counts, name))
                for name in FIGURES
            ],
            people=[
                ReportPerson(
                    row.face.staff_number,
                    row.face.name,
                    _state(translator, row),
                    row.sent_at,
                    row.delivered_at,
                    row.opened_at,
                    row.downloaded_at,
                )
                for row in exported.rows
            ],
            released_at=exported.released_at,
            released_by=exported.released_by,
        ),
        translator.lang,
    )
    return attachment(pdf, exported.title, "rapport" if translator.lang == "fr" else "report", "pdf")


def attachment(content: bytes, title: str, about: str, kind: str) -> Response:
    """A download named after the batch, in ASCII."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_STEM]
    name = f"{stem}-{about}.{kind}" if stem else f"{about}.{kind}"
    return Response(
        content,
        media_type=TYPES[kind],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _translator(request: Request, account: Account) -> Translator:
    return texts().translator(language_of(request, account.language))


def _table(
    headings: Sequence[str], rows: Sequence[Sequence[Cell]], title: str, about: str, kind: Table
) -> Response:
    content = to_csv(headings, rows) if kind == "csv" else to_xlsx(headings, rows, about)
    return attachment(content, title, about, kind)


def _reason(translator: Translator, catalog: str, code: str) -> str:
    """A code in words; one that no catalog knows is not shown as it is."""
    if not code:
        return ""
    known = translator.has(f"{catalog}.{code}")
    return translator.plain(f"{catalog}.{code}" if known else "console.reason.other")


def _state(translator: Translator, row: ExportRow) -> str:
    """Where a document stands, in the one cell that the report has for it."""
    state = translator.plain(f"console.state.{row.stage}")
    return f"{state}, {_reason(translator, 'console.kind', row.reason)}" if row.stage == LEFT_OUT else state


def _failure(translator: Translator, code: str) -> str:
    """Why a message is held or did not arrive, and whether that lasts."""
    how_long = lasting(code)
    words = _reason(translator, "console.reason", code)
    return f"{words} ({translator.plain(f'console.lasting.{how_long}')})" if how_long else words


def _rows(exported: BatchExport, translator: Translator, zone: ZoneInfo) -> list[list[Cell]]:
    def moment(at: datetime | None) -> datetime | None:
        return at.astimezone(zone) if at else None

    return [
        [
            row.face.staff_number,
            row.face.name,
            row.face.phone,
            translator.plain(f"console.channel.{row.channel}") if row.channel else "",
            translator.plain(f"console.state.{row.stage}"),
            _reason(translator, "console.kind", row.reason)
            if row.stage == LEFT_OUT
            else _failure(translator, row.reason),
            moment(row.sent_at),
            moment(row.delivered_at),
            moment(row.opened_at),
            moment(row.downloaded_at),
        ]
        for row in exported.rows
    ]
