"""What holds for all batches of the organisation."""

from collections.abc import Mapping
from zoneinfo import available_timezones

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.core.accounts import Permission
from app.usecases.accounts.identify_session import Account
from app.usecases.organisations.change_settings import NewSettings, change_settings
from app.usecases.organisations.show_settings import OrganisationSettings, show_settings
from app.web.auth import CheckedForm, Configurer, Reader
from app.web.console.pages import go, page
from app.web.deps import RuntimeDep

router = APIRouter()
# Names that lie in a part of the world; the rest of the database are aliases and fixed offsets.
_AREAS = (
    "Africa/",
    "America/",
    "Antarctica/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
)


@router.get("/settings")
def settings_page(request: Request, account: Reader, rt: RuntimeDep) -> Response:
    return _page(request, account, show_settings(rt, account.organisation_id), {})


@router.post("/settings")
def save(request: Request, account: Configurer, rt: RuntimeDep, form: CheckedForm) -> Response:
    typed = NewSettings(
        name=form.get("name", ""),
        timezone=form.get("timezone", ""),
        staff_pattern=form.get("staff_pattern", ""),
        profile=form.get("profile", ""),
        sender_name=form.get("sender_name", ""),
        contact=form.get("contact", ""),
        contact_phone=form.get("contact_phone", ""),
        brand_colour=form.get("brand_colour", ""),
        password_policy=form.get("password_policy", ""),
        link_days=form.get("link_days", ""),
        rcs_enabled=form.get("rcs_enabled") == "on",
    )
    problems = change_settings(rt, account.organisation_id, typed, account.actor)
    if problems:
        return _page(request, account, typed, problems)
    return go(request, "/app/settings", "saved")


def _page(
    request: Request,
    account: Account,
    form: OrganisationSettings | NewSettings,
    problems: Mapping[str, str],
) -> Response:
    return page(
        request,
        account,
        "settings",
        422 if problems else 200,
        form=form,
        errors={field: {"code": code, "detail": ""} for field, code in problems.items()},
        timezones=sorted(zone for zone in available_timezones() if zone.startswith(_AREAS)),
        may_edit=account.may(Permission.CONFIGURE),
    )
