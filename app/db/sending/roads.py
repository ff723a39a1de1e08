"""The roads that are open to a sender, from the rows an operator set up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple
from uuid import UUID

from sqlmodel import Session

from app.db.models import Attempt, CarrierConnection, Message, Sender
from app.db.queries import carrier_health, connections
from app.messaging.sending.roads import (
    ANYWHERE,
    Destination,
    Road,
    Wanted,
    Why,
    choose,
    destination_of,
    tried_in_round,
)
from app.messaging.timing.window_rules import CONNECTOR_WINDOWS, WindowRule

# The sender of an organisation that only plays.
SIMULATOR: Final = "simulator"
# A sender that belongs to no connection in particular: rank and weight share its messages among all that may carry it.
ROUTED: Final = "routed"


class Shut(NamedTuple):
    """A road that is not taken until an instant, and the rule or failure behind it."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Pick:
    """`carrier` is None when no connection serves the message (Why.NO_ROAD), or when each failed since it was last free
    to leave (Why.ALL_TRIED): hold it for a while. `opens` is when the first road opens that is shut and was not tried."""

    carrier: str | None
    why: Why
    opens: "Shut | None" = None


def roads_of(sender: Sender, connections: Iterable[CarrierConnection]) -> list[Road]:
    """Every road this sender may take; `connections` are those open to its organisation.

    A sender that names a connection leaves by it, and by the others only when that one cannot. One on the simulator
    leaves by nothing else, and nobody else leaves by the simulator.
    """
    if sender.carrier == SIMULATOR:
        return [Road(SIMULATOR, frozenset({"sms", "rcs"}))]
    roads = [_road(row) for row in connections]
    return [replace(road, rank=-1) if road.key == sender.carrier else road for road in roads]


class RoadMap:
    """The roads of one sender for one turn of its messages: loaded once, asked for each message. `resting` are all
    carriers that asked to be left alone for a while, whichever run they told."""

    def __init__(self, session: Session, sender: Sender, now: datetime) -> None:
        self._session, self._sender, self._now = session, sender, now
        self._rows = {row.name: row for row in connections.of_organisation(session, sender.organisation_id)}
        self._roads = roads_of(sender, self._rows.values())
        self._health = carrier_health.every(session) if len(self._roads) > 1 else {}
        self.resting = {name: Shut(*rest) for name, rest in carrier_health.resting(session, now).items()}

    @property
    def names(self) -> frozenset[str]:
        """Every carrier that may be picked for some message."""
        return frozenset(road.key for road in self._roads)

    def pick(
        self,
        message: Message,
        to: str,
        attempts: Sequence[Attempt] = (),
        shut: Mapping[str, Shut] = MappingProxyType({}),
    ) -> Pick:
        """The carrier for the next attempt of a message to the number `to`, given those it had, and none of those that
        are `shut`.

        Claims a probe in the caller's transaction when one is due, so ask only for a message that leaves now.
        """
        wanted = Wanted(destination_of(to), message.channel, self._sender.address)
        tried = tried_in_round(attempts, message.channel, message.not_before)
        choice = choose(self._roads, wanted, self._health, message.id.bytes, self._now, {*tried, *shut})
        if choice.probe and carrier_health.claim_probe(self._session, choice.probe, self._now):
            return Pick(choice.probe, choice.why)
        if choice.keys:
            return Pick(choice.keys[0], choice.why)
        later = choose(self._roads, wanted, self._health, message.id.bytes, self._now, tried).keys
        return Pick(None, choice.why, min((shut[key] for key in later), default=None))

    def limits(self) -> dict[UUID, float]:
        """Each connection that may be picked and has a limit, with its segments a second."""
        named = (self._rows.get(road.key) for road in self._roads)
        return {row.id: row.rate for row in named if row is not None and row.rate > 0}

    def connection(self, carrier: str) -> CarrierConnection | None:
        """The row of a connection, whose rate is to be kept; None for the simulator."""
        return self._rows.get(carrier)

    def hours(self) -> tuple[WindowRule, ...]:
        """The hours that providers keep of their own: those of the connection the sender names, or of every one that
        may carry its messages when it names none that is switched on."""
        named = self._rows.get(self._sender.carrier)
        kinds = {named.kind} if named is not None else set(self._kinds().values())
        return tuple(rule for kind in sorted(kinds) for rule in CONNECTOR_WINDOWS.get(kind, ()))

    def hours_of_others(self) -> Mapping[str, tuple[WindowRule, ...]]:
        """By carrier the hours of those that are not among `hours`: of connections that stand in for another."""
        asked = self.hours()
        others = {name: CONNECTOR_WINDOWS.get(kind, ()) for name, kind in self._kinds().items()}
        return {name: rules for name, rules in others.items() if rules and not set(rules) <= set(asked)}

    def _kinds(self) -> dict[str, str]:
        return {road.key: self._rows[road.key].kind for road in self._roads if road.key in self._rows}


def _road(row: CarrierConnection) -> Road:
    return Road(
        key=row.name,
        channels=frozenset(row.channels),
        destinations=frozenset(map(Destination, row.destinations)) or ANYWHERE,
        senders=frozenset(row.senders),
        rank=row.rank,
        weight=row.weight,
    )
