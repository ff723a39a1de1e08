"""Write down what a person allowed or refused, with its proof: from the console or the API."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from app.core.errors import InvalidInput
from app.db.queries import organisations
from app.db.queries.consents import Line
from app.db.sending import opting
from app.messaging.numbers.phone import require_phone
from app.messaging.permission.consent import RCS, SMS, Fact
from app.messaging.permission.consent_proof import How, Proof, missing_proof, unkeepable_proof
from app.runtime import Runtime

# What staff and programs may say; the other facts come from the person or the network alone.
RECORDABLE: Final = (Fact.OPT_IN, Fact.SOFT_OPT_IN, Fact.STOP, Fact.OBJECTION_ALL, Fact.OBJECTION_LIFTED)


# Nobody consented to a text message before there was one.
EARLIEST: Final = datetime(1992, 12, 3, tzinfo=UTC)


class ProofMissing(InvalidInput):
    """The line would prove nothing. `fields` are the names of what is missing."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__("proof_missing", f"give what proves the consent: {', '.join(fields)}")
        self.fields = fields


class ProofUnkeepable(InvalidInput):
    """A text is too long or holds what cannot be kept. `fields` are the names of those texts."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__("proof_unkeepable", f"shorten, or free of control characters: {', '.join(fields)}")
        self.fields = fields


@dataclass(frozen=True)
class NewConsent:
    """`typed` is the number as it was given, `happened_at` when the person acted; None means now."""

    typed: str
    fact: Fact
    proof: Proof = field(default_factory=Proof)
    happened_at: datetime | None = None
    channels: frozenset[str] = frozenset({SMS, RCS})


def record_consent(rt: Runtime, organisation_id: UUID, new: NewConsent, how: How, actor: str) -> None:
    """Add the line; a refusal also ends what waits for the number.

    Raises InvalidInput: the code of `read_phone` for a number that cannot be used, `fact_not_recordable`,
    `happened_later`, `happened_too_early`; ProofMissing; ProofUnkeepable; NotFound.
    """
    now = rt.now()
    if new.fact not in RECORDABLE:
        raise InvalidInput("fact_not_recordable", f"{new.fact} comes from the person or the network only")
    if new.happened_at is not None and new.happened_at > now:
        raise InvalidInput("happened_later", "a consent cannot be given in the future")
    if new.happened_at is not None and new.happened_at < EARLIEST:
        raise InvalidInput(
            "happened_too_early", "a consent cannot be older than text messages; correct the year"
        )
    if unkeepable := unkeepable_proof(new.proof):
        raise ProofUnkeepable(tuple(unkeepable))
    if missing := missing_proof(new.fact, how, new.proof):
        raise ProofMissing(tuple(missing))
    with rt.begin() as session:
        organisation = organisations.require(session, organisation_id)
        number = require_phone(new.typed, organisation.region)
        line = Line(new.fact, how, actor, new.happened_at or now, channels=new.channels, proof=new.proof)
        opting.record(session, rt.vault, organisation_id, number, line, now)
