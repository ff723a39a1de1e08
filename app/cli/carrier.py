"""`pli carrier`: connections to networks."""

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.core.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from pydantic import BaseModel

    from app.carriers.base import Remark
    from app.runtime import Runtime
    from app.usecases.carriers.list_connections import ListedConnection

carrier = typer.Typer(no_args_is_help=True, help="Connections to carriers.")

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
    """Name, kind, segments a second, organisation, and how it stands and what it is limited to, separated by tabs."""
    from app.cli.setup import opened
    from app.usecases.carriers.list_connections import list_connections

    with opened() as application:
        for one in list_connections(application.runtime):
            link = " ".join(filter(None, (one.state, one.reason, _instant(one.since), one.holder)))
            standing = [remark.words for remark in _standing(one)]
            words = ", ".join(filter(None, (link, *standing, *_carries(one))))
            print(one.name, one.kind, f"{one.rate:g}", one.organisation or "all", words, sep="\t")


@carrier.command("change")
def carrier_change(
    name: Name,
    settings: Annotated[list[str] | None, typer.Argument(help="Settings that change, as name=value.")] = None,
    rate: Annotated[float | None, typer.Option(help="Segments a second the contract allows.")] = None,
    sender: Annotated[
        list[str] | None, typer.Option(help="Only for this sender; repeat for several, `all` for every one.")
    ] = None,
    destination: Annotated[
        list[str] | None,
        typer.Option(
            help="Only to metropole, overseas or foreign; repeat for several, `all` for everywhere."
        ),
    ] = None,
    rank: Annotated[int | None, typer.Option(help="0 is asked first; others when it cannot.")] = None,
    weight: Annotated[int | None, typer.Option(help="Share of the messages within its rank.")] = None,
    enabled: Annotated[
        bool | None, typer.Option("--on/--off", help="Whether anything leaves by it.", show_default=False)
    ] = None,
) -> None:
    """Change settings of a connection or what it carries; what is not named stays. Passwords: `pli carrier password`."""
    from app.cli.setup import opened
    from app.db.sending.connections import Connection, Terms
    from app.usecases.carriers.change_connection import change_connection
    from app.wiring import KINDS, read_settings

    def changed(connection: Connection) -> str:
        model = KINDS[connection.kind].settings
        text = json.dumps(json.loads(connection.settings) | _values(settings or [], model))
        read_settings(model, text)
        return text

    terms = Terms(rate, _limits(destination), _limits(sender), rank, weight, enabled)
    with opened() as application:
        change_connection(application.runtime, name, changed if settings else None, terms)
    if enabled is False:
        print(
            f"Nothing leaves by {name} until: pli carrier change {name} --on. What no other connection may carry fails."
        )
    else:
        print(f"The carrier {name} is changed. See whether it works: pli carrier check {name}")


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
    from app.usecases.callbacks.open_connection import open_connection
    from app.usecases.carriers.change_connection import change_connection
    from app.wiring import KINDS, read_settings

    with opened() as application:
        stored = open_connection(application.runtime, name)
        if stored is None:
            raise _unknown(name)
        model = KINDS[stored[0].kind].settings
        given = _values(files or [], model)
        if others := given.keys() - set(_files(model)):
            raise InvalidInput("connection_settings", f"{min(others)} is not a secret that comes in a file.")
        # Before the transaction: nobody can write to SQLite, and others may change the settings, while somebody types.
        given |= _ask(model)

        def renewed(connection: Connection) -> str:
            text = json.dumps(json.loads(connection.settings) | given)
            read_settings(model, text)
            return text

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
    from app.usecases.carriers.list_connections import list_connections

    with opened() as application:
        rt = application.runtime
        found = find_carrier(rt, name)
        if not isinstance(found, Checkable):
            print(f"ok    {name} sends nothing, so nothing can be wrong with it")
            return
        stands = [remark for one in list_connections(rt) if one.name == name for remark in _standing(one)]
        tell(chain(found.check(rt.now()), stands))


def find_carrier(rt: "Runtime", name: str) -> Any:
    """Raises NotFound, or InvalidInput that says why a connection that exists cannot be used."""
    from app.usecases.callbacks.open_connection import open_connection
    from app.wiring import require_usable

    if name in rt.carriers:
        return rt.carriers[name]
    stored = open_connection(rt, name)
    if stored is None:
        raise _unknown(name)
    if not stored[0].enabled:
        raise InvalidInput(
            "connection_off", f"{name} is switched off; to use it again: pli carrier change {name} --on"
        )
    require_usable(stored[0])
    return rt.carriers[name]


def _unknown(name: str) -> NotFound:
    return NotFound("connection_unknown", f"There is no carrier named {name}; `pli carrier list` shows them.")


def _standing(one: "ListedConnection") -> "Iterator[Remark]":
    """Why messages do not leave by a connection at present, or only some."""
    from app.carriers.base import Remark
    from app.messaging.sending.breaker import Standing

    if not one.enabled:
        yield Remark(False, "switched off")
    if one.rests_until is not None:
        yield Remark(False, f"asked to be left alone until {_instant(one.rests_until)}")
    until = _instant(one.stands_until)
    match one.standing:
        case Standing.PAUSED:
            yield Remark(False, f"paused until {until}, for its last calls failed")
        case Standing.PROBING:
            yield Remark(False, "tried again by single messages, for its calls failed")
        case Standing.SLOW:
            yield Remark(False, f"slow, so others come first until {until}")


def _carries(one: "ListedConnection") -> "Iterator[str]":
    """What it is limited to, where it is."""
    if one.destinations:
        yield f"only to {' and '.join(one.destinations)}"
    if one.senders:
        yield f"only for {' and '.join(one.senders)}"
    if (one.rank, one.weight) != (0, 1):
        yield f"rank {one.rank}, weight {one.weight}"


def _instant(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z" if at else ""


def _limits(given: Sequence[str] | None) -> tuple[str, ...] | None:
    """None when nothing was said, nothing at all for the word `all`."""
    if not given:
        return None
    return () if list(given) == ["all"] else tuple(given)


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
