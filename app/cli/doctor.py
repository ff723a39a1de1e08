"""`pli doctor`: what is out of order, in plain words, and what to do about it."""

import sys

import typer


def doctor() -> None:
    """Check settings, folders, keys, database, epoch store, blobs and jobs. Exit status 1 means that something is wrong.

    Changes nothing but a probe object that it writes and deletes.
    """
    from app.cli.checkups import examine

    healthy = True
    for checkup in examine():
        healthy = healthy and checkup.well
        mark = "ok   " if checkup.well else "WRONG"
        print(f"{mark} {checkup.name}: {checkup.words}", file=sys.stdout, flush=True)
    if not healthy:
        raise typer.Exit(1)
