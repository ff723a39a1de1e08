"""Every question asked of messages that somebody asked for one by one."""

from uuid import UUID

from sqlmodel import Session, col, select

from app.db.models import Message, MessageRequest, Sender


def by_idempotency_key(
    session: Session, organisation_id: UUID, key: str
) -> tuple[MessageRequest, Message] | None:
    """What this key was used for, with its message."""
    query = (
        select(MessageRequest, Message)
        .join(Message, col(Message.id) == col(MessageRequest.message_id))
        .where(MessageRequest.organisation_id == organisation_id, MessageRequest.idempotency_key == key)
    )
    return session.exec(query).one_or_none()


def of_organisation(
    session: Session, organisation_id: UUID, message_id: UUID
) -> tuple[Message, Sender] | None:
    """One message with the sender it leaves from."""
    query = (
        select(Message, Sender)
        .join(Sender, col(Sender.id) == col(Message.sender_id))
        .where(Message.organisation_id == organisation_id, Message.id == message_id)
    )
    return session.exec(query).one_or_none()


def hold(session: Session, organisation_id: UUID, message_id: UUID) -> Message | None:
    """One message, held until the transaction ends."""
    query = select(Message).where(Message.organisation_id == organisation_id, Message.id == message_id)
    return session.exec(query.with_for_update(key_share=True)).one_or_none()
