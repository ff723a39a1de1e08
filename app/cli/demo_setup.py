"""What the demo needs around the service: settings, credentials that stay the same, the samples, the lines it prints."""

import json
import os
import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from uuid import UUID

from app.cli.demo_samples import Hint, seed_batches
from app.cli.setup import load_settings
from app.cli.stopping import StopRequest
from app.core import clock
from app.core.errors import Conflict, InvalidInput, NotFound
from app.crypto.certificate import make_certificate, still_good
from app.runtime import Runtime
from app.settings import Settings
from app.usecases.accounts.create_api_key import create_api_key
from app.usecases.accounts.create_user import create_user
from app.usecases.accounts.find_user import find_user
from app.usecases.accounts.set_password import set_password
from app.usecases.organisations.create_organisation import NewOrganisation, create_organisation
from app.usecases.organisations.find_organisation import find_organisation
from app.wiring import Application

SLUG = "maison-exemple"
LOGIN = "demo@maison-exemple.example"
ORGANISATION = NewOrganisation(
    name="Maison Exemple", sender_name="EXEMPLE", contact="paie@maison-exemple.example", simulator_only=True
)
ACTOR = "demo"


@dataclass(frozen=True)
class DemoFile:
    """What `demo.json` keeps (mode 0600), so that every start prints the same."""

    login: str = LOGIN
    password: str = ""
    api_key: str = ""
    hint: Hint | None = None

    @classmethod
    def read(cls, path: Path) -> "DemoFile":
        """From the data folder; empty values when there is none. Raises InvalidInput when it cannot be read."""
        try:
            kept = json.loads(path.read_text())
            hint = Hint(**kept.pop("hint")) if kept.get("hint") else None
            return cls(**{**kept, "hint": hint})
        except FileNotFoundError:
            return cls()
        except (ValueError, TypeError):
            raise InvalidInput(
                "demo_file", f"{path} is damaged. Delete it; the next start makes another."
            ) from None

    def write(self, path: Path) -> None:
        """Whole or not at all."""
        fresh = path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(self), file, indent=1)
        fresh.replace(path)


def demo_settings(*, lan: bool) -> Settings:
    """Those of the environment, for the demo. With `lan`, links are served over HTTPS at this machine's address."""
    settings = load_settings(demo=True)
    if not lan:
        return settings
    address = _lan_address()
    certificate, key = _certificate(settings.data_dir / "tls", ["localhost", "127.0.0.1", address])
    return load_settings(
        demo=True,
        host="0.0.0.0",  # noqa: S104 -- the option asks for the whole network
        tls_cert=certificate,
        tls_key=key,
        public_url=f"https://localhost:{settings.port}",
        link_url=f"https://{address}:{settings.port}",
    )


def introduce(settings: Settings) -> Callable[[Application, StopRequest], None]:
    """Make what is missing, then print how to log in. To be run while the worker works."""

    def run(application: Application, stop: StopRequest) -> None:
        path = settings.data_dir / "demo.json"
        kept = _prepare(application.runtime, path, settings.data_dir / "samples", stop)
        print("\n".join(_lines(settings, kept)), flush=True)

    return run


def _prepare(rt: Runtime, path: Path, samples: Path, stop: StopRequest) -> DemoFile:
    kept = DemoFile.read(path)
    if not kept.password:
        kept = replace(kept, password=secrets.token_urlsafe(12))
        kept.write(path)
        organisation_id = _organisation(rt)
        _account(rt, organisation_id, kept)
    organisation_id = _organisation(rt)
    if not kept.api_key:
        key = create_api_key(rt, organisation_id, name="Demo", mode="live", actor=ACTOR, now=rt.now())
        kept = replace(kept, api_key=key)
        kept.write(path)
    if kept.hint is None:
        actor = f"user:{find_user(rt, kept.login)}"
        kept = replace(kept, hint=seed_batches(rt, organisation_id, actor, samples, stop))
        kept.write(path)
    return kept


def _organisation(rt: Runtime) -> UUID:
    try:
        return find_organisation(rt, SLUG).id
    except NotFound:
        return create_organisation(rt, ORGANISATION).id


def _account(rt: Runtime, organisation_id: UUID, kept: DemoFile) -> None:
    try:
        create_user(
            rt,
            organisation_id,
            email=kept.login,
            name="Camille Exemple",
            password=kept.password,
            role="owner",
            language="fr",
            actor=ACTOR,
            now=rt.now(),
        )
    except Conflict:
        # The account outlived its demo.json.
        set_password(rt, find_user(rt, kept.login), kept.password, actor=ACTOR, now=rt.now())


def _lines(settings: Settings, kept: DemoFile) -> list[str]:
    lines = [
        f"address: {settings.public}",
        f"login: {kept.login}",
        f"password: {kept.password}",
        f"api key: {kept.api_key}",
    ]
    if settings.links != settings.public:
        lines.append(f"links: {settings.links} (for a phone on this network; accept its warning once)")
    if kept.hint:
        lines.append(
            f"To open a payslip: log in, go to {settings.public}/simulator, take the phone of {kept.hint.name} "
            f"({kept.hint.phone}) and tap its message; the access code is {kept.hint.code}."
        )
    lines.append(f"More files to upload: {settings.data_dir / 'samples'}")
    return lines


def _lan_address() -> str:
    """The address of this machine that packets to elsewhere would carry. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            raise InvalidInput(
                "no_network", "this machine is on no network; connect it, or start without --lan"
            ) from None
        return str(probe.getsockname()[0])


def _certificate(folder: Path, hosts: Sequence[str]) -> tuple[Path, Path]:
    """Made at the first start, and again when the address changes or its time is nearly over."""
    certificate, key = folder / "certificate.pem", folder / "private-key.pem"
    now = clock.now()
    if not (key.exists() and certificate.exists() and still_good(certificate.read_bytes(), hosts, now)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = make_certificate(hosts, now)
        for path, content in ((key, made.private_key), (certificate, made.certificate)):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
    return certificate, key
