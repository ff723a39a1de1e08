"""The settings of an organisation, as they are."""

from dataclasses import dataclass
from uuid import UUID

from app.core.errors import NotFound
from app.db.queries import organisations
from app.runtime import Runtime


@dataclass(frozen=True)
class OrganisationSettings:
    """What the settings page shows. `contact_phone` is E.164 or empty."""

    name: str
    timezone: str
    staff_pattern: str
    profile: str
    sender_name: str
    contact: str
    contact_phone: str
    brand_colour: str
    password_policy: str
    link_days: int
    rcs_enabled: bool


def show_settings(rt: Runtime, organisation_id: UUID) -> OrganisationSettings:
    """Read only. Raises NotFound."""
    with rt.read() as session:
        organisation = organisations.get(session, organisation_id)
    if organisation is None:
        raise NotFound("organisation_unknown", "this organisation does not exist")
    return OrganisationSettings(
        name=organisation.name,
        timezone=organisation.timezone,
        staff_pattern=organisation.staff_pattern,
        profile=organisation.profile,
        sender_name=organisation.sender_name,
        contact=organisation.contact,
        contact_phone=organisation.contact_phone,
        brand_colour=organisation.brand_colour,
        password_policy=organisation.password_policy,
        link_days=organisation.link_days,
        rcs_enabled=organisation.rcs_enabled,
    )
