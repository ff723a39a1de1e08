"""`pli send-sms`: one message through one connection, and what becomes of it."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from app.cli.carrier import find_carrier
from app.core.errors import InvalidInput

if TYPE_CHECKING:
    from app.carriers.base import Inbound, Report
    from app.runtime import Runtime

LOOK_SECONDS = 0.2
LINK_SECONDS = 20.0


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
        find_carrier(rt, name)
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
