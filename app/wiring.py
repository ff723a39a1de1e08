"""Build the runtime from settings: the only place that picks concrete carriers, key and blob stores."""

import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from app.carriers.base import Carrier, Channel
from app.carriers.http.calls import Callbacks, make_client
from app.carriers.http.carrier import HttpCarrier, Provider
from app.carriers.http.kannel import Kannel, KannelSettings
from app.carriers.http.ovh import Ovh, OvhSettings
from app.carriers.http.smsmode import Smsmode, SmsmodeSettings
from app.carriers.http.sources import CallbackSources
from app.carriers.http.twilio import Twilio, TwilioSettings
from app.carriers.rcs.carrier import RcsCarrier
from app.carriers.rcs.settings import RcsSettings
from app.carriers.registry import Carriers
from app.carriers.simulated.carrier import SimulatorCarrier
from app.carriers.simulated.network import SimulatedNetwork
from app.carriers.simulated.phones import SimulatedPhones
from app.carriers.smpp.carrier import SmppCarrier
from app.carriers.smpp.settings import SmppSettings
from app.core import clock
from app.core.errors import InvalidInput
from app.crypto.boot import require_known_keys, verifier
from app.crypto.epochs import FileEpochStore
from app.crypto.keyring import KeyRing
from app.crypto.passwords import Argon2Pool
from app.crypto.vault import Vault
from app.db import migrate
from app.db.queries import keys
from app.db.sending import connections
from app.db.sending.connections import Connection
from app.db.sending.simulator_store import Seals, SimulatorStore
from app.db.sending.smpp_store import SmppStore
from app.db.session import Database, open_engine
from app.documents.pdf.limits import PdfLimits
from app.documents.pdf.renderer import PageRenderer
from app.documents.people.model import SheetLimits
from app.engine import schema
from app.engine.dbos_engine import DbosEngine
from app.runtime import Policies, Runtime
from app.settings import Settings
from app.storage.blobs import open_blobs

S = TypeVar("S", bound=BaseModel)
H = TypeVar("H", bound=CallbackSources)

MB = 1024 * 1024
ENGINE_POOL = 8
DRAW_SECONDS = 15
HEAVY_JOBS = ("split_batch", "announce_block")


@dataclass(frozen=True)
class Surroundings:
    """What a carrier may stand on beside its own settings."""

    database: Database
    vault: Vault
    public_url: str
    link_url: str
    process: str


def read_settings(model: type[S], text: str) -> S:
    """Settings from their JSON. Raises InvalidInput that names each setting, never its value."""
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
    problems = "; ".join(f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}" for entry in found)
    raise InvalidInput("connection_settings", f"The settings of the carrier cannot be used. {problems}.")


class Kind(Generic[S]):
    """One kind of carrier an operator can set up: the settings it takes, the channels it serves, and how it is put
    together."""

    def __init__(
        self,
        settings: type[S],
        make: Callable[[Connection, S, Surroundings], Carrier],
        channels: tuple[Channel, ...] = ("sms",),
    ) -> None:
        self.settings = settings
        self.channels = channels
        self._make = make

    def build(self, connection: Connection, around: Surroundings) -> Carrier:
        """The carrier of a stored connection. Raises InvalidInput for settings this version cannot use."""
        return self._make(connection, read_settings(self.settings, connection.settings), around)


def _over_http(settings: type[H], provider: Callable[[H, Callbacks], Provider]) -> Kind[H]:
    def make(connection: Connection, given: H, around: Surroundings) -> Carrier:
        secret = connections.callback_secret(around.vault.columns, connection.id, connection.renewals)
        callbacks = Callbacks.at(around.public_url, connection.name, secret)
        return HttpCarrier(connection.name, provider(given, callbacks), callbacks, make_client(), given)

    return Kind(settings, make)


def _smpp(connection: Connection, settings: SmppSettings, around: Surroundings) -> Carrier:
    store = SmppStore(around.database, around.vault.columns, connection.id)
    # A command beside a worker of the same name must not be taken for it.
    owner = f"{around.process}-{os.getpid()}"
    return SmppCarrier(connection.name, settings, connection.rate, store, owner, clock.now)


def _rcs(connection: Connection, settings: RcsSettings, around: Surroundings) -> Carrier:
    callback = Callbacks.at(around.public_url, connection.name, "").address
    host = urlsplit(around.link_url).hostname or ""
    return RcsCarrier(connection.name, settings, {host}, callback, make_client(), clock.now)


KINDS: dict[str, Kind[Any]] = {
    "kannel": _over_http(KannelSettings, Kannel),
    "ovh": _over_http(OvhSettings, Ovh),
    "rcs": Kind(RcsSettings, _rcs, ("rcs",)),
    "smpp": Kind(SmppSettings, _smpp),
    "smsmode": _over_http(SmsmodeSettings, Smsmode),
    "twilio": _over_http(TwilioSettings, Twilio),
}


