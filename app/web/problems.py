"""How an error is answered: one table from error class to status, one value, three ways to show it.

Programs get RFC 9457 problem documents; the console and the recipient's phone get a page, rendered by the functions
that `install` is given. No answer repeats what was sent: rejected values and their context are dropped, and an
unexpected error says only a reference, under which the log holds its type and its way through the code.
"""

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core import errors
from app.core.log import fields
from app.crypto.errors import SealBroken
from app.web.lost import LOGIN, login_address
from app.web.security import Door, door_of, route_template
from app.web.texts import Language, choose_language
from links.errors import LinkError

log = logging.getLogger(__name__)

TYPE_PREFIX = "urn:pli:problem:"
OVERLOAD_SECONDS = 5
WITH_LOGIN = (Door.CONSOLE, Door.SIMULATOR)


@dataclass(frozen=True)
class Row:
    """What the outside learns of a class of errors."""

    status: int
    slug: str
    fr: str
    en: str


TABLE: Mapping[type[Exception], Row] = {
    errors.InvalidInput: Row(422, "invalid-input", "Données non valides", "Invalid input"),
    errors.TooLarge: Row(413, "too-large", "Envoi trop volumineux", "Too large"),
    errors.NotFound: Row(404, "not-found", "Introuvable", "Not found"),
    errors.Forbidden: Row(403, "forbidden", "Action non autorisée", "Not allowed"),
    errors.Unauthenticated: Row(401, "unauthenticated", "Connexion requise", "Authentication required"),
    errors.Conflict: Row(409, "conflict", "L’état a changé entre-temps", "State conflict"),
    errors.TooMany: Row(429, "too-many", "Trop de demandes", "Too many requests"),
    errors.KeysUnavailable: Row(503, "keys-unavailable", "Clés indisponibles", "Keys unavailable"),
    errors.Overloaded: Row(503, "overloaded", "Service très sollicité", "Service busy"),
    SealBroken: Row(500, "seal-broken", "Donnée scellée illisible", "Sealed data unreadable"),
    LinkError: Row(422, "invalid-link", "Lien non autorisé", "Link not allowed"),
    # Errors that only a job or a carrier's adapter should meet are not explained to callers.
    errors.PliError: Row(500, "unexpected", "Erreur interne", "Internal error"),
}
FAILURE = TABLE[errors.PliError]
# Pydantic's sentences for these kinds name the rule, never the value.
SAFE_KINDS = frozenset(
    {
        "missing",
        "extra_forbidden",
        "json_invalid",
        "string_type",
        "string_too_short",
        "string_too_long",
        "string_pattern_mismatch",
        "bool_type",
        "bool_parsing",
        "int_type",
        "int_parsing",
        "int_from_float",
        "float_type",
        "float_parsing",
        "greater_than",
        "greater_than_equal",
        "less_than",
        "less_than_equal",
        "multiple_of",
        "list_type",
        "dict_type",
        "model_type",
        "too_short",
        "too_long",
        "literal_error",
        "enum",
    }
)


@dataclass(frozen=True)
class FieldProblem:
    """One field that cannot be used. `pointer` is a JSON pointer into the body, or `query/limit` and the like."""

    pointer: str
    detail: str


@dataclass(frozen=True)
class Problem:
    """An answerable error. `detail` is English and for developers, screens translate `code`; `reference` leads to the
    log when something unexpected happened; `headers` go with the answer."""

    row: Row
    code: str
    detail: str
    fields: tuple[FieldProblem, ...] = ()
    retry_after: int | None = None
    reference: str = ""
    headers: Mapping[str, str] | None = None

    @property
    def status(self) -> int:
        return self.row.status

    def title(self, lang: Language) -> str:
        return self.row.fr if lang == "fr" else self.row.en


PageRenderer = Callable[[Request, Problem], Response]


def row_for(kind: type[Exception]) -> Row | None:
    """The row of the class or of its nearest ancestor that has one."""
    return next((TABLE[ancestor] for ancestor in kind.__mro__ if ancestor in TABLE), None)


def problem_of(error: Exception) -> Problem:
    """The value that every door answers with. An error of no known class, or of a class that is our own matter, gets a
    new reference and is logged."""
    if isinstance(error, HTTPException):
        # FastAPI hides what goes wrong while it reads a body behind its own 400.
        cause = error.__cause__
        return problem_of(cause) if isinstance(cause, errors.PliError) else _of_framework(error)
    if isinstance(error, RequestValidationError):
        found = tuple(field_problem(entry) for entry in error.errors())
        detail = "some fields cannot be used; correct them and send again"
        return Problem(TABLE[errors.InvalidInput], "invalid_fields", detail, fields=found)
    row = row_for(type(error))
    if (
        row is None
        or row.status == HTTPStatus.INTERNAL_SERVER_ERROR
        or isinstance(error, errors.KeysUnavailable)
    ):
        return _for_the_operator(row or FAILURE, error)
    known = cast("errors.PliError | LinkError", error)
    wait = {errors.TooMany: getattr(known, "retry_after", None), errors.Overloaded: OVERLOAD_SECONDS}
    return Problem(row, known.code, known.message, retry_after=wait.get(type(error)))


