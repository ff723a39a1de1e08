"""Every connection to a carrier, for the operator, without anything that was sealed."""

from dataclasses import dataclass
from datetime import datetime

from app.db.queries import connections, organisations
from app.runtime import Runtime


@dataclass(frozen=True)
class ListedConnection:
    """One connection. `organisation` is a short name, empty when all may use it; `holder` the process that has its link
    at present, with how the link stands since when."""

    name: str
    kind: str
    rate: float
    organisation: str
    enabled: bool
    holder: str
    state: str
    reason: str
    since: datetime | None


def list_connections(rt: Runtime) -> list[ListedConnection]:
    """By name."""
    now = rt.now()
    found = []
    with rt.read() as session:
        for row in connections.every(session):
            owner = organisations.get(session, row.organisation_id) if row.organisation_id else None
            lease = connections.lease(session, row.id)
            held = lease is not None and lease.expires_at > now
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
                )
            )
    return found
