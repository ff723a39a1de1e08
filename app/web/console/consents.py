"""Consent of one number, and lists of refusals. A number is always posted, never part of an address."""

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.core.accounts import Permission
from app.core.errors import InvalidInput
from app.messaging.permission.consent import Fact
from app.messaging.permission.consent_proof import LONGEST, SALE_CONDITIONS, How, Proof, SaleFacts
from app.usecases.accounts.identify_session import Account
from app.usecases.consents.forget_number import forget_number
from app.usecases.consents.give_opt_out_link import give_opt_out_link
from app.usecases.consents.import_opt_outs import Imported, import_opt_outs
from app.usecases.consents.record_consent import (
    RECORDABLE,
    NewConsent,
    ProofMissing,
    ProofUnkeepable,
    record_consent,
)
from app.usecases.consents.show_consent import Standing, show_consent
from app.usecases.consents.show_erasure import show_erasure
from app.web.auth import CheckedForm, Preparer, Reader
from app.web.console.pages import page
from app.web.deps import RuntimeDep

router = APIRouter(prefix="/consents")


@router.get("")
def ask(request: Request, account: Reader) -> Response:
    return _page(request, account)


@router.post("")
def look_up(request: Request, account: Reader, rt: RuntimeDep, form: CheckedForm) -> Response:
    try:
        standing = show_consent(rt, account.organisation_id, form.get("number", ""))
    except InvalidInput as error:
        return _page(request, account, typed=form.get("number", ""), error=error.code)
    return _page(request, account, standing)


@router.post("/record")
def record(request: Request, account: Preparer, rt: RuntimeDep, form: CheckedForm) -> Response:
    number = form.get("number", "")
    try:
        record_consent(rt, account.organisation_id, _new(form), How.STAFF, account.actor)
    except (ProofMissing, ProofUnkeepable) as error:
        standing = show_consent(rt, account.organisation_id, number)
        return _page(request, account, standing, refused=error, form=form, status=422)
    except InvalidInput as error:
        return _page(request, account, typed=number, error=error.code)
    return _page(request, account, show_consent(rt, account.organisation_id, number), done="recorded")


@router.post("/link")
def link(request: Request, account: Preparer, rt: RuntimeDep, form: CheckedForm) -> Response:
    number = form.get("number", "")
    try:
        address = give_opt_out_link(rt, account.organisation_id, number)
    except InvalidInput as error:
        return _page(request, account, typed=number, error=error.code)
    return _page(request, account, show_consent(rt, account.organisation_id, number), address=address)


@router.post("/forget")
def forget(request: Request, account: Preparer, rt: RuntimeDep, form: CheckedForm) -> Response:
    """Says what goes and what stays; erases once that was confirmed."""
    try:
        erasure = show_erasure(rt, account.organisation_id, form.get("number", ""))
    except InvalidInput as error:
        return _page(request, account, typed=form.get("number", ""), error=error.code)
    if form.get("confirm") != "yes":
        return page(request, account, "forget", path="/app/consents", erasure=erasure)
    forget_number(rt, account.organisation_id, erasure.number, account.actor)
    return _page(request, account, done="forgotten" if erasure.refused else "forgotten_free")


@router.post("/import")
def import_list(request: Request, account: Preparer, rt: RuntimeDep, form: CheckedForm) -> Response:
    typed = [line.split(";")[0].split("\t")[0].strip() for line in form.get("numbers", "").splitlines()]
    done = import_opt_outs(
        rt,
        account.organisation_id,
        [cell for cell in typed if cell],
        How.IMPORT,
        account.actor,
        everything=form.get("everything") == "on",
    )
    return _page(request, account, imported=done)


def _new(form: Mapping[str, str]) -> NewConsent:
    fact = form.get("fact", "")
    if fact not in list(Fact):
        raise InvalidInput("fact_not_recordable", "choose what the person said")
    texts = {name: form.get(name, "").strip() for name in LONGEST}
    sale = SaleFacts(**{name: form.get(name) == "on" for name in SALE_CONDITIONS})
    return NewConsent(form.get("number", ""), Fact(fact), Proof(**texts, sale=sale))


def _page(
    request: Request,
    account: Account,
    standing: Standing | None = None,
    *,
    typed: str = "",
    error: str = "",
    refused: ProofMissing | ProofUnkeepable | None = None,
    form: Mapping[str, str] | None = None,
    done: str = "",
    address: str = "",
    imported: Imported | None = None,
    status: int = 200,
) -> Response:
    return page(
        request,
        account,
        "consents",
        422 if error else status,
        path="/app/consents",
        standing=standing,
        typed=typed,
        error=error,
        refused=refused,
        longest=LONGEST,
        form=form or {},
        done=done,
        address=address,
        imported=imported,
        facts=RECORDABLE,
        conditions=SALE_CONDITIONS,
        may_edit=account.may(Permission.PREPARE),
    )
