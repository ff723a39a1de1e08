"""Which connection carries a message: by destination, channel, sender, rank and weight, around what does not work.

Connections of the lowest rank come first; within a rank each gets its share of the messages, by its weight. The order
of one message is always the same, so that a repeated decision does not wander, and when one connection goes the
messages of the others stay where they were (weighted rendezvous hashing).
"""

import hashlib
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from app.messaging.numbers.numbering import ALSACE_MOSELLE, MAINLAND, french_territory
from app.messaging.sending.breaker import Health, Standing, standing


class Destination(StrEnum):
    """Where a number belongs, as prices and contracts see it."""

    METROPOLE = "metropole"
    OVERSEAS = "overseas"
    FOREIGN = "foreign"


ANYWHERE = frozenset(Destination)


@dataclass(frozen=True, slots=True)
class Road:
    """One connection. `key` is its name among the carriers; `senders` are the addresses it may carry, all when empty.
    Rank 0 is asked first; a weight of 0 is given messages only when no other of its rank is left."""

    key: str
    channels: frozenset[str]
    destinations: frozenset[Destination] = ANYWHERE
    senders: frozenset[str] = frozenset()
    rank: int = 0
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be carried."""

    destination: Destination
    channel: str
    sender: str


class Why(StrEnum):
    """Why the roads come in this order."""

    IN_ORDER = "in_order"
    AROUND_TROUBLE = "around_trouble"
    ALL_IN_TROUBLE = "all_in_trouble"
    NO_ROAD = "no_road"
    ALL_TRIED = "all_tried"


@dataclass(frozen=True, slots=True)
class Choice:
    """`keys` in the order to take them. `probe` is a paused connection whose pause is over: whoever claims the probe
    sends this one message by it instead; all others keep to `keys`."""

    keys: tuple[str, ...]
    why: Why
    probe: str | None = None


class Tried(Protocol):
    """An attempt, as far as its road is concerned."""

    @property
    def channel(self) -> str: ...
    @property
    def carrier(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def started_at(self) -> datetime: ...


def destination_of(e164: str) -> Destination:
    """Where a number in E.164 belongs."""
    territory = french_territory(e164)
    if territory is None:
        return Destination.FOREIGN
    return Destination.METROPOLE if territory in (MAINLAND, ALSACE_MOSELLE) else Destination.OVERSEAS


def choose(
    roads: Iterable[Road],
    wanted: Wanted,
    health: Mapping[str, Health],
    message: bytes,
    now: datetime,
    tried: Collection[str] = (),
) -> Choice:
    """The roads that may carry a message, best first. `message` is its id as bytes; `tried` are not offered again.

    A connection that is paused is left out and one that is slow comes last, while another of those that fit works as it
    should; where none does, nothing is avoided. A connection nobody knows anything of works.
    """
    fitting = [road for road in roads if _fits(road, wanted)]
    if not fitting:
        return Choice((), Why.NO_ROAD)
    left = sorted((road for road in fitting if road.key not in tried), key=lambda road: _place(road, message))
    if not left:
        return Choice((), Why.ALL_TRIED)
    at = {road.key: standing(health.get(road.key, Health()), now) for road in left}
    in_order = tuple(road.key for road in left)
    open_ = tuple(key for key in in_order if at[key] in (Standing.WORKING, Standing.SLOW))
    if not open_:
        return Choice(in_order, Why.ALL_IN_TROUBLE)
    fast = tuple(key for key in open_ if at[key] is Standing.WORKING)
    keys = (*fast, *(key for key in open_ if key not in fast))
    probe = next((key for key in in_order if at[key] is Standing.PROBING), None)
    if keys == in_order:
        return Choice(keys, Why.IN_ORDER if fast else Why.ALL_IN_TROUBLE)
    return Choice(keys, Why.AROUND_TROUBLE, probe)


def tried_in_round(attempts: Iterable[Tried], channel: str, since: datetime) -> frozenset[str]:
    """Roads on which a message failed since it was last free to leave (`not_before`): a hold gives all another chance."""
    return frozenset(
        attempt.carrier
        for attempt in attempts
        if attempt.channel == channel and attempt.state == "failed" and attempt.started_at >= since
    )


def rounds(attempts: Sequence[Tried], channel: str) -> int:
    """How many times the roads of a channel were gone through: the tries of the road that was tried most."""
    failed = Counter(one.carrier for one in attempts if one.channel == channel and one.state == "failed")
    return max(failed.values(), default=0)


def _fits(road: Road, wanted: Wanted) -> bool:
    return (
        wanted.channel in road.channels
        and wanted.destination in road.destinations
        and (not road.senders or wanted.sender in road.senders)
    )


def _place(road: Road, message: bytes) -> tuple[int, float, str]:
    digest = hashlib.sha256(message + b"\x00" + road.key.encode()).digest()
    share = (int.from_bytes(digest[:8]) + 1) / 2.0**64
    distance = -math.log(share) / road.weight if road.weight > 0 else math.inf
    return road.rank, distance, road.key
