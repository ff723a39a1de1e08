"""The roads that are open to a sender, from the rows an operator set up."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from app.db.models import CarrierConnection, Sender
from app.messaging.roads import ANYWHERE, Destination, Road

# The sender of an organisation that only plays.
SIMULATOR: Final = "simulator"
# A sender that belongs to no connection in particular: rank and weight share its messages among all that may carry it.
ROUTED: Final = "routed"


def roads_of(sender: Sender, connections: Iterable[CarrierConnection]) -> list[Road]:
    """Every road this sender may take; `connections` are those open to its organisation.

    A sender that names a connection leaves by it, and by the others only when that one cannot. One on the simulator
    leaves by nothing else, and nobody else leaves by the simulator.
    """
    if sender.carrier == SIMULATOR:
        return [Road(SIMULATOR, frozenset({"sms", "rcs"}))]
    roads = [_road(row) for row in connections]
    return [replace(road, rank=-1) if road.key == sender.carrier else road for road in roads]


def _road(row: CarrierConnection) -> Road:
    return Road(
        key=row.name,
        channels=frozenset(row.channels),
        destinations=frozenset(map(Destination, row.destinations)) or ANYWHERE,
        senders=frozenset(row.senders),
        rank=row.rank,
        weight=row.weight,
    )
