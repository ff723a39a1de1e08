"""Take in a list of people who refused elsewhere: a file of another platform, or a program's list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.core.errors import TooLarge
from app.db.queries import consents, organisations
from app.db.queries.consents import Line
from app.db.sending import opting
from app.messaging.numbers.phone import Phone, read_phone
from app.messaging.permission.consent import Fact, is_objected, is_stopped
from app.messaging.permission.consent_proof import How
from app.runtime import Runtime

MOST_NUMBERS: Final = 50_000
AT_ONCE: Final = 200


@dataclass(frozen=True)
class Imported:
    """How many lines were added, how many were known, and which could not be read: (place from 1, problem)."""

    added: int
    known: int
    unreadable: tuple[tuple[int, str], ...]


def import_opt_outs(
    rt: Runtime,
    organisation_id: UUID,
    typed: Sequence[str],
    how: How,
    actor: str,
    *,
    everything: bool = False,
) -> Imported:
    """Close marketing of every sender for each number, or everything. Numbers closed before are left as they are, so
    the same list may come again. Raises NotFound, and TooLarge above MOST_NUMBERS."""
    if len(typed) > MOST_NUMBERS:
        raise TooLarge("too_many_numbers", f"give at most {MOST_NUMBERS} numbers at once")
    with rt.read() as session:
        organisation = organisations.require(session, organisation_id)
    numbers: dict[str, None] = {}
    unreadable: list[tuple[int, str]] = []
    repeated = 0
    for place, cell in enumerate(typed, 1):
        read = read_phone(cell, organisation.region)
        if not isinstance(read, Phone):
            unreadable.append((place, read.problem))
        elif read.e164 in numbers:
            repeated += 1
        else:
            numbers[read.e164] = None
    added = 0
    every = list(numbers)
    for start in range(0, len(every), AT_ONCE):
        added += _close(rt, organisation_id, every[start : start + AT_ONCE], how, actor, everything)
    return Imported(added, len(every) - added + repeated, tuple(unreadable))


def _close(
    rt: Runtime, organisation_id: UUID, numbers: Sequence[str], how: How, actor: str, everything: bool
) -> int:
    now = rt.now()
    fact = Fact.OBJECTION_ALL if everything else Fact.STOP
    added = 0
    with rt.begin() as session:
        indexes = {number: rt.vault.phone_index(organisation_id, number) for number in numbers}
        known = consents.ledgers(session, organisation_id, list(indexes.values()))
        for number in numbers:
            ledger = known.get(indexes[number], [])
            closed = is_objected(ledger, now) if everything else is_stopped(ledger, "", now)
            if not closed:
                line = Line(fact, how, actor, now)
                opting.record(session, rt.vault, organisation_id, number, line, now)
                added += 1
    return added
