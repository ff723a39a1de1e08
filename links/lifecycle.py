"""Writing links, revoking them, and wiping their wraps when their time is over."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from links.bulk import insert_rows
from links.state import LinkFacts
from links.tables import Link, LinkSession

CHUNK = 500
RevokeReason = Literal["revoked", "recalled", "replaced"]


def insert_all(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Bulk insert of rows made by `minting.mint`."""
    insert_rows(session, Link, rows)


def taken_refs(session: Session, refs: Sequence[str]) -> set[str]:
    """Which of these refs exist already, so that others are drawn before sealing."""
    taken: set[str] = set()
    for start in range(0, len(refs), CHUNK):
        taken |= set(session.exec(select(Link.ref).where(col(Link.ref).in_(refs[start : start + CHUNK]))))
    return taken


def of_documents(session: Session, document_ids: Sequence[UUID]) -> dict[UUID, list[LinkFacts]]:
    """The links of each document, oldest first."""
    found: dict[UUID, list[LinkFacts]] = {}
    for start in range(0, len(document_ids), CHUNK):
        query = (
            select(Link)
            .where(col(Link.document_id).in_(document_ids[start : start + CHUNK]))
            .order_by(col(Link.created_at))
        )
        for link in session.exec(query):
            found.setdefault(link.document_id, []).append(link.facts())
    return found


def revoke_documents(
    session: Session, document_ids: Sequence[UUID], reason: RevokeReason, now: datetime
) -> list[LinkFacts]:
    """End every link of these documents at once: wraps deleted, sessions ended. Returns the links that were ended."""
    ended: list[LinkFacts] = []
    for start in range(0, len(document_ids), CHUNK):
        query = select(Link).where(
            col(Link.document_id).in_(document_ids[start : start + CHUNK]), col(Link.revoked_at).is_(None)
        )
        for link in session.exec(query.with_for_update(key_share=True)):
            link.revoked_at = now
            link.revoked_reason = reason
            _wipe(link, now)
            session.add(link)
            ended.append(link.facts())
    _end_sessions(session, [link.id for link in ended])
    session.flush()
    return ended


def wipe_past(session: Session, before_day: int, now: datetime, limit: int) -> list[LinkFacts]:
    """Delete the wraps of links whose last day is before `before_day`, at most `limit` of them; the rows stay."""
    query = (
        select(Link)
        .where(Link.hard_day < before_day, col(Link.wiped_at).is_(None))
        .order_by(col(Link.hard_day))
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    )
    wiped: list[LinkFacts] = []
    for link in session.exec(query):
        _wipe(link, now)
        session.add(link)
        wiped.append(link.facts())
    _end_sessions(session, [link.id for link in wiped])
    session.flush()
    return wiped


def _wipe(link: Link, now: datetime) -> None:
    link.wrapped_link = None
    link.wrapped_org = None
    link.wiped_at = now


def _end_sessions(session: Session, link_ids: Sequence[UUID]) -> None:
    for start in range(0, len(link_ids), CHUNK):
        session.execute(
            sa.delete(LinkSession).where(col(LinkSession.link_id).in_(link_ids[start : start + CHUNK]))
        )
