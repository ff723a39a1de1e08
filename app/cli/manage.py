"""What an operator does by hand: the database, organisations, accounts, API keys, the journal."""

import sys
from typing import Annotated
from uuid import UUID

import typer

db = typer.Typer(no_args_is_help=True, help="The database.")
org = typer.Typer(no_args_is_help=True, help="Organisations.")
user = typer.Typer(no_args_is_help=True, help="Console accounts.")
client = typer.Typer(no_args_is_help=True, help="API keys of programs.")

ACTOR = "operator"
Slug = Annotated[str, typer.Option("--org", help="Short name of the organisation.", show_default=False)]


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to the schema of this version. Every start does so too."""
    from app.cli.setup import load_settings
    from app.db import migrate
    from app.engine import schema

    settings = load_settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrate.upgrade(settings.database)
    schema.migrate(settings.database)
    print("The database is up to date.")


@org.command("create")
def org_create(
    name: Annotated[str, typer.Argument(help="Name that recipients read.")],
    sender: Annotated[str, typer.Option(help="Sender of text messages, 1 to 11 letters or digits.")],
    contact: Annotated[str, typer.Option(help="Whom recipients ask for help: an address or a phone number.")],
    timezone: Annotated[str, typer.Option(help="Time zone, as Europe/Paris.")] = "Europe/Paris",
    language: Annotated[str, typer.Option(help="fr or en.")] = "fr",
    strict: Annotated[
        bool, typer.Option("--strict", help="Nobody but the recipient can read a released document.")
    ] = False,
) -> None:
    """Create an organisation and print its short name."""
    from app.cli.setup import opened
    from app.usecases.organisations.create_organisation import NewOrganisation, create_organisation

    new = NewOrganisation(
        name, sender, contact, timezone, language, profile="strict" if strict else "standard"
    )
    with opened() as application:
        print(create_organisation(application.runtime, new).slug)


@org.command("list")
def org_list() -> None:
    """Short name, name and profile of every organisation, separated by tabs."""
    from app.cli.setup import opened
    from app.usecases.organisations.list_organisations import list_organisations

    with opened() as application:
        for found in list_organisations(application.runtime):
            print(found.slug, found.name, found.profile, sep="\t")


@user.command("create")
def user_create(
    email: Annotated[str, typer.Argument(help="Address the person logs in with.")],
    slug: Slug,
    name: Annotated[str, typer.Option(help="Name shown in the console.")],
    role: Annotated[str, typer.Option(help="owner, admin, clerk, releaser or auditor.")] = "clerk",
    language: Annotated[str, typer.Option(help="fr or en.")] = "fr",
) -> None:
    """Create an account. The password is asked for, or read from standard input; never give it as an argument."""
    from app.cli.setup import opened
    from app.usecases.accounts.create_user import create_user
    from app.usecases.organisations.find_organisation import find_organisation

    with opened() as application:
        rt = application.runtime
        organisation = find_organisation(rt, slug)
        create_user(
            rt,
            organisation.id,
            email=email,
            name=name,
            password=_password(),
            role=role,
            language=language,
            actor=ACTOR,
            now=rt.now(),
        )
    print("The account exists.")


@user.command("password")
def user_password(email: Annotated[str, typer.Argument(help="Address of the account.")]) -> None:
    """Give an account a new password and end its sessions."""
    from app.cli.setup import opened
    from app.usecases.accounts.find_user import find_user
    from app.usecases.accounts.set_password import set_password

    with opened() as application:
        rt = application.runtime
        set_password(rt, find_user(rt, email), _password(), actor=ACTOR, now=rt.now())
    print("The password is changed.")


@client.command("create")
def client_create(
    name: Annotated[str, typer.Argument(help="Which program the key is for.")],
    slug: Slug,
    test: Annotated[
        bool, typer.Option("--test", help="A key that never sends outside the simulator.")
    ] = False,
) -> None:
    """Create an API key and print it. It is shown this once."""
    from app.cli.setup import opened
    from app.usecases.accounts.create_api_key import create_api_key
    from app.usecases.organisations.find_organisation import find_organisation

    with opened() as application:
        rt = application.runtime
        organisation = find_organisation(rt, slug)
        made = create_api_key(
            rt,
            organisation.id,
            name=name,
            mode="test" if test else "live",
            actor=ACTOR,
            now=rt.now(),
        )
    print(made)


@client.command("list")
def client_list(slug: Slug) -> None:
    """Beginning, name and state of every key, separated by tabs."""
    from app.cli.setup import opened
    from app.usecases.accounts.list_api_keys import list_api_keys
    from app.usecases.organisations.find_organisation import find_organisation

    with opened() as application:
        organisation = find_organisation(application.runtime, slug)
        for key in list_api_keys(application.runtime, organisation.id):
            print(key.prefix, key.name, "revoked" if key.revoked_at else "active", sep="\t")


@client.command("revoke")
def client_revoke(
    prefix: Annotated[str, typer.Argument(help="First 16 characters of the key, from `pli client list`.")],
    slug: Slug,
) -> None:
    """Stop a key at once."""
    from app.cli.setup import opened
    from app.usecases.accounts.find_api_key import find_api_key
    from app.usecases.accounts.revoke_api_key import revoke_api_key
    from app.usecases.organisations.find_organisation import find_organisation

    with opened() as application:
        rt = application.runtime
        organisation = find_organisation(rt, slug)
        key_id = find_api_key(rt, organisation.id, prefix)
        revoke_api_key(rt, organisation.id, key_id, actor=ACTOR, now=rt.now())
    print("The key is revoked.")


def retry(
    batch: Annotated[
        UUID | None, typer.Argument(help="Id of a batch, from `pli doctor`.", show_default="all batches")
    ] = None,
) -> None:
    """Try again the jobs that were given up. They go on where they stood; nobody is texted twice."""
    from app.cli.setup import opened
    from app.usecases.batches.retry_batch import retry_everything

    with opened() as application:
        started = retry_everything(application.runtime, ACTOR, batch)
    print(f"{started} jobs start again." if started else "Nothing had stopped.")


def verify_journal(slug: Annotated[str, typer.Argument(help="Short name of the organisation.")]) -> None:
    """Check the hash chain of an organisation's journal. Exit status 1 means that it was changed or cut."""
    from app.cli.setup import opened
    from app.usecases.operations.verify_journal import verify_journal as verify
    from app.usecases.organisations.find_organisation import find_organisation

    with opened() as application:
        organisation = find_organisation(application.runtime, slug)
        verdict = verify(application.runtime, organisation.id)
    if verdict.sound:
        print(f"{verdict.checked} events, all sound. Head {verdict.head.hex()}.")
        return
    print(
        f"Event {verdict.broken_at} is not as it was written ({verdict.fault}); the {verdict.checked} before it are "
        "sound. Keep the database as it is and compare it with a backup.",
        file=sys.stderr,
    )
    raise typer.Exit(1)


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
