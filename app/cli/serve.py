"""`pli serve` and `pli worker`."""

from typing import Annotated

import typer


def serve(
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Serve HTTP only; run `pli worker` beside it.")
    ] = False,
) -> None:
    """Serve console, API and links, and work on jobs in the same process."""
    from app.cli.setup import load_settings

    # Settings first: what is wrong with them is said before the whole service is loaded.
    settings = load_settings()
    from app.cli.processes import run_service

    run_service(settings, work=not no_worker)


def worker() -> None:
    """Work on jobs without serving HTTP. Give each worker of a host its own PLI_WORKERS_SLOT."""
    from app.cli.setup import load_settings

    settings = load_settings()
    from app.cli.processes import run_worker

    run_worker(settings)
