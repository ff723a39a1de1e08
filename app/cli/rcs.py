"""`pli rcs`: whether cards reach phones by an agent."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from app.core.errors import InvalidInput

if TYPE_CHECKING:
    from app.carriers.base import Remark
    from app.carriers.rcs.carrier import RcsCarrier
    from app.runtime import Runtime

rcs = typer.Typer(no_args_is_help=True, help="Cards by RCS for Business.")


@rcs.callback()
def group() -> None:
    """Cards by RCS for Business."""


@rcs.command("check")
def rcs_check(
    name: Annotated[str, typer.Argument(help="Name of the connection, if there are several.")] = "",
    phone: Annotated[str, typer.Option(help="A test phone, as +33612345678.")] = "",
    invite: Annotated[
        bool, typer.Option(help="Ask the owner of the test phone to become a tester of the agent.")
    ] = False,
) -> None:
    """Say in plain words whether credentials, agent, webhook and a test phone are right. No message is sent. Exit status 1
    when something is wrong."""
    from app.cli.remarks import tell
    from app.cli.setup import opened

    if invite and not phone:
        raise InvalidInput("rcs_phone", "Say which phone to invite: --phone +33612345678.")
    with opened() as application:
        rt = application.runtime
        tell(_remarks(rt, _agent(rt, name), phone, invite=invite))


def _remarks(rt: "Runtime", agent: "RcsCarrier", phone: str, *, invite: bool) -> "Iterator[Remark]":
    from rcs.limits import RcsError

    yield from agent.check(rt.now())
    if not phone:
        return
    try:
        yield from agent.check_phone(phone, rt.now(), invite=invite)
    except RcsError as error:
        raise InvalidInput("rcs_phone", f"{error.message[:1].upper()}{error.message[1:]}.") from None


def _agent(rt: "Runtime", name: str) -> "RcsCarrier":
    from app.carriers.rcs.carrier import RcsCarrier
    from app.usecases.carriers.list_connections import list_connections

    names = [one.name for one in list_connections(rt) if one.kind == "rcs" and name in ("", one.name)]
    if not names:
        what = f"named {name}" if name else "yet"
        raise InvalidInput(
            "rcs_connection", f"There is no RCS agent {what}; `pli carrier add rcs NAME` adds one."
        )
    if len(names) > 1:
        raise InvalidInput("rcs_connection", f"Say which: {', '.join(names)}.")
    found = rt.carriers.get(names[0])
    if not isinstance(found, RcsCarrier):
        raise InvalidInput(
            "rcs_connection",
            f"{names[0]} is switched off, or its settings cannot be used; the log says which.",
        )
    return found
