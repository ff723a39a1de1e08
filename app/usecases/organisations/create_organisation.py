"""Create an organisation with its key pair, journal, senders and first texts."""

import re
import unicodedata
from dataclasses import dataclass
from uuid import uuid4
from zoneinfo import ZoneInfo

from app.core.errors import Conflict, InvalidInput
from app.crypto.custody import new_pair, seal_online
from app.db.models import Organisation, Sender, Template
from app.db.queries import journal, organisations
from app.messaging.sending.senders import PROFILES, Kind, State, is_name
from app.messaging.texts.notices import DEFAULT_TEMPLATES
from app.runtime import Runtime


@dataclass(frozen=True)
class NewOrganisation:
    """What the operator gives. `sender_name` has at most 11 letters or digits; `contact` is shown to recipients."""

    name: str
    sender_name: str
    contact: str
    timezone: str = "Europe/Paris"
    language: str = "fr"
    profile: str = "standard"
    simulator_only: bool = False


def create_organisation(rt: Runtime, new: NewOrganisation) -> Organisation:
    """Raises InvalidInput for a name no network takes, Conflict when the organisation exists."""
    if not is_name(new.sender_name):
        raise InvalidInput(
            "sender_name_invalid", "a sender name has 1 to 11 letters or digits, one letter at least"
        )
    ZoneInfo(new.timezone)
    now = rt.now()
    organisation_id = uuid4()
    pair = new_pair()
    organisation = Organisation(
        id=organisation_id,
        name=new.name,
        slug=_slug(new.name),
        timezone=new.timezone,
        language=new.language,
        profile=new.profile,
        sender_name=new.sender_name,
        contact=new.contact,
        simulator_only=new.simulator_only,
        public_key=pair.public,
        private_key_sealed=seal_online(rt.vault.ring, organisation_id, pair.private),
        created_at=now,
    )
    with rt.begin() as session:
        if organisations.by_slug(session, organisation.slug):
            raise Conflict("organisation_exists", f"an organisation named {organisation.slug} exists already")
        session.add(organisation)
        session.flush()
        journal.start(session, organisation_id)
        for kind, address in ((Kind.NAME, new.sender_name), (Kind.RCS_AGENT, new.name)):
            session.add(
                Sender(
                    organisation_id=organisation_id,
                    kind=kind,
                    address=address[:40],
                    carrier="simulator",
                    rate=PROFILES[kind].rate,
                    state=State.APPROVED,
                    state_since=now,
                    created_at=now,
                )
            )
        for text in DEFAULT_TEMPLATES:
            session.add(
                Template(
                    organisation_id=organisation_id,
                    key=text.key,
                    channel=text.channel,
                    language=text.language,
                    category=text.category,
                    kind=text.kind,
                    title=text.title,
                    text=text.text,
                    updated_at=now,
                )
            )
    return organisation


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "organisation"
