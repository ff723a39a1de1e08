"""What the upload form starts with: the organisation's own choices or those of an earlier try, and the limits."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from app.core.errors import NotFound
from app.db.queries import batches, organisations
from app.runtime import Runtime
from links.policy import terms


@dataclass(frozen=True)
class UploadForm:
    """`expires_on` is the last day that is proposed, `latest_expiry` the last one that is allowed; sizes in bytes."""

    today: date
    latest_expiry: date
    title: str
    period: str
    expires_on: date
    password_policy: str
    rcs_first: bool
    profile: str
    rcs_enabled: bool
    upload_bytes: int


def show_upload(rt: Runtime, organisation_id: UUID, again: UUID | None = None) -> UploadForm:
    """`again` is a batch whose choices are proposed again. Read only. Raises NotFound."""
    with rt.read() as session:
        organisation = organisations.get(session, organisation_id)
        earlier = batches.get(session, organisation_id, again) if again else None
    if organisation is None:
        raise NotFound("organisation_unknown", "this organisation does not exist")
    if again and earlier is None:
        raise NotFound("batch_unknown", "this batch does not exist")
    now, zone = rt.now(), ZoneInfo(organisation.timezone)
    made = terms(organisations.link_policy(organisation), password=True, until=None, zone=zone, now=now)
    today = now.astimezone(zone).date()
    chosen = date.fromisoformat(earlier.expires_on) if earlier and earlier.expires_on else made.until
    return UploadForm(
        today=today,
        latest_expiry=made.until,
        title=earlier.title if earlier else "",
        period=earlier.period if earlier else "",
        expires_on=chosen if today <= chosen <= made.until else made.until,
        password_policy=earlier.password_policy if earlier else organisation.password_policy,
        rcs_first=organisation.rcs_enabled and (earlier is None or "rcs" in earlier.channels),
        profile=organisation.profile,
        rcs_enabled=organisation.rcs_enabled,
        upload_bytes=rt.policies.upload_bytes,
    )