def _for_the_operator(row: Row, error: Exception) -> Problem:
    """The caller can do nothing about it and learns nothing of it but where the operator finds it."""
    reference = secrets.token_hex(6)
    log.error("request failed", exc_info=error, extra=fields(reference=reference))
    detail = "something failed on our side; try again later, and quote the reference to support if it happens again"
    return Problem(row, row.slug.replace("-", "_"), detail, reference=reference)


def _of_framework(error: HTTPException) -> Problem:
    """404 for no route, 405 for a wrong method, and whatever else the framework raises."""
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.NOT_FOUND:
        return Problem(
            TABLE[errors.NotFound], "no_such_page", "nothing is served at this address", headers=headers
        )
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        row = Row(405, "method-not-allowed", "Méthode non autorisée", "Method not allowed")
        detail = f"this address answers to {headers.get('Allow', headers.get('allow', 'other methods'))}"
        return Problem(row, "method_not_allowed", detail, headers=headers)
    status = HTTPStatus(error.status_code)
    row = Row(status.value, status.phrase.lower().replace(" ", "-"), "Demande refusée", status.phrase)
    return Problem(
        row, "refused_by_framework", "the request could not be read; check its format", headers=headers
    )


def field_problem(entry: Mapping[str, Any]) -> FieldProblem:
    """Keeps the place and the rule of a validation error; the value and its context are dropped."""
    place, *steps = [str(step) for step in entry["loc"]] or ["body"]
    escaped = [step.replace("~", "~0").replace("/", "~1") for step in steps]
    pointer = "/".join(["#" if place == "body" else place, *escaped])
    kind = str(entry["type"])
    detail = str(entry["msg"]) if kind in SAFE_KINDS else f"This value cannot be used here ({kind})"
    return FieldProblem(pointer, detail)


def api_response(request: Request, problem: Problem) -> Response:
    """A problem document (RFC 9457), in English unless the client asks for French."""
    lang = choose_language(accept_language=request.headers.get("accept-language") or "en")
    body: dict[str, object] = {
        "type": TYPE_PREFIX + problem.row.slug,
        "title": problem.title(lang),
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    if problem.fields:
        body["errors"] = [{"pointer": field.pointer, "detail": field.detail} for field in problem.fields]
    if problem.reference:
        body["reference"] = problem.reference
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == HTTPStatus.UNAUTHORIZED else {}
    return JSONResponse(body, problem.status, headers=headers, media_type="application/problem+json")


def console_response(request: Request, problem: Problem, render: PageRenderer, login: str) -> Response:
    """A page; whoever is not logged in is sent to `login`, which leads back."""
    if problem.status != HTTPStatus.UNAUTHORIZED:
        return render(request, problem)
    if "hx-request" in request.headers:
        # htmx would follow a redirect itself and put the login form inside the page.
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": login})
    return RedirectResponse(login, HTTPStatus.SEE_OTHER)


@dataclass(frozen=True)
class Answers:
    """Turns an exception into the answer of the door it happened at."""

    console: PageRenderer
    recipient: PageRenderer

    def to(self, request: Request, error: Exception, login: str = LOGIN) -> Response:
        problem = problem_of(error)
        door = door_of(request.url.path)
        if door is Door.RECIPIENT:
            response = self.recipient(request, problem)
        elif door in WITH_LOGIN:
            response = console_response(request, problem, self.console, login)
        else:
            response = api_response(request, problem)
        if problem.retry_after is not None:
            response.headers["Retry-After"] = str(problem.retry_after)
        response.headers.update(problem.headers or {})
        return response


def install(app: FastAPI, answers: Answers) -> None:
    """Answer every expected error and every refusal of the framework. `boundary` catches the rest."""

    async def handle(request: Request, error: Exception) -> Response:
        if isinstance(error, errors.Unauthenticated) and door_of(request.url.path) in WITH_LOGIN:
            return answers.to(request, error, await login_address(request))
        return answers.to(request, error)

    expected: Sequence[type[Exception]] = (*TABLE, HTTPException, RequestValidationError)
    for kind in expected:
        app.add_exception_handler(kind, handle)


def boundary(answers: Answers) -> Middleware:
    """The middleware that answers what no handler took: errors of other middlewares and unexpected ones. It lies
    inside the security headers, which Starlette's own handler for these does not."""
    return Middleware(_Boundary, answers=answers)


class _Boundary:
    def __init__(self, app: ASGIApp, answers: Answers) -> None:
        self.app = app
        self.answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except ClientDisconnect:
            log.info("client left", extra=fields(route=route_template(scope)))
        except Exception as error:
            if started:
                # Half an answer is out: only a cut connection tells the client that it is not whole.
                raise
            await self.answers.to(Request(scope, receive), error)(scope, receive, send)
