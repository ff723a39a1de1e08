"""The key of one day, kept outside the database and its backups. When it is destroyed, the day is unreadable.

A link key belongs to an organisation and the last day of its links; an outbox key to the last day of its texts. Days
are counted from 1970-01-01 in UTC.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol, Self
from uuid import UUID

from app.core.errors import KeysUnavailable
from app.crypto import labels
from app.crypto.derive import KEY_SIZE, mac

EpochKind = Literal["link", "out"]
FIRST_DAY = datetime(1970, 1, 1, tzinfo=UTC)
GRACE = timedelta(hours=24)
# A key that is being written, and is none yet.
FRESH = ".*.new"
# Seven digits would be a day that no calendar has.
_NAME = re.compile(r"(?:out|link/(?P<owner>[0-9a-f]{32}))/(?P<day>0|[1-9][0-9]{0,5})")


@dataclass(frozen=True, slots=True)
class EpochName:
    """`link` with an organisation and a day, or `out` with a day."""

    kind: EpochKind
    day: int
    organisation_id: UUID | None = None

    @classmethod
    def link(cls, organisation_id: UUID, day: int) -> Self:
        """The key of an organisation's links whose last day is `day`."""
        return cls("link", day, organisation_id)

    @classmethod
    def out(cls, day: int) -> Self:
        """The key of texts and reviews that must be over by `day`."""
        return cls("out", day)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of `str()`. Raises ValueError."""
        match = _NAME.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not the name of an epoch key")
        day = int(match["day"])
        return cls.link(UUID(hex=match["owner"]), day) if match["owner"] else cls.out(day)

    def __str__(self) -> str:
        owner = f"{self.organisation_id.hex}/" if self.organisation_id else ""
        return f"{self.kind}/{owner}{self.day}"

    @property
    def destroy_at(self) -> datetime:
        """The end of the day and 24 hours."""
        return FIRST_DAY + timedelta(days=self.day + 1) + GRACE


class EpochStore(Protocol):
    """Where epoch keys live: files, a key management service, replicas of either."""

    def get_or_create(self, name: EpochName) -> bytes:
        """The key, made and made durable first if there was none."""

    def get(self, name: EpochName) -> bytes | None:
        """The key; None when there is none, or none any more."""

    def destroy(self, name: EpochName) -> bool:
        """Make the key unreadable for ever; False when there was none."""

    def list(self) -> Iterator[EpochName]:
        """Every key that exists."""

    def strays(self) -> Iterator[str]:
        """What lies among the keys and is none, by name, for a person to look at."""


def day_of(moment: datetime) -> int:
    """The day number of an instant."""
    return (moment - FIRST_DAY).days


def check_value(key: bytes) -> bytes:
    """8 bytes by which the database recognises an epoch key."""
    return mac(key, labels.EPOCH_CHECK)[:8]


def require(store: EpochStore, name: EpochName) -> bytes:
    """The key. Raises KeysUnavailable when it is missing, which no reader should pay for."""
    key = store.get(name)
    if key is None:
        raise KeysUnavailable(
            "epoch_missing",
            f"epoch key {name} is not in the epoch store; mount or restore the volume that holds it",
        )
    return key


class FileEpochStore:
    """One file of 32 bytes per key, mode 0600, in folders of mode 0700.

    A key appears whole or not at all: it is written and synced under another name, then linked to its own, which fails
    when the name exists. Overwriting proves nothing on an SSD or a snapshot: give the folder a volume of its own.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def get_or_create(self, name: EpochName) -> bytes:
        """The key, made and made durable first if there was none."""
        key = self.get(name)
        if key is not None:
            return key
        path = self._path(name)
        self._make_folders(path.parent)
        fresh = path.with_name(FRESH.replace("*", os.urandom(8).hex()))
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(os.urandom(KEY_SIZE))
                file.flush()
                os.fsync(file.fileno())
            path.hardlink_to(fresh)
        except FileExistsError:
            # Another process won the race; its key is the key.
            pass
        finally:
            fresh.unlink()
        _sync_folder(path.parent)
        return require(self, name)

    def get(self, name: EpochName) -> bytes | None:
        """The key; None when there is none, or none any more. Raises KeysUnavailable for a damaged file."""
        try:
            key = self._path(name).read_bytes()
        except FileNotFoundError:
            return None
        if len(key) != KEY_SIZE:
            raise KeysUnavailable(
                "epoch_damaged", f"epoch key {name} has {len(key)} bytes instead of {KEY_SIZE}; restore it"
            )
        return key

    def destroy(self, name: EpochName) -> bool:
        """Overwrite, sync, unlink, sync the folder."""
        path = self._path(name)
        try:
            with path.open("r+b") as file:
                file.write(os.urandom(KEY_SIZE))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
        except FileNotFoundError:
            return False
        _sync_folder(path.parent)
        return True

    def list(self) -> Iterator[EpochName]:
        """Every key that exists. What is named otherwise is passed over, or it would keep the keys from their end."""
        return (name for _, name in self._files() if name is not None)

    def strays(self) -> Iterator[str]:
        """Files that are not named as keys are, relative to the folder of the store."""
        for path, name in self._files():
            if name is None and not path.match(FRESH):
                yield path.relative_to(self._root).as_posix()

    def _files(self) -> Iterator[tuple[Path, EpochName | None]]:
        for path in sorted(self._root.rglob("*")):
            if path.is_file():
                within = path.relative_to(self._root).as_posix()
                try:
                    yield (
                        path,
                        EpochName.parse(within.removesuffix(".key")) if within.endswith(".key") else None,
                    )
                except ValueError:
                    yield path, None

    def _path(self, name: EpochName) -> Path:
        return self._root / f"{name}.key"

    def _make_folders(self, folder: Path) -> None:
        if folder.is_dir():
            return
        if folder != self._root:
            self._make_folders(folder.parent)
        folder.mkdir(mode=0o700, parents=folder == self._root, exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
