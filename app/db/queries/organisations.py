"""Every question asked of organisations, their senders and their texts."""

from uuid import UUID

from sqlmodel import Session, col, select

from app.core.errors import NotFound
from app.db.models import Organisation, Sender, Template
from app.messaging.sending.senders import PROFILES, Kind, State
from links.policy import LinkPolicy


def get(session: Session, organisation_id: UUID) -> Organisation | None:
    """One organisation."""
    return session.get(Organisation, organisation_id)


def require(session: Session, organisation_id: UUID) -> Organisation:
    """One organisation. Raises NotFound."""
    organisation = get(session, organisation_id)
    if organisation is None:
        raise NotFound("organisation_unknown", "this organisation does not exist")
    return organisation


def lock(session: Session, organisation_id: UUID) -> None:
    """Hold the organisation until the transaction ends: what must happen once among requests that come together."""
    session.exec(
        select(Organisation.id).where(Organisation.id == organisation_id).with_for_update(key_share=True)
    ).one()


def by_slug(session: Session, slug: str) -> Organisation | None:
    """One organisation by its short name."""
    return session.exec(select(Organisation).where(Organisation.slug == slug)).one_or_none()


def every(session: Session) -> list[Organisation]:
    """Every organisation, by short name."""
    return list(session.exec(select(Organisation).order_by(col(Organisation.slug))))


def ids(session: Session) -> list[UUID]:
    """Every organisation."""
    return list(session.exec(select(Organisation.id)))


def link_policy(organisation: Organisation) -> LinkPolicy:
    """What the organisation allows its links."""
    return LinkPolicy(max_days=organisation.link_days)


def templates(session: Session, organisation_id: UUID, key: str) -> dict[tuple[str, str], Template]:
    """Every text of one purpose, by channel and language."""
    query = select(Template).where(Template.organisation_id == organisation_id, Template.key == key)
    return {(template.channel, template.language): template for template in session.exec(query)}


def senders(session: Session, organisation_id: UUID) -> dict[str, Sender]:
    """The organisation's senders by channel: the oldest of each that may be used, else the oldest."""
    found: dict[str, Sender] = {}
    for sender in sorted(every_sender(session, organisation_id), key=lambda one: one.state != State.APPROVED):
        found.setdefault(PROFILES[Kind(sender.kind)].channel, sender)
    return found


def every_sender(session: Session, organisation_id: UUID) -> list[Sender]:
    """The organisation's senders, oldest first."""
    query = select(Sender).where(Sender.organisation_id == organisation_id)
    return list(session.exec(query.order_by(col(Sender.created_at), col(Sender.kind), col(Sender.id))))


def sender(session: Session, sender_id: UUID) -> Sender | None:
    """One sender."""
    return session.get(Sender, sender_id)
