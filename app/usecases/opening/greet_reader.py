"""Say what a proven link is: who sent it, until when, whether it needs a password. Reads only."""

from dataclasses import dataclass
from datetime import datetime

from app.db.queries import reading
from app.db.queries.reading import Introduction
from app.runtime import Runtime
from links import limits, opening
from links.state import LinkState


@dataclass(frozen=True)
class Greeting:
    """The true state, and what the page may say after the proof."""

    state: LinkState
    known: Introduction


@dataclass(frozen=True)
class Neutral:
    """Wrong secret, unknown ref or not released: one answer. `retry_after` (seconds) is not 0 when this network asked
    too often; that never keeps it from proving a link."""

    retry_after: int = 0


def greet_reader(rt: Runtime, ref: str, secret: str, address: str, now: datetime) -> Greeting | Neutral:
    """Proof of link first; a stranger learns nothing and is counted against their network only.

    `address` is the client's IP address, of whose network a hash is kept.
    """
    net_hash = rt.vault.columns.net_hash(address)
    with rt.read() as session:
        wait = limits.stranger_must_wait(session, net_hash, now)
        proven = opening.prove(session, rt.vault.links, ref, secret, now)
        if proven is not None:
            return Greeting(proven.state, reading.introduce(session, proven.facts))
    if wait is not None:
        return Neutral(wait.retry_after)
    with rt.begin() as session:
        limits.count_stranger(session, net_hash, now)
    return Neutral()
