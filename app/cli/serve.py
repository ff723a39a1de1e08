"""`pli serve` and `pli worker`."""

from typing import Annotated

import typer


def serve(
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Serve HTTP only; run `pli worker` beside it.")
    ] = False,
) -> None:
    """Serve console, API and links, and work on jobs in the same process."""
    from app.cli.processes import run_service
    from app.cli.setup import load_settings

    run_service(load_settings(), work=not no_worker)


def worker() -> None:
    """Work on jobs without serving HTTP. Give each worker of a host its own PLI_WORKERS_SLOT."""
    from app.cli.processes import run_worker
    from app.cli.setup import load_settings

    run_worker(load_settings())
