"""`pli carrier` and `pli send-sms`: connections to networks, and one message through one of them."""

import json
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from app.core.errors import InvalidInput

if TYPE_CHECKING:
    from pydantic import BaseModel

    from app.carriers.base import Inbound, Report
    from app.runtime import Runtime

carrier = typer.Typer(no_args_is_help=True, help="Connections to carriers.")

LOOK_SECONDS = 0.2
LINK_SECONDS = 20.0
Name = Annotated[str, typer.Argument(help="Name of the connection, as messages and reports show it.")]


@carrier.command("kinds")
def carrier_kinds() -> None:
    """Every kind of carrier with the settings it takes; those with a star are needed, secret ones are asked for."""
    from app.wiring import KINDS

    for name, kind in sorted(KINDS.items()):
        print(name)
        for field, info in kind.settings.model_fields.items():
            star = "*" if info.is_required() else " "
            secret = "  (secret)" if field in _secrets(kind.settings) else ""
            secret = "  (secret, given as the path of its file)" if field in _files(kind.settings) else secret
            default = "" if info.is_required() or secret else f" = {info.default!r}"
            print(f"  {star} {field}{default}{secret}")


@carrier.command("add")
def carrier_add(
    kind: Annotated[str, typer.Argument(help="Kind of carrier, see `pli carrier kinds`.")],
    name: Name,
    settings: Annotated[
        list[str] | None, typer.Argument(help="Settings as name=value; lists and tables as JSON.")
    ] = None,
    rate: Annotated[float, typer.Option(help="Segments a second the contract allows.")] = 10.0,
    slug: Annotated[str, typer.Option("--org", help="Only this organisation may use it.")] = "",
    sender: Annotated[
        list[str] | None, typer.Option(help="Only for this sender; repeat for several.")
    ] = None,
    destination: Annotated[
        list[str] | None, typer.Option(help="Only to metropole, overseas or foreign; repeat for several.")
    ] = None,
    rank: Annotated[int, typer.Option(help="0 is asked first; others when it cannot.")] = 0,
    weight: Annotated[int, typer.Option(help="Share of the messages among those of one rank.")] = 1,
) -> None:
    """Add a connection. Passwords are asked for, or read from standard input one a line; never given as arguments."""
    from app.cli.setup import opened
    from app.db.sending.connections import NewConnection
    from app.usecases.carriers.add_connection import add_connection
    from app.usecases.organisations.find_organisation import find_organisation
    from app.wiring import KINDS, read_settings

    if kind not in KINDS:
        raise InvalidInput("connection_kind", f"There is no kind {kind}; `pli carrier kinds` shows them.")
    model = KINDS[kind].settings
    values = _values(settings or [], model)
    text = json.dumps(values | _ask(model))
    read_settings(model, text)
    with opened() as application:
        rt = application.runtime
        organisation_id = find_organisation(rt, slug).id if slug else None
        new = NewConnection(
            name,
            kind,
            text,
            rate,
            organisation_id,
            KINDS[kind].channels,
            destination or (),
            sender or (),
            rank,
            weight,
        )
        add_connection(rt, new)
    print(f"The carrier {name} exists. See whether it works: pli carrier check {name}")


@carrier.command("list")
def carrier_list() -> None:
    """Name, kind, segments a second, organisation, and how a lasting link stands, separated by tabs."""
    from app.cli.setup import opened
    from app.usecases.carriers.list_connections import list_connections

    with opened() as application:
        for one in list_connections(application.runtime):
            since = f"{one.since:%Y-%m-%d %H:%M:%S}Z" if one.since else ""
            link = " ".join(filter(None, (one.state, one.reason, since, one.holder)))
            print(one.name, one.kind, f"{one.rate:g}", one.organisation or "all", link, sep="\t")


@carrier.command("use")
def carrier_use(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of the connection; `routed` lets rank and weight of all decide, `simulator` sends nothing."
        ),
    ],
    slug: Annotated[
        str, typer.Option("--org", help="Organisation whose texts leave by it.", show_default=False)
    ],
    sender: Annotated[str, typer.Option(help="Only this sender of it.")] = "",
) -> None:
    """Let an organisation's texts leave by a connection. Messages not yet sent take it too."""
    from app.cli.setup import opened
    from app.usecases.carriers.use_connection import use_connection
    from app.usecases.organisations.find_organisation import find_organisation

    with opened() as application:
        organisation = find_organisation(application.runtime, slug)
        moved = use_connection(application.runtime, organisation.id, name, sender, actor="operator")
    print(f"Leaves by {name} now: {', '.join(moved)}" if moved else f"Left by {name} already.")


