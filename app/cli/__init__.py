"""The `pli` command. Each command lies in a file of its own and is imported only when it runs."""

import typer

from app.cli import demo, explain, manage, send, serve

cli = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Sealed documents, announced by text message."
)
cli.command("demo")(demo.demo)
cli.command("serve")(serve.serve)
cli.command("worker")(serve.worker)
cli.command("send")(send.send)
cli.command("explain")(explain.explain)
cli.command("doctor")(manage.doctor)
cli.add_typer(manage.db, name="db")
cli.add_typer(manage.org, name="org")
cli.add_typer(manage.user, name="user")
cli.add_typer(manage.client, name="client")


def main() -> None:
    """Entry point of the `pli` command."""
    cli()
