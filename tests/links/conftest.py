"""A database with the tables of links, keys, and a pool that counts its calls instead of burning CPU."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, SQLModel, select

from app.crypto import tokens
from app.crypto.derive import mac
from app.crypto.epochs import FileEpochStore
from app.crypto.keyring import AppKeys, KeyRing
from app.crypto.linkkeys import LinkKeys
from app.crypto.passwords import Argon2Pool
from app.db.session import Database
from links import lifecycle, limits, opening
from links.minting import mint
from links.policy import LinkPolicy, LinkTerms, terms
from links.ports import NO_PASSWORD_KEY, PasswordKey
from links.tables import Link

Row = TypeVar("Row", bound=SQLModel)
PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
UNTIL = date(2026, 12, 31)
PASSWORD = "748291"
NET = b"\xaa" * 16
OTHER_NET = b"\xbb" * 16


class CountingPool(Argon2Pool):
    """Stands in for Argon2 where a test is about limits: same interface, a cheap key, and a count."""

    def __init__(self) -> None:
        super().__init__(threads=2)
        self.calls = 0
        self._lock = threading.Lock()

    def derive(self, secret: bytes, salt: bytes, kdf: int) -> bytes:
        with self._lock:
            self.calls += 1
        return mac(secret, salt + bytes((kdf,)))


@dataclass(frozen=True)
class Sent:
    """A link as the recipient has it, and what a test needs to know of it."""

    id: UUID
    ref: str
    secret: str
    document_id: UUID
    terms: LinkTerms
    dek: bytes = field(repr=False)


@dataclass
class House:
    """Everything around one organisation's links."""

    database: Database
    epochs: FileEpochStore
    pool: Argon2Pool
    keys: LinkKeys
    organisation_id: UUID = field(default_factory=uuid4)

    def send(
        self,
        *,
        password: str | None = PASSWORD,
        until: date | None = UNTIL,
        kdf: int = 1,
        recipient: bytes | None = None,
        now: datetime = NOW,
    ) -> Sent:
        """Mint one link and write it."""
        policy = LinkPolicy(allow_without_password_and_date=True)
        agreed = terms(policy, password=password is not None, until=until, zone=PARIS, now=now)
        sealer = self.keys.sealer(self.organisation_id, agreed.hard_day)
        salt = tokens.new_salt()
        made = (
            PasswordKey(0, salt, NO_PASSWORD_KEY)
            if password is None
            else PasswordKey(kdf, salt, self.pool.derive(sealer.peppered(password), salt, kdf))
        )
        sent = Sent(
            id=uuid4(),
            ref=tokens.new_ref(),
            secret=tokens.new_link_secret(agreed.secret_length),
            document_id=uuid4(),
            terms=agreed,
            dek=tokens.new_key(),
        )
        row = mint(
            sealer,
            link_id=sent.id,
            document_id=sent.document_id,
            ref=sent.ref,
            secret=sent.secret,
            salt=salt,
            terms=agreed,
            password=made,
            dek=sent.dek,
            wrapped_org=None,
            recipient=recipient,
            now=now,
        )
        with self.database.begin() as session:
            lifecycle.insert_all(session, [row])
        return sent

    def prove(self, sent: Sent, *, secret: str | None = None, now: datetime = NOW) -> opening.Proven | None:
        """Step 3 alone."""
        with self.database.read() as session:
            return opening.prove(session, self.keys, sent.ref, secret or sent.secret, now)

    def try_password(
        self,
        sent: Sent,
        password: str = PASSWORD,
        *,
        net: bytes = NET,
        now: datetime = NOW,
        during: Callable[[], None] = lambda: None,
    ) -> opening.Opened | opening.WrongPassword | opening.Refused | limits.Wait | None:
        """All steps, as the application takes them. `during` runs while Argon2 would."""
        proven = self.prove(sent, now=now)
        if proven is None:
            return None
        with self.database.begin() as session:
            attempt = opening.admit(session, self.keys, proven, net, now)
        if not isinstance(attempt, opening.Attempt):
            return attempt
        try:
            dek = opening.unwrap(self.keys, attempt, password)
        except Exception:
            with self.database.begin() as session:
                opening.give_back(session, attempt)
            raise
        during()
        with self.database.begin() as session:
            if dek is None:
                return opening.wrong(session, attempt, now)
            return opening.opened(session, self.keys, attempt, dek, now)

    def row(self, sent: Sent) -> Link:
        """The row as it is in the database."""
        with self.database.begin() as session:
            link = session.get_one(Link, sent.id)
            session.expunge(link)
            return link

    def change(self, sent: Sent, **values: object) -> None:
        """Write values straight into the row."""
        with self.database.begin() as session:
            link = session.get_one(Link, sent.id)
            for name, value in values.items():
                setattr(link, name, value)
            session.add(link)


def all_of(session: Session, model: type[Row]) -> list[Row]:
    """Every row of a table."""
    return list(session.exec(select(model)))


@pytest.fixture
def pool() -> Iterator[CountingPool]:
    pool = CountingPool()
    yield pool
    pool.close()


@pytest.fixture
def house(database: Database, pool: CountingPool, tmp_path: Path) -> House:
    return house_of(database, pool, tmp_path)


def house_of(database: Database, pool: Argon2Pool, folder: Path) -> House:
    """A house with its own application key and epoch store."""
    epochs = FileEpochStore(folder / "epochs")
    ring = KeyRing(AppKeys(1, bytes(range(32))))
    return House(database, epochs, pool, LinkKeys(ring, epochs, pool))