@carrier.command("password")
def carrier_password(
    name: Name,
    files: Annotated[
        list[str] | None, typer.Argument(help="Secrets that come in a file, as service_account=key.json.")
    ] = None,
) -> None:
    """Give a connection its renewed passwords. Workers use them within seconds."""
    from app.cli.setup import opened
    from app.db.sending.connections import Connection
    from app.usecases.carriers.change_connection import change_connection
    from app.wiring import KINDS, read_settings

    def renewed(connection: Connection) -> str:
        model = KINDS[connection.kind].settings
        given = _values(files or [], model)
        if others := given.keys() - set(_files(model)):
            raise InvalidInput("connection_settings", f"{min(others)} is not a secret that comes in a file.")
        text = json.dumps(json.loads(connection.settings) | given | _ask(model))
        read_settings(model, text)
        return text

    with opened() as application:
        change_connection(application.runtime, name, renewed)
    print("The passwords are changed.")


@carrier.command("renew-callbacks")
def carrier_renew_callbacks(name: Name) -> None:
    """Give a connection other callback addresses, as when one was read in a log. The earlier ones are refused at once."""
    from app.cli.setup import opened
    from app.usecases.carriers.renew_callbacks import renew_callbacks

    with opened() as application:
        renew_callbacks(application.runtime, name)
    print(f"The addresses are others now. Set the new ones at the carrier: pli carrier check {name}")


@carrier.command("remove")
def carrier_remove(name: Name) -> None:
    """Forget a connection and its passwords."""
    from app.cli.setup import opened
    from app.usecases.carriers.remove_connection import remove_connection

    with opened() as application:
        remove_connection(application.runtime, name)
    print(f"The carrier {name} is removed.")


@carrier.command("check")
def carrier_check(name: Name) -> None:
    """Say in plain words whether a connection works, without sending a message. Exit status 1 when something is wrong."""
    from app.carriers.base import Checkable
    from app.cli.remarks import tell
    from app.cli.setup import opened

    with opened() as application:
        rt = application.runtime
        found = _carrier(rt, name)
        if not isinstance(found, Checkable):
            print(f"ok    {name} sends nothing, so nothing can be wrong with it")
            return
        tell(found.check(rt.now()))


def send_sms(
    to: Annotated[str, typer.Argument(help="Number, as +33612345678.")],
    text: Annotated[str, typer.Argument(help="What it says.")],
    name: Annotated[str, typer.Option("--carrier", help="Name of the connection.", show_default=False)],
    slug: Annotated[
        str, typer.Option("--org", help="Organisation it is sent for, if there are several.")
    ] = "",
    sender: Annotated[str, typer.Option("--from", help="Sender; otherwise the organisation's.")] = "",
    wait: Annotated[float, typer.Option(help="Seconds to wait for the final report.")] = 120.0,
) -> None:
    """Send one message and print what happens until its final report. Exit status 0 means delivered."""
    from app.cli.setup import opened
    from app.usecases.messages.send_one import send_one
    from app.web.texts import texts

    with opened() as application:
        rt = application.runtime
        _carrier(rt, name)
        organisation_id = _organisation(rt, slug)
        began = time.monotonic()
        application.carriers.start(lambda events: _record(rt, events))
        _wait_for_link(rt, name)
        sent = send_one(rt, organisation_id, name, to, text, sender)
        _say(began, f"{sent.segments} segments, {sent.encoding}")
        t = texts().translator("en")
        for one in sent.warnings:
            _say(began, f"warning: {t.plain(f'messaging.problem.{one.problem}', detail=one.detail)}")
        words = ("accepted", sent.reference) if sent.accepted else (sent.state, sent.reason)
        _say(began, " ".join(filter(None, words)))
        final = sent.state
        if sent.accepted or sent.state == "unknown":
            final = _follow(rt, sent.attempt_id, began, wait)
    if final not in ("delivered", "read"):
        raise typer.Exit(1)


