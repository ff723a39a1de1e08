"""The opt-out address of one number, to be put into a message or read out on the phone."""

from uuid import UUID

from app.db.queries import consents, organisations
from app.messaging.numbers.phone import require_phone
from app.runtime import Runtime


def give_opt_out_link(rt: Runtime, organisation_id: UUID, typed: str) -> str:
    """The same address every time. Raises NotFound, and InvalidInput for a number that cannot be used."""
    now = rt.now()
    with rt.begin() as session:
        organisation = organisations.require(session, organisation_id)
        number = require_phone(typed, organisation.region)
        token = consents.opt_out_token(session, rt.vault, organisation_id, number, now)
    return f"{rt.policies.opt_out_url}{token}"
