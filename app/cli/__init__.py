"""The `pli` command. Modules here import little at their top: what a command needs is imported when it runs, so that
`pli explain` starts at once and works with no settings and no database."""

import typer

from app.cli import (
    carrier,
    consents,
    demo,
    doctor,
    explain,
    manage,
    rcs,
    rules,
    send,
    send_sms,
    sender,
    serve,
)
from app.cli.failures import one_sentence

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Sealed documents, announced by text message.",
)
cli.command("demo")(demo.demo)
cli.command("serve")(serve.serve)
cli.command("worker")(serve.worker)
cli.command("send")(send.send)
cli.command("send-sms")(send_sms.send_sms)
cli.command("explain")(explain.explain)
cli.command("doctor")(doctor.doctor)
cli.command("retry")(manage.retry)
cli.command("verify-journal")(manage.verify_journal)
cli.add_typer(manage.db, name="db")
cli.add_typer(manage.org, name="org")
cli.add_typer(manage.user, name="user")
cli.add_typer(manage.client, name="client")
cli.add_typer(rules.rules, name="rules")
cli.command("import-opt-outs")(consents.import_opt_outs)
cli.add_typer(carrier.carrier, name="carrier")
cli.add_typer(rcs.rcs, name="rcs")
cli.add_typer(sender.sender, name="sender")


def main() -> None:
    """Entry point of the `pli` command: a failure is one sentence and exit status 1."""
    with one_sentence():
        cli()
