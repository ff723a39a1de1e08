"""What the upload form starts with: the organisation's own choices, and the limits."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from app.core.errors import NotFound
from app.db.queries import organisations
from app.runtime import Runtime
from links.policy import terms


@dataclass(frozen=True)
class UploadForm:
    """`latest_expiry` is the last day a link may live; sizes in bytes."""

    today: date
    latest_expiry: date
    password_policy: str
    profile: str
    rcs_enabled: bool
    upload_bytes: int


def show_upload(rt: Runtime, organisation_id: UUID) -> UploadForm:
    """Read only. Raises NotFound."""
    with rt.read() as session:
        organisation = organisations.get(session, organisation_id)
    if organisation is None:
        raise NotFound("organisation_unknown", "this organisation does not exist")
    now, zone = rt.now(), ZoneInfo(organisation.timezone)
    made = terms(organisations.link_policy(organisation), password=True, until=None, zone=zone, now=now)
    return UploadForm(
        today=now.astimezone(zone).date(),
        latest_expiry=made.until,
        password_policy=organisation.password_policy,
        profile=organisation.profile,
        rcs_enabled=organisation.rcs_enabled,
        upload_bytes=rt.policies.upload_bytes,
    )
