"""A new batch: the form, and the files as they arrive."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import InvalidInput
from app.runtime import Runtime
from app.usecases.accounts.identify_session import Account
from app.usecases.batches.receive_batch import BatchOptions, EmptyFiles
from app.usecases.batches.show_upload import UploadForm, show_upload
from app.web.auth import Preparer, upload_check
from app.web.console.pages import go, page
from app.web.deps import RuntimeDep, language_of
from app.web.intake import receive_upload
from app.web.templating import day_name, month_name
from app.web.texts import texts
from app.web.uploads import Fields

router = APIRouter()
MB = 1024 * 1024
# Where the form shows what is wrong; anything else is told at its top.
_PLACES = {
    "documents_missing": "documents",
    "people_sheet_missing": "people",
    "period_format": "period",
    "date_format": "expires_on",
    "date_past": "expires_on",
    "date_too_far": "expires_on",
}


@dataclass(frozen=True)
class Typed:
    """The text fields of the form, as they were typed."""

    title: str
    period: str
    expires_on: str
    password_policy: str
    channels: str


@router.get("/batches/new")
def new_batch(request: Request, account: Preparer, rt: RuntimeDep, again: UUID | None = None) -> Response:
    """`again` is a batch that is uploaded once more: the form starts with what was chosen for it."""
    offered = show_upload(rt, account.organisation_id, again)
    typed = Typed(
        title=offered.title,
        period=offered.period,
        expires_on=offered.expires_on.isoformat(),
        password_policy=offered.password_policy,
        channels="rcs" if offered.rcs_first else "sms",
    )
    return _form(request, account, offered, typed)


@router.post("/batches")
async def receive(request: Request, account: Preparer, rt: RuntimeDep) -> Response:
    seen: dict[str, str] = {}
    check_form = upload_check(request, account)

    def before_files(fields: Fields) -> None:
        seen.update({name: values[-1] for name, values in fields.items()})
        check_form(fields)

    def options_of(fields: Fields) -> BatchOptions:
        seen.update({name: values[-1] for name, values in fields.items()})
        typed = _typed(seen)
        return BatchOptions(
            title=typed.title.strip() or _title_of(request, account, rt, typed.period),
            period=typed.period,
            expires_on=typed.expires_on,
            password_policy=typed.password_policy,
            channels=("rcs", "sms") if typed.channels == "rcs" else ("sms",),
        )

    try:
        batch = await receive_upload(
            request, rt, account.organisation_id, account.actor, options_of, before_files=before_files
        )
    except InvalidInput as error:
        offered = await run_in_threadpool(show_upload, rt, account.organisation_id)
        return await run_in_threadpool(_form, request, account, offered, _typed(seen), error)
    return go(request, f"/app/batches/{batch.id}")


def _title_of(request: Request, account: Account, rt: Runtime, period: str) -> str:
    """The title of a batch that was given none: its month, or the day it came."""
    lang = language_of(request, account.language)
    t = texts().translator(lang)
    try:
        return t.plain("console.new.title_of", month=month_name(period, lang))
    except ValueError:
        day = rt.now().astimezone(ZoneInfo(account.zone)).date()
        return t.plain("console.new.title_of_day", day=day_name(day, lang))


def _typed(fields: Mapping[str, str]) -> Typed:
    return Typed(
        title=fields.get("title", ""),
        period=fields.get("period", "").strip(),
        expires_on=fields.get("expires_on", "").strip(),
        password_policy=fields.get("password_policy", ""),
        channels=fields.get("channels", ""),
    )


def _told(error: InvalidInput) -> dict[str, dict[str, str]]:
    """What is wrong, by the field it is shown beside."""
    if not isinstance(error, EmptyFiles):
        return {_PLACES.get(error.code, "form"): {"code": error.code, "detail": ""}}
    names: dict[str, list[str]] = {}
    for role, name in error.files:
        names.setdefault(role, []).append(name)
    return {role: {"code": error.code, "detail": ", ".join(given)} for role, given in names.items()}


def _form(
    request: Request, account: Account, offered: UploadForm, typed: Typed, error: InvalidInput | None = None
) -> Response:
    errors = {} if error is None else _told(error)
    limit = offered.upload_bytes // MB
    return page(
        request,
        account,
        "new_batch",
        422 if errors else 200,
        form=typed,
        errors=errors,
        limits={"file_mb": limit, "total_mb": limit, "bytes": offered.upload_bytes},
        earliest_expiry=offered.today.isoformat(),
        latest_expiry=offered.latest_expiry.isoformat(),
        rcs_enabled=offered.rcs_enabled,
        profile=offered.profile,
    )
