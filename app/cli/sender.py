"""`pli sender`: what an organisation's messages come from, and where each stands with its carrier."""

from typing import Annotated

import typer

from app.cli.manage import Slug
from app.core.errors import InvalidInput

sender = typer.Typer(no_args_is_help=True, help="Senders: names, short codes and numbers of an organisation.")

Address = Annotated[str, typer.Argument(help="Name or number, as 36105 or 09 37 12 34 56.")]


@sender.command("kinds")
def sender_kinds() -> None:
    """Every kind with segments a second, weeks and euros a month to get one, separated by tabs. One marked `off` waits for
    an owner, who turns it on in the console."""
    from app.messaging.sending.senders import PROFILES, Kind

    for kind in Kind:
        profile = PROFILES[kind]
        weeks, euros = "-".join(map(str, profile.weeks)), "-".join(map(str, profile.euros))
        print(
            kind, profile.channel, f"{profile.rate:g}", weeks, euros, "off" if profile.off else "", sep="\t"
        )


@sender.command("list")
def sender_list(slug: Slug) -> None:
    """Address, kind, state, segments a second, connection, and messages and segments of the last second, separated by
    tabs."""
    from app.cli.setup import opened
    from app.usecases.organisations.find_organisation import find_organisation
    from app.usecases.senders.show_senders import show_senders

    with opened() as application:
        organisation = find_organisation(application.runtime, slug)
        for one in show_senders(application.runtime, organisation.id).senders:
            kind = one.kind.profile.kind
            print(
                one.address,
                kind,
                one.state,
                f"{one.rate:g}",
                one.carrier,
                one.messages,
                one.segments,
                sep="\t",
            )


@sender.command("ask")
def sender_ask(
    kind: Annotated[str, typer.Argument(help="Kind of sender, see `pli sender kinds`.")],
    address: Address,
    slug: Slug,
) -> None:
    """Write down that an organisation wants a sender. Nothing leaves from it until it is approved."""
    from app.cli.setup import opened
    from app.core.accounts import OPERATOR
    from app.usecases.organisations.find_organisation import find_organisation
    from app.usecases.senders.ask_sender import ask_sender

    with opened() as application:
        organisation = find_organisation(application.runtime, slug)
        try:
            ask_sender(application.runtime, organisation.id, kind, address, OPERATOR)
        except InvalidInput as error:
            raise InvalidInput(error.code, _sentence(error.code)) from error
    print("It is asked for. Once the carrier approved it: pli sender state")


@sender.command("state")
def sender_state(
    address: Address,
    state: Annotated[str, typer.Argument(help="asked, waiting, approved, refused or disabled.")],
    slug: Slug,
    even_last: Annotated[
        bool, typer.Option("--even-last", help="Also when nothing of its channel can leave any more.")
    ] = False,
) -> None:
    """Note where a sender stands with its carrier."""
    from app.cli.setup import opened
    from app.core.accounts import OPERATOR
    from app.core.errors import Conflict
    from app.usecases.organisations.find_organisation import find_organisation
    from app.usecases.senders.find_sender import find_sender
    from app.usecases.senders.move_sender import move_sender

    with opened() as application:
        rt = application.runtime
        organisation = find_organisation(rt, slug)
        sender_id = find_sender(rt, organisation.id, address)
        try:
            move_sender(rt, organisation.id, sender_id, state, OPERATOR, confirmed=even_last)
        except Conflict as error:
            if error.code != "sender_last":
                raise
            raise Conflict(
                error.code,
                "This is the last approved sender of its channel: without it nothing leaves by that channel, and what "
                "waits fails. Approve another first, or repeat with --even-last.",
            ) from error
    print(f"{address} is {state}.")


def _sentence(code: str) -> str:
    """What is wrong with what was typed, in the words of the console."""
    from app.web.texts import texts

    return texts().translator("en").plain(f"errors.{code}")
