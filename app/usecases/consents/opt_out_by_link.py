"""One tap on the opt-out page, without login: marketing of the organisation ends for that number."""

from dataclasses import dataclass

from app.db.models import OptOutLink
from app.db.queries import consents, organisations
from app.db.queries.consents import Line
from app.db.sending import opting
from app.db.session import Session
from app.messaging.permission.consent import Fact, is_stopped
from app.messaging.permission.consent_proof import How
from app.runtime import Runtime

PERSON = "person"


@dataclass(frozen=True)
class OptOutPage:
    """Whose messages the page ends. `stopped` tells that they have ended already."""

    sender: str
    contact: str
    brand: str
    stopped: bool


def show_opt_out(rt: Runtime, token: str) -> OptOutPage | None:
    """Read only, so that a preview ends nothing; None for an address nobody was given."""
    with rt.read() as session:
        link = consents.opt_out_link(session, token)
        return _page(rt, session, link) if link is not None else None


def opt_out_by_link(rt: Runtime, token: str) -> OptOutPage | None:
    """End it; a second tap changes nothing. None for an address nobody was given."""
    now = rt.now()
    with rt.begin() as session:
        link = consents.opt_out_link(session, token)
        if link is None:
            return None
        ledger = consents.ledger(session, link.organisation_id, link.subject_index)
        if not is_stopped(ledger, "", now):
            number = rt.vault.columns.open_column(
                link.organisation_id, "opt_out_link", "number", link.id, link.number_sealed
            )
            opting.record(
                session, rt.vault, link.organisation_id, number, Line(Fact.STOP, How.URL, PERSON, now), now
            )
            session.flush()
        return _page(rt, session, link)


def _page(rt: Runtime, session: Session, link: OptOutLink) -> OptOutPage | None:
    organisation = organisations.get(session, link.organisation_id)
    if organisation is None:
        return None
    ledger = consents.ledger(session, link.organisation_id, link.subject_index)
    stopped = is_stopped(ledger, "", rt.now())
    return OptOutPage(organisation.name, organisation.contact, organisation.brand_colour, stopped)
