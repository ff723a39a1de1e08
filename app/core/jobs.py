"""The port to the job engine, in our own words. Nothing outside `app/engine` knows which engine it is.

A job is enqueued only inside a transaction of ours: it exists if and only if that transaction commits. Its `key`
names the work, so that enqueueing the same key twice runs it once. Arguments are ids only, because an engine keeps
them readable.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class Job:
    """One piece of work for a worker.

    `kind` selects the handler, `key` makes it unique, `ids` are its arguments. `partition` groups jobs that share a
    scarce thing (a sender, an organisation): few of one partition run at once. `not_before` delays the start.
    """

    kind: str
    key: str
    ids: tuple[str, ...]
    partition: str
    not_before: datetime | None = None


Handler = Callable[..., None]
Handlers = Mapping[str, Handler]


@dataclass(frozen=True)
class Schedule:
    """A handler without arguments, run by one worker at each tick. `cron` has six fields, seconds first, in UTC."""

    kind: str
    cron: str


@dataclass(frozen=True)
class DeadJob:
    """A job that was given up after its last try. `id` is the engine's name of it, `code` that of the last error."""

    id: str
    kind: str
    ids: tuple[str, ...]
    partition: str
    code: str


class Jobs(Protocol):
    """What a use case may ask of the engine."""

    def enqueue(self, transaction: Any, job: Job) -> None:
        """Add the job to the caller's open transaction."""

    def checkpoint(self) -> None:
        """For a long handler, between two pieces of work: leaves the handler when this process is stopping. The job
        runs again at the next start."""

    def dead(self) -> Sequence[DeadJob]:
        """Jobs that were given up and are still remembered, tried again since or not."""

    def purge(self, before: datetime, ticks_before: datetime) -> int:
        """Forget jobs finished before `before` and ticks of timers finished before `ticks_before`; says how many. A
        key protects from a second run only while its job is remembered."""
