"""`pli send`: give a payroll to a running Pli over HTTP, show the review, and release it when asked."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer


def send(
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="One merged PDF, PDFs, or a ZIP.")
    ],
    people: Annotated[
        Path,
        typer.Option(
            exists=True, dir_okay=False, help="Who gets what: .xlsx, .xls, .ods, .csv.", show_default=False
        ),
    ],
    title: Annotated[
        str, typer.Option(help="Name of the batch; by default the name of the first file.")
    ] = "",
    period: Annotated[str, typer.Option(help="Month of the payslips, as 2026-10.")] = "",
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day of the links, as 2026-12-31.")
    ] = None,
    password: Annotated[
        str, typer.Option(help="sheet, generated, usual or none; by default the organisation's.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the review, then cancel the batch.")
    ] = False,
    release: Annotated[bool, typer.Option("--release", help="Release when nothing blocks.")] = False,
    idempotency_key: Annotated[
        str, typer.Option(help="Give the same again to repeat a send that broke off; by default a new one.")
    ] = "",
    url: Annotated[
        str, typer.Option(envvar="PLI_URL", help="Address of the service.")
    ] = "http://localhost:8000",
    api_key: Annotated[
        str,
        typer.Option(envvar="PLI_API_KEY", help="API key; better given in PLI_API_KEY.", show_default=False),
    ] = "",
    locale: Annotated[
        str,
        typer.Option(
            "--language",
            envvar=["LC_ALL", "LC_MESSAGES", "LANG"],
            help="fr or en; by default that of the terminal.",
        ),
    ] = "",
) -> None:
    """Upload documents and their people sheet, and print the id of the batch.

    Exit status 0: in review or released; 1: it failed; 2: wrong use; 3: something blocks the release.
    """
    from app.cli.sending import Options, Sending, translator

    t = translator(locale)
    if not api_key:
        typer.echo(t.plain("send.no_key"), err=True)
        raise typer.Exit(2)
    if dry_run and release:
        typer.echo(t.plain("send.dry_or_release"), err=True)
        raise typer.Exit(2)
    options = Options(
        title=title or files[0].stem[:120],
        period=period,
        expires_on=until.date().isoformat() if until else "",
        password_policy=password,
    )
    with Sending(url, api_key, t) as sending:
        status = sending.run(
            files,
            people,
            options,
            idempotency_key=idempotency_key,
            dry_run=dry_run,
            release=release,
        )
    raise typer.Exit(status)
