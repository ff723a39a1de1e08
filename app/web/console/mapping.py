"""Which column of the people sheet is which."""

from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import InvalidInput
from app.documents.people.headings import Field
from app.documents.people.mapping import Answer
from app.documents.people.model import SheetPreview
from app.usecases.accounts.identify_session import Account
from app.usecases.batches.choose_mapping import choose_mapping
from app.usecases.batches.propose_mapping import MappingQuestion, propose_mapping
from app.web.auth import CheckedForm, Preparer
from app.web.console.pages import go, page
from app.web.deps import RuntimeDep

router = APIRouter()
LONGEST_NUMBER = 6
ASKED: tuple[Field, ...] = tuple(field for field in Field if field is not Field.IGNORED)


@router.get("/batches/{batch_id}/mapping")
def mapping_page(
    request: Request, batch_id: UUID, account: Preparer, rt: RuntimeDep, sheet: str = ""
) -> Response:
    asked = propose_mapping(rt, account.organisation_id, batch_id)
    shown = _shown(asked, sheet)
    earlier = asked.earlier
    fits = earlier is not None and (earlier.sheet, earlier.header_row) == (shown.name, shown.header_row)
    return _page(request, account, asked, shown, earlier.columns if earlier and fits else shown.suggested)


@router.post("/batches/{batch_id}/mapping")
def choose(
    request: Request, batch_id: UUID, account: Preparer, rt: RuntimeDep, form: CheckedForm
) -> Response:
    given = {field: _number(form.get(field, "")) for field in ASKED}
    columns = {field: column for field, column in given.items() if column is not None}
    answer = Answer(form.get("sheet", ""), _number(form.get("header_row", "")) or 0, columns)
    try:
        choose_mapping(
            rt, account.organisation_id, batch_id, answer, create_codes=form.get("codes") == "create"
        )
    except InvalidInput as error:
        asked = propose_mapping(rt, account.organisation_id, batch_id)
        shown = _shown(asked, answer.sheet)
        return _page(request, account, asked, shown, columns, error)
    return go(request, f"/app/batches/{batch_id}")


def _number(typed: str) -> int | None:
    return int(typed) if typed.isdecimal() and len(typed) <= LONGEST_NUMBER else None


def _shown(asked: MappingQuestion, wanted: str) -> SheetPreview:
    sheets = asked.question.sheets
    return next((sheet for sheet in sheets if sheet.name == wanted), sheets[0])


def _page(
    request: Request,
    account: Account,
    asked: MappingQuestion,
    shown: SheetPreview,
    chosen: Mapping[Field, int],
    error: InvalidInput | None = None,
) -> Response:
    return page(
        request,
        account,
        "mapping",
        422 if error else 200,
        batch={"id": asked.batch_id, "title": asked.title},
        reason=asked.question.reason,
        sheet=shown.name,
        sheets=[sheet.name for sheet in asked.question.sheets],
        header_row=shown.header_row,
        columns=[
            {"index": index, "heading": heading, "samples": samples}
            for index, (heading, samples) in enumerate(zip(shown.headings, shown.samples, strict=True))
        ],
        doubtful=shown.doubtful,
        codes_from_list=Field.ACCESS_CODE in asked.required,
        fields=[
            {"name": field.value, "required": field in asked.required, "chosen": chosen.get(field)}
            for field in ASKED
        ],
        error={"code": error.code, "detail": ""} if error else None,
    )
