"""Who takes RCS, and with which features: asked one by one or in batches, and remembered for a day.

A remembered yes never replaces the answer of the send itself. The platform answers batches from a cache of its own and
without features.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from threading import Lock
from typing import Final, Protocol

from rcs.client import BATCH, Client
from rcs.outcomes import Capability, Failure, Reachable

LIFE: Final = timedelta(hours=24)
BATCHES_A_MINUTE: Final = 600
REMEMBERED: Final = 100_000


class CapabilityCache(Protocol):
    """What was learnt of phones. Shared by threads; forgetting early is allowed."""

    def get(self, phone: str, now: datetime) -> Capability | None:
        """What is known and not older than LIFE."""

    def put(self, phone: str, capability: Capability, now: datetime) -> None:
        """Remember it."""


class MemoryCache:
    """A cache in this process. It forgets what was learnt longest ago when it is full."""

    def __init__(self, size: int = REMEMBERED) -> None:
        self._size = size
        self._lock = Lock()
        self._known: OrderedDict[str, tuple[Capability, datetime]] = OrderedDict()

    def get(self, phone: str, now: datetime) -> Capability | None:
        """What is known and not older than LIFE."""
        with self._lock:
            capability, since = self._known.get(phone, (None, now))
            return capability if now - since < LIFE else None

    def put(self, phone: str, capability: Capability, now: datetime) -> None:
        """Remember it."""
        with self._lock:
            self._known[phone] = capability, now
            self._known.move_to_end(phone)
            while len(self._known) > self._size:
                self._known.popitem(last=False)


class Pace:
    """Lets calls through one by one, `a_minute` of them in any minute. For several threads."""

    def __init__(self, a_minute: int = BATCHES_A_MINUTE, wait: Callable[[float], None] = time.sleep) -> None:
        self._apart = 60 / a_minute
        self._wait = wait
        self._lock = Lock()
        self._next = 0.0

    def take(self) -> None:
        """Wait for one's turn."""
        with self._lock:
            now = time.monotonic()
            at = max(now, self._next)
            self._next = at + self._apart
        if at > now:
            self._wait(at - now)


def batches(numbers: Iterable[str]) -> list[list[str]]:
    """The distinct numbers in as few batches as the platform allows, none too small; none at all below 500."""
    lowest, highest = BATCH
    distinct = list(dict.fromkeys(numbers))
    if len(distinct) < lowest:
        return []
    count = -(-len(distinct) // highest)
    ends = [len(distinct) * at // count for at in range(count + 1)]
    return [distinct[start:end] for start, end in pairwise(ends)]


@dataclass(frozen=True)
class Reach:
    """What was learnt of a list of numbers; those nobody could tell of are in neither set. `failure` is why."""

    reachable: frozenset[str]
    unreachable: frozenset[str]
    failure: Failure | None = None


class Capabilities:
    """What the phones of one agent can do."""

    def __init__(self, client: Client, cache: CapabilityCache, pace: Pace) -> None:
        self._client = client
        self._cache = cache
        self._pace = pace

    def of(self, phone: str, now: datetime) -> Capability | Failure:
        """What a phone can do, features included. Raises RcsError for a number that is not E.164."""
        known = self._cache.get(phone, now)
        if known is not None and (not known.reachable or known.features is not None):
            return known
        told = self._client.capability(phone, now)
        if isinstance(told, Capability):
            self._cache.put(phone, told, now)
        return told

    def learn(self, phone: str, capability: Capability, now: datetime) -> None:
        """What a send has shown."""
        self._cache.put(phone, capability, now)

    def of_many(self, phones: Sequence[str], now: datetime) -> Reach:
        """Which of many phones take RCS: what is remembered, then in batches, or one by one below 500. Stops at the first
        failure. Raises RcsError for a number that is not E.164."""
        known = {phone: self._cache.get(phone, now) for phone in phones}
        unknown = [phone for phone, capability in known.items() if capability is None]
        told: dict[str, Capability] = {phone: one for phone, one in known.items() if one is not None}
        failure: Failure | None = None
        in_batches = batches(unknown)
        asked = in_batches or [[phone] for phone in unknown]
        for some in asked:
            learnt = self._of_batch(some, now) if in_batches else self._of_one(some[0], now)
            if not isinstance(learnt, Mapping):
                failure = learnt
                break
            told |= learnt
        reachable = frozenset(phone for phone, one in told.items() if one.reachable)
        return Reach(reachable, frozenset(told) - reachable, failure)

    def _of_batch(self, phones: Sequence[str], now: datetime) -> Mapping[str, Capability] | Failure:
        self._pace.take()
        told = self._client.reachable(phones, now)
        if not isinstance(told, Reachable):
            return told
        learnt = {phone: Capability(phone in told.numbers) for phone in phones}
        for phone, capability in learnt.items():
            self._cache.put(phone, capability, now)
        return learnt

    def _of_one(self, phone: str, now: datetime) -> Mapping[str, Capability] | Failure:
        told = self.of(phone, now)
        return {phone: told} if isinstance(told, Capability) else told
