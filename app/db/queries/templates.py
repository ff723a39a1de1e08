"""Every question asked of the texts an organisation keeps."""

from uuid import UUID

from sqlmodel import Session, col, select

from app.db.models import Template


def every(session: Session, organisation_id: UUID) -> list[Template]:
    """All texts, by key, channel and language."""
    query = select(Template).where(Template.organisation_id == organisation_id)
    return list(
        session.exec(query.order_by(col(Template.key), col(Template.channel), col(Template.language)))
    )


def one(session: Session, organisation_id: UUID, key: str, channel: str, language: str) -> Template | None:
    """One text."""
    query = select(Template).where(
        Template.organisation_id == organisation_id,
        Template.key == key,
        Template.channel == channel,
        Template.language == language,
    )
    return session.exec(query).one_or_none()
