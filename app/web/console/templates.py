"""The texts of the organisation: a list, an editor, and the counter that follows the typing."""

from collections.abc import Iterable, Mapping
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.core.accounts import Permission
from app.messaging.permission.categories import Category, Kind
from app.messaging.texts.drafts import Draft, Judged, built_in, known_fields
from app.usecases.accounts.identify_session import Account
from app.usecases.templates.count_draft import Counted, count_draft
from app.usecases.templates.save_template import save_template
from app.usecases.templates.show_templates import show_kinds, show_template, show_templates
from app.web.auth import CheckedForm, Configurer, Reader
from app.web.console.pages import fragment, go, page
from app.web.deps import RuntimeDep
from app.web.texts import LANGUAGES
from rcs.cards import STOP_LABELS

router = APIRouter(prefix="/templates")

LIST: Final = "list."
CHANNELS: Final = ("sms", "rcs")
_NEW = Draft("", "sms", "fr", Category.TRANSACTIONAL, Kind.NOTICE, "")


@router.get("")
def listing(request: Request, account: Reader, rt: RuntimeDep) -> Response:
    return page(
        request,
        account,
        "templates",
        kept=show_templates(rt, account.organisation_id),
        may_edit=account.may(Permission.CONFIGURE),
    )


@router.get("/new")
def new(request: Request, account: Configurer, rt: RuntimeDep) -> Response:
    return _editor(request, account, rt, _NEW, {}, fresh=True)


@router.post("/count")
def counter(request: Request, account: Reader, rt: RuntimeDep, form: CheckedForm) -> Response:
    """What the editor shows beside the text while it is typed."""
    draft, lists = _read(rt, account, form)
    counted = count_draft(rt, account.organisation_id, draft, lists)
    return HTMLResponse(fragment(request, account, "_count", **_shown(draft, counted, lists)))


@router.post("")
def save(request: Request, account: Configurer, rt: RuntimeDep, form: CheckedForm) -> Response:
    draft, lists = _read(rt, account, form)
    fresh = form.get("fresh") == "yes"
    if form.get("then") == "count":
        return _editor(request, account, rt, draft, lists, fresh=fresh)
    saved = save_template(rt, account.organisation_id, draft, lists, account.actor)
    if not saved.kept:
        return _editor(request, account, rt, draft, lists, fresh=fresh, refused=True)
    return go(request, f"/app/templates/{draft.key}/{draft.channel}/{draft.language}", "text_kept")


@router.get("/{key}/{channel}/{language}")
def edit(
    request: Request, key: str, channel: str, language: str, account: Reader, rt: RuntimeDep
) -> Response:
    kept = show_template(rt, account.organisation_id, key, channel, language)
    return _editor(request, account, rt, kept.draft, {})


def _editor(
    request: Request,
    account: Account,
    rt: RuntimeDep,
    draft: Draft,
    lists: Mapping[str, list[str]],
    *,
    fresh: bool = False,
    refused: bool = False,
) -> Response:
    counted = count_draft(rt, account.organisation_id, draft, lists)
    untouched = fresh and not draft.text
    return page(
        request,
        account,
        "template",
        422 if refused else 200,
        path="/app/templates" if fresh else f"/app/templates/{draft.key}/{draft.channel}/{draft.language}",
        errors={} if untouched else counted.judged.errors,
        fresh=fresh,
        refused=refused,
        fixed=built_in(draft.key) is not None,
        kinds=show_kinds(rt, account.organisation_id).default,
        categories=list(Category),
        channels=CHANNELS,
        may_edit=account.may(Permission.CONFIGURE),
        **_shown(draft, Counted(_NOTHING, ()) if untouched else counted, lists),
    )


_NOTHING = Judged(None, (), {})


def _shown(draft: Draft, counted: Counted, lists: Mapping[str, list[str]]) -> dict[str, object]:
    return {
        "draft": draft,
        "judged": counted.judged,
        "unknown": _braced(counted.judged.unknown_fields),
        "filled_in": _braced(sorted(known_fields(draft.key, draft.channel) or ())),
        "count": counted.judged.counted,
        "stop_label": STOP_LABELS["en" if draft.language == "en" else "fr"],
        "own_fields": [(name, "\n".join(lists.get(name, []))) for name in counted.own_fields],
    }


def _braced(names: Iterable[str]) -> str:
    """Fields as they are written in a text."""
    return ", ".join(f"{{{name}}}" for name in names)


def _read(rt: RuntimeDep, account: Account, form: Mapping[str, str]) -> tuple[Draft, dict[str, list[str]]]:
    """A form may hold anything: what is no kind, category or language becomes the plainest one."""
    key = form.get("key", "").strip()
    kind = Kind(form["kind"]) if form.get("kind") in list(Kind) else Kind.NOTICE
    category = form.get("category", "")
    own = built_in(key)
    if own is not None:
        chosen, kind = own
    elif category in list(Category):
        chosen = Category(category)
    else:
        chosen = show_kinds(rt, account.organisation_id).default[kind]
    draft = Draft(
        key,
        form.get("channel", ""),
        form["language"] if form.get("language") in LANGUAGES else "fr",
        chosen,
        kind,
        form.get("text", "").replace("\r\n", "\n"),
        form.get("title", "").strip(),
    )
    lists = {
        name.removeprefix(LIST): [line.strip() for line in text.splitlines() if line.strip()]
        for name, text in form.items()
        if name.startswith(LIST)
    }
    return draft, lists
