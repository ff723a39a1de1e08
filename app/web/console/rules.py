"""The rules messages are held to: hours, words of answers, categories, and the organisation's choices."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from app.core.accounts import Permission
from app.core.errors import InvalidInput
from app.messaging.permission.categories import Category, Kind
from app.messaging.permission.optout import fold
from app.messaging.permission.optout_words import Intent
from app.messaging.rule_rows import RuleKind, RuleRow, keyword_value, kind_value
from app.usecases.accounts.identify_session import Account
from app.usecases.rules.change_choices import NewChoices, change_choices
from app.usecases.rules.save_rule import save_rule
from app.usecases.rules.show_rules import RulesShown, show_rules
from app.web.auth import CheckedForm, CheckedLists, Configurer, Reader
from app.web.console.pages import go, page
from app.web.deps import RuntimeDep

router = APIRouter(prefix="/rules")

_ID = re.compile(r"[a-z][a-z0-9-]{0,39}")
OURS = "the organisation"


@router.get("")
def listing(
    request: Request, account: Reader, rt: RuntimeDep, edit: Annotated[str, Query(max_length=60)] = ""
) -> Response:
    return _page(request, account, show_rules(rt, account.organisation_id), edit=edit)


@router.post("/windows")
def window(request: Request, account: Configurer, rt: RuntimeDep, form: CheckedLists) -> Response:
    one = {name: values[-1] for name, values in form.items()}
    try:
        save_rule(rt, account.organisation_id, _window(one, form.get("days", [])), account.actor)
    except InvalidInput as error:
        shown = show_rules(rt, account.organisation_id)
        return _page(request, account, shown, edit=one.get("id", ""), error=error.code)
    return go(request, "/app/rules", "rule_kept")


@router.post("/words")
def word(request: Request, account: Configurer, rt: RuntimeDep, form: CheckedForm) -> Response:
    """Switch a word on or off, or add one."""
    shown = show_rules(rt, account.organisation_id)
    words = fold(form.get("words", ""))
    known = next((row for row in shown.words if row.words == words), None)
    intent = form.get("intent", "")
    try:
        if known is None and intent not in list(Intent):
            raise InvalidInput("rule_value", "choose what the word means")
        value = keyword_value(words, Intent(intent) if intent in list(Intent) else None, known)
        row = RuleRow(
            RuleKind.KEYWORD,
            f"word-{words.replace(' ', '-')}",
            value,
            OURS,
            enabled=form.get("enabled") == "yes",
        )
        save_rule(rt, account.organisation_id, row, account.actor)
    except InvalidInput as error:
        return _page(request, account, shown, error=error.code)
    return go(request, "/app/rules#words", "rule_kept")


@router.post("/kinds")
def kind(request: Request, account: Configurer, rt: RuntimeDep, form: CheckedForm) -> Response:
    """The category a kind of message starts in."""
    shown = show_rules(rt, account.organisation_id)
    if form.get("kind") not in list(Kind) or form.get("category") not in list(Category):
        return _page(request, account, shown, error="rule_value")
    rule = next(one for one in shown.kinds if one.kind == form["kind"])
    row = RuleRow(RuleKind.KIND, rule.id, kind_value(rule, Category(form["category"])), OURS)
    save_rule(rt, account.organisation_id, row, account.actor)
    return go(request, "/app/rules#kinds", "rule_kept")


@router.post("/choices")
def choices(request: Request, account: Configurer, rt: RuntimeDep, form: CheckedForm) -> Response:
    new = NewChoices(
        stop_code=form.get("stop_code", "").strip(),
        stop_scope=form.get("stop_scope", ""),
        one_segment_marketing=form.get("one_segment_marketing") == "on",
        segment_price=form.get("segment_price", ""),
    )
    problems = change_choices(rt, account.organisation_id, new, account.actor)
    if problems:
        return _page(request, account, show_rules(rt, account.organisation_id), problems=problems)
    return go(request, "/app/rules#choices", "rule_kept")


def _window(form: Mapping[str, str], days: list[str]) -> RuleRow:
    id_ = form.get("id", "").strip()
    if _ID.fullmatch(id_) is None:
        raise InvalidInput("rule_id", "name the rule with small letters, digits and hyphens")
    category = form.get("category", Category.MARKETING)
    value = {
        "name": form.get("name", "").strip(),
        "categories": [category],
        "opens": form.get("opens") or None,
        "closes": form.get("closes") or None,
        "days": sorted({int(day) for day in days if day in set("0123456")}),
        "open_on_holidays": form.get("open_on_holidays") == "on",
    }
    return RuleRow(
        RuleKind.WINDOW,
        id_,
        value,
        OURS,
        note=form.get("note", "").strip(),
        valid_from=_day(form.get("valid_from", "")),
        valid_to=_day(form.get("valid_to", "")),
        enabled=form.get("enabled") == "on",
    )


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        raise InvalidInput("rule_dates", "write a day as 2027-01-31") from None


def _page(
    request: Request,
    account: Account,
    shown: RulesShown,
    *,
    edit: str = "",
    error: str = "",
    problems: Mapping[str, str] | None = None,
) -> Response:
    return page(
        request,
        account,
        "rules",
        422 if error or problems else 200,
        path="/app/rules",
        rules=shown,
        editing=next((one for one in shown.windows if one.rule.id == edit), None),
        adding=edit == "new",
        error=error,
        problems=problems or {},
        categories=list(Category),
        intents=list(Intent),
        ours=OURS,
        may_edit=account.may(Permission.CONFIGURE),
    )