def _follow(rt: "Runtime", attempt_id: UUID, began: float, wait: float) -> str:
    """Print each report as it comes; the last state."""
    from app.usecases.messages.follow_one import follow_one

    told = 0
    while True:
        followed = follow_one(rt, attempt_id)
        for state, code, _ in followed.reports[told:]:
            _say(began, " ".join(filter(None, ("report:", state, code))))
        told = len(followed.reports)
        if followed.final:
            return followed.state
        if time.monotonic() - began > wait:
            _say(
                began,
                f"no final report after {wait:g} s; it may still come, and is then recorded by a worker",
            )
            return followed.state
        time.sleep(LOOK_SECONDS)


def _wait_for_link(rt: "Runtime", name: str) -> None:
    """Until this process or a worker has the link; a carrier without one is ready at once."""
    from app.carriers.registry import Lasting

    found = rt.carriers[name]
    if isinstance(found, Lasting):
        found.wait_ready(LINK_SECONDS)


def _say(began: float, words: str) -> None:
    print(f"{time.monotonic() - began:7.2f} s  {words}", flush=True)


def _record(rt: "Runtime", events: "Sequence[Report | Inbound]") -> None:
    from app.carriers.base import Report
    from app.usecases.messages.record_inbound import record_inbound
    from app.usecases.messages.record_report import record_report

    for event in events:
        if isinstance(event, Report):
            record_report(rt, event)
        else:
            record_inbound(rt, event)


def _organisation(rt: "Runtime", slug: str) -> UUID:
    from app.usecases.organisations.find_organisation import find_organisation
    from app.usecases.organisations.list_organisations import list_organisations

    if slug:
        return find_organisation(rt, slug).id
    every = list_organisations(rt)
    if len(every) != 1:
        raise InvalidInput("organisation_needed", "Say for which organisation: --org, from `pli org list`.")
    return every[0].id


def _carrier(rt: "Runtime", name: str) -> Any:
    from app.core.errors import NotFound

    try:
        return rt.carriers[name]
    except KeyError:
        raise NotFound(
            "connection_unknown", f"There is no carrier named {name}; `pli carrier list` shows them."
        ) from None


def _secrets(model: "type[BaseModel]") -> list[str]:
    """Settings nobody may see that are asked for, in their order."""
    from pydantic import SecretStr

    every = [field for field, info in model.model_fields.items() if info.annotation is SecretStr]
    return [field for field in every if field not in _files(model)]


def _files(model: "type[BaseModel]") -> list[str]:
    """Secrets that are given as the path of a file that holds them, as a key that comes as one."""
    extra = {field: info.json_schema_extra for field, info in model.model_fields.items()}
    return [field for field, more in extra.items() if isinstance(more, dict) and more.get("from_file")]


def _content(name: str, path: str) -> str:
    from pathlib import Path

    try:
        return Path(path).expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            "connection_settings", f"{name}: {path} cannot be read ({type(error).__name__})."
        ) from None


def _values(given: Sequence[str], model: "type[BaseModel]") -> dict[str, Any]:
    """name=value pairs. Raises InvalidInput for a secret among them: it would stay in the shell's history."""
    values: dict[str, Any] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals:
            raise InvalidInput(
                "connection_settings", f"{name} is not a setting with its value, as host=smpp.example."
            )
        if name in _secrets(model):
            raise InvalidInput("connection_settings", f"{name} is asked for; do not give it as an argument.")
        if name in _files(model):
            values[name] = _content(name, value)
            continue
        try:
            values[name] = json.loads(value) if value[:1] in ("[", "{") else value
        except ValueError:
            raise InvalidInput("connection_settings", f"{name} is not readable as JSON.") from None
    return values


def _ask(model: "type[BaseModel]") -> dict[str, str]:
    """The secrets of a kind, from the terminal or from standard input, one a line. What is not needed may stay empty."""
    names = _secrets(model)
    if not sys.stdin.isatty():
        return {name: sys.stdin.readline().rstrip("\r\n") for name in names}
    answers = {}
    for name in names:
        needed = model.model_fields[name].is_required()
        label = name if needed else f"{name} (empty for none)"
        answers[name] = str(
            typer.prompt(label, hide_input=True, default=None if needed else "", show_default=False)
        )
    return answers
