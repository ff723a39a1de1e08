"""Every connection to a carrier, for the operator, without anything that was sealed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.db.queries import carrier_health, connections, organisations
from app.messaging.sending.breaker import Health, Standing, standing
from app.runtime import Runtime


@dataclass(frozen=True)
class ListedConnection:
    """One connection. `organisation` is a short name, empty when all may use it; `holder` the process that has its link
    at present, with how the link stands since when. Empty `destinations` and `senders` mean all. `standing` is what its last calls led to, until `stands_until`
    where that ends by itself; it asked to be left alone until `rests_until`."""

    name: str
    kind: str
    rate: float
    organisation: str
    enabled: bool
    holder: str
    state: str
    reason: str
    since: datetime | None
    destinations: Sequence[str]
    senders: Sequence[str]
    rank: int
    weight: int
    standing: Standing
    stands_until: datetime | None
    rests_until: datetime | None


def list_connections(rt: Runtime) -> list[ListedConnection]:
    """By name."""
    now = rt.now()
    found = []
    with rt.read() as session:
        known, resting = carrier_health.every(session), carrier_health.resting(session, now)
        for row in connections.every(session):
            owner = organisations.get(session, row.organisation_id) if row.organisation_id else None
            lease = connections.lease(session, row.id)
            held = lease is not None and lease.expires_at > now
            health = known.get(row.name, Health())
            at = standing(health, now)
            found.append(
                ListedConnection(
                    row.name,
                    row.kind,
                    row.rate,
                    owner.slug if owner else "",
                    row.enabled,
                    lease.owner if lease and held else "",
                    lease.state if lease else "",
                    lease.reason if lease else "",
                    lease.state_at if lease else None,
                    row.destinations,
                    row.senders,
                    row.rank,
                    row.weight,
                    at,
                    {Standing.PAUSED: health.paused_until, Standing.SLOW: health.slow_until}.get(at),
                    resting[row.name][0] if row.name in resting else None,
                )
            )
    return found
