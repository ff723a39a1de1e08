"""Taking over a list of refusals from another platform, on the first day."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.manage import ACTOR, Slug


def import_opt_outs(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="One number a line; CSV is fine.")
    ],
    org: Slug,
    everything: Annotated[
        bool, typer.Option("--everything", help="They refuse every message, not only marketing.")
    ] = False,
) -> None:
    """Close marketing for every number of a file; the first column is read. The same file may come again."""
    from app.cli.setup import opened
    from app.messaging.permission.consent_proof import How
    from app.usecases.consents.import_opt_outs import import_opt_outs as take_in
    from app.usecases.organisations.find_organisation import find_organisation

    lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    cells = [line.split(";")[0].split(",")[0].split("\t")[0].strip() for line in lines]
    with opened() as application:
        rt = application.runtime
        organisation = find_organisation(rt, org)
        done = take_in(rt, organisation.id, cells, How.IMPORT, ACTOR, everything=everything)
    for place, problem in done.unreadable:
        if problem != "empty":
            print(f"line {place}: {problem}")
    print(f"{done.added} added, {done.known} known already")
