"""`pli demo`: Pli to try out, with a sample organisation and a sample payroll."""

from typing import Annotated

import typer


def demo(
    lan: Annotated[
        bool,
        typer.Option("--lan", help="Serve links over HTTPS on the local network, for your own phone."),
    ] = False,
) -> None:
    """Start HTTP service, worker and phone simulator on SQLite and local disk, and print how to log in.

    The first start makes a sample organisation and two sample payrolls; later starts find them again. Nothing ever
    leaves for a real network.
    """
    from app.cli.demo_setup import demo_settings, introduce
    from app.cli.processes import run_service

    settings = demo_settings(lan=lan)
    run_service(settings, log_level="WARNING", ready=introduce(settings))
