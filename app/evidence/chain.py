"""The hash chain of an organisation's journal. Pure.

    c   = SHA-256("pli/v1/event" NUL salt || canonical JSON of the body)
    h_n = SHA-256("pli/v1/chain" NUL h_{n-1} || seq (u64) || time (u64, microseconds since 1970) || c)

Each event has a salt of its own. When salt and body are erased at the end of retention, `c` tells nothing any more and
the chain still checks.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import NoneType
from typing import Final, Literal

GENESIS: Final = bytes(32)
_EVENT = b"pli/v1/event\x00"
_CHAIN = b"pli/v1/chain\x00"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
_WHOLE = (str, int, NoneType)

Scalar = str | int | bool | None
Value = Scalar | Sequence["Value"] | Mapping[str, "Value"]
Fault = Literal["sequence", "time", "commitment", "chain"]


@dataclass(frozen=True, slots=True)
class ChainEvent:
    """One event as it is stored. `body` and `salt` are None once they were erased."""

    seq: int
    at: datetime
    commitment: bytes
    chain: bytes
    salt: bytes | None = None
    body: Mapping[str, Value] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`checked` events are sound; the next one, `broken_at`, has the fault. Both None means that all are."""

    checked: int
    head: bytes
    broken_at: int | None = None
    fault: Fault | None = None

    @property
    def sound(self) -> bool:
        """Whether every event checks."""
        return self.fault is None


def canonical(body: Mapping[str, Value]) -> bytes:
    """One spelling of a body: keys sorted, no spaces, UTF-8. Raises ValueError for numbers that are not whole, because
    they have more than one spelling."""
    _refuse_floats(body)
    return _ENCODER.encode(body).encode()


def commit(salt: bytes, body: Mapping[str, Value]) -> bytes:
    """The commitment to a body. `salt` is 16 random bytes of this event alone."""
    return commit_canonical(salt, canonical(body))


def commit_canonical(salt: bytes, spelt: bytes) -> bytes:
    """The commitment to a body that `canonical` has spelt."""
    return hashlib.sha256(_EVENT + salt + spelt).digest()


def extend(head: bytes, seq: int, at: datetime, commitment: bytes) -> bytes:
    """The next head of the chain. Events are numbered from 1; the first one follows GENESIS."""
    moment = (at - _EPOCH) // _MICROSECOND
    return hashlib.sha256(
        _CHAIN + head + seq.to_bytes(8, "big") + moment.to_bytes(8, "big") + commitment
    ).digest()


def verify(events: Iterable[ChainEvent], *, head: bytes = GENESIS, last_seq: int = 0) -> Verdict:
    """Check events in order, from the start of the journal or from a head seen earlier."""
    checked = 0
    for event in events:
        fault = _fault(event, head, last_seq)
        if fault is not None:
            return Verdict(checked, head, event.seq, fault)
        head, last_seq, checked = event.chain, event.seq, checked + 1
    return Verdict(checked, head)


def _fault(event: ChainEvent, head: bytes, last_seq: int) -> Fault | None:
    if event.seq != last_seq + 1:
        return "sequence"
    if event.at < _EPOCH:
        return "time"
    if event.body is not None and (
        event.salt is None or not hmac.compare_digest(commit(event.salt, event.body), event.commitment)
    ):
        return "commitment"
    if not hmac.compare_digest(extend(head, event.seq, event.at, event.commitment), event.chain):
        return "chain"
    return None


def _refuse_floats(value: Value) -> None:
    if isinstance(value, float):
        raise ValueError("a journal body holds whole numbers only")
    items: Iterable[Value] = ()
    if isinstance(value, Mapping):
        items = value.values()
    elif isinstance(value, Sequence) and not isinstance(value, str):
        items = value
    for item in items:
        if not isinstance(item, _WHOLE):
            _refuse_floats(item)
