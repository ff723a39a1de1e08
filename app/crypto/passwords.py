"""Passwords: one spelling, a pepper, and Argon2id in a pool of as many threads as cores.

A pool keeps memory bounded (19 or 64 MiB per thread) and the event loop free. Readers wait in a short queue; past it
they are told to come back. Batches give way: at most one derivation per thread is under way for them.
"""

import re
import threading
import unicodedata
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, hash_secret_raw

from app.core.errors import Overloaded
from app.crypto.derive import KEY_SIZE, mac
from app.crypto.keyring import AppKeys

T = TypeVar("T")
CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH: Final = 8
LONGEST_WAIT: Final = 10.0
_CODE = re.compile(r"[0-9A-HJ-NP-TV-Z]{8}")
_ALIASES = str.maketrans("OIL", "011")


@dataclass(frozen=True, slots=True)
class Cost:
    """Parameters of Argon2id: memory in KiB, passes, lanes."""

    memory: int
    passes: int
    lanes: int = 1


COSTS: Final = {1: Cost(memory=19_456, passes=2), 2: Cost(memory=65_536, passes=3)}
_ACCOUNTS: Final = PasswordHasher(
    time_cost=COSTS[1].passes, memory_cost=COSTS[1].memory, parallelism=COSTS[1].lanes
)


def canonical(password: str) -> str:
    """The one spelling of a password: NFKC, ends trimmed, case kept.

    What has the form of a generated code (eight Crockford characters, hyphens and spaces aside) is folded: capitals, O
    as 0, I and L as 1. The rule looks at the form alone, so that sealing and opening always agree.
    """
    return _folded(password) or unicodedata.normalize("NFKC", password).strip()


def reads_as_code(password: str) -> bool:
    """Whether it has the form of a generated code, so that capitals do not matter."""
    return bool(_folded(password))


def _folded(password: str) -> str:
    """The code that it reads as; empty for any other password."""
    text = unicodedata.normalize("NFKC", password)
    code = re.sub(r"[-\s\u2010-\u2015]", "", text).upper().translate(_ALIASES)
    return code if _CODE.fullmatch(code) else ""


def peppered(keys: AppKeys, password: str) -> bytes:
    """What Argon2 is given: useless to guess against without the application key."""
    return mac(keys.purpose("pepper-pw"), canonical(password).encode())


def argon2id(secret: bytes, salt: bytes, kdf: int) -> bytes:
    """32 bytes. Costs tens of milliseconds and 19 MiB for `kdf` 1, hundreds and 64 MiB for 2: run it in a pool."""
    cost = COSTS[kdf]
    return hash_secret_raw(
        secret=secret,
        salt=salt,
        time_cost=cost.passes,
        memory_cost=cost.memory,
        parallelism=cost.lanes,
        hash_len=KEY_SIZE,
        type=Type.ID,
    )


class Argon2Pool:
    """Runs Argon2 for readers, logins and batches. `threads` run at once, `queue` more callers may wait."""

    def __init__(self, threads: int, queue: int = 20) -> None:
        self.threads = threads
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._room = threading.BoundedSemaphore(threads + queue)
        self._dummy = _ACCOUNTS.hash("no account has this password")

    def derive(self, secret: bytes, salt: bytes, kdf: int) -> bytes:
        """One key of 32 bytes. Raises Overloaded when the queue is full or the wait is over ten seconds."""
        return self._run(lambda: argon2id(secret, salt, kdf))

    def derive_many(self, items: Iterable[tuple[bytes, bytes, int]]) -> Iterator[bytes]:
        """Keys for (secret, salt, kdf), in order, with at most one per thread under way."""
        waiting: deque[Future[bytes]] = deque()
        for secret, salt, kdf in items:
            waiting.append(self._executor.submit(argon2id, secret, salt, kdf))
            if len(waiting) >= self.threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def hash_account(self, password: str) -> str:
        """What is stored for a console account: a PHC string with its own salt."""
        return self._run(lambda: _ACCOUNTS.hash(unicodedata.normalize("NFKC", password)))

    def verify_account(self, stored: str | None, password: str) -> bool:
        """Whether this is the account's password. With `stored` None the work is the same and the answer is no."""
        matches = self._run(lambda: _matches(stored or self._dummy, unicodedata.normalize("NFKC", password)))
        return matches and stored is not None

    def close(self) -> None:
        """Wait for what runs, then stop the threads."""
        self._executor.shutdown()

    def _run(self, work: Callable[[], T]) -> T:
        if not self._room.acquire(blocking=False):
            raise Overloaded(
                "argon2_queue", "too many passwords are being checked; try again in a few seconds"
            )
        try:
            future = self._executor.submit(work)
            try:
                return future.result(timeout=LONGEST_WAIT)
            except FutureTimeout:
                future.cancel()
                raise Overloaded(
                    "argon2_slow", f"a password waited {LONGEST_WAIT:.0f} seconds; try again in a few seconds"
                ) from None
        finally:
            self._room.release()


def _matches(stored: str, password: str) -> bool:
    try:
        return _ACCOUNTS.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