def require_usable(connection: Connection) -> None:
    """Raises InvalidInput that says why no carrier can be made of a stored connection."""
    if connection.kind not in KINDS:
        raise InvalidInput(
            "connection_kind",
            f"{connection.name} is of the kind {connection.kind}, which this version lacks.",
        )
    read_settings(KINDS[connection.kind].settings, connection.settings)


@dataclass(frozen=True)
class Application:
    """The runtime with what only the roots may hold."""

    runtime: Runtime
    engine: DbosEngine
    carriers: Carriers[Connection]
    network: SimulatedNetwork
    phones: SimulatedPhones

    def close(self) -> None:
        """Give threads and connections back."""
        self.carriers.stop()
        self.runtime.passwords.close()
        self.runtime.renderer.close()
        self.runtime.database.close()
        self.engine.close()


def build(settings: Settings) -> Application:
    """Migrate, check the keys against the database, and put everything together.

    Raises KeysUnavailable when the application key is not the one the database was sealed with; nothing is changed.
    """
    os.umask(0o077)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    url = settings.database
    migrate.upgrade(url)
    schema.migrate(url)
    database = Database(url)
    ring = KeyRing.from_hex(settings.app_key_id, {settings.app_key_id: _app_key(settings)})
    with database.begin() as session:
        require_known_keys(ring, keys.verifiers(session))
        keys.remember(session, ring.current.kid, verifier(ring.current))
        keys.name_database(session)
    passwords = Argon2Pool(settings.argon2_threads or os.cpu_count() or 1)
    vault = Vault.build(ring, FileEpochStore(settings.epochs), passwords)
    store = SimulatorStore(
        database, Seals(vault.columns.seal_column, vault.columns.open_column, vault.columns.blind_index)
    )
    process = f"{socket.gethostname()}-{settings.workers_slot}"
    engine = DbosEngine(
        open_engine(url, pool_size=ENGINE_POOL),
        executor_id=process,
        heavy=HEAVY_JOBS,
    )
    policies = _policies(settings)
    carriers = _carriers(
        {"simulator": SimulatorCarrier(store)},
        Surroundings(database, vault, settings.public, settings.links, process),
    )
    runtime = Runtime(
        database=database,
        now=clock.now,
        timepiece=clock.SystemTime(),
        threads=ThreadPoolExecutor,
        vault=vault,
        passwords=passwords,
        blobs=open_blobs(settings.blob_url, settings.data_dir / "blobs"),
        renderer=PageRenderer(_drawing(policies.pdf), os.cpu_count() or 1),
        carriers=carriers,
        jobs=engine,
        policies=policies,
    )
    return Application(runtime, engine, carriers, SimulatedNetwork(store), SimulatedPhones(store))


def _carriers(built_in: dict[str, Carrier], around: Surroundings) -> Carriers[Connection]:
    def load() -> list[Connection]:
        with around.database.read() as session:
            return connections.opened(session, around.vault.columns)

    def make(one: Connection) -> Carrier:
        require_usable(one)
        return KINDS[one.kind].build(one, around)

    return Carriers(built_in, load, make)


def _policies(settings: Settings) -> Policies:
    upload = settings.upload_max_mb * MB
    return Policies(
        public_url=settings.public,
        link_url=settings.links,
        upload_bytes=upload,
        pdf=PdfLimits(
            max_bytes=upload,
            max_pages=settings.pdf_max_pages,
            memory_bytes=settings.pdf_memory_mb * MB,
            cpu_seconds=settings.pdf_seconds,
            wall_seconds=2 * settings.pdf_seconds,
        ),
        sheet=SheetLimits(max_rows=settings.sheet_max_rows),
        rcs_fallback=timedelta(seconds=settings.rcs_fallback_seconds),
        text_segments=settings.text_max_segments,
    )


def _drawing(pdf: PdfLimits) -> PdfLimits:
    """A page is drawn while somebody waits, and all organisations share the few children that draw: one that is made to
    be slow gives way after seconds."""
    return replace(
        pdf,
        cpu_seconds=min(pdf.cpu_seconds, DRAW_SECONDS),
        wall_seconds=min(pdf.wall_seconds, 2 * DRAW_SECONDS),
    )


def _app_key(settings: Settings) -> str:
    """From the environment, from a file, or in development from a file of the data folder, made at the first start."""
    if text := settings.app_key.get_secret_value():
        return text
    if settings.app_key_file:
        return settings.app_key_file.read_text()
    return _development_key(settings.data_dir / "app.key")


def _development_key(path: Path) -> str:
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(os.urandom(32).hex())
    return path.read_text()
