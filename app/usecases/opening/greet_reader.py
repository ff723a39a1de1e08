"""Say what a proven link is: who sent it, until when, whether it needs a password. Reads only."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.db.queries import reading
from app.runtime import Runtime
from links import limits, opening
from links.state import LinkState


@dataclass(frozen=True)
class Greeting:
    """What the page may say after the proof. `last_day` is in the sender's zone, `language` the reader's own."""

    state: LinkState
    sender: str
    contact: str
    kind: str
    period: str
    last_day: date
    password_policy: str
    brand: str
    language: str


@dataclass(frozen=True)
class Neutral:
    """Wrong secret, unknown ref or not released: one answer. `retry_after` holds when this network asked too often."""

    retry_after: int = 0


def greet_reader(rt: Runtime, ref: str, secret: str, net: str, now: datetime) -> Greeting | Neutral:
    """Proof of link first; a stranger learns nothing and is counted against their network only."""
    net_hash = rt.vault.columns.net_hash(net)
    with rt.read() as session:
        wait = limits.stranger_must_wait(session, net_hash, now)
        proven = opening.prove(session, rt.vault.links, ref, secret, now)
        if proven is not None:
            shown = reading.shown(session, proven.facts.document_id)
            zone = ZoneInfo(shown.organisation.timezone)
            return Greeting(
                state=proven.state,
                sender=shown.organisation.name,
                contact=shown.organisation.contact,
                kind=shown.batch.kind,
                period=shown.document.period,
                last_day=(proven.facts.expires_at - timedelta(microseconds=1)).astimezone(zone).date(),
                password_policy=shown.batch.password_policy if proven.facts.needs_password else "none",
                brand=shown.organisation.brand_colour,
                language=shown.document.language,
            )
    if wait is not None:
        return Neutral(wait.retry_after)
    with rt.begin() as session:
        limits.count_stranger(session, net_hash, now)
    return Neutral()
