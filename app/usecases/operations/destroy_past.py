"""What is over is made unreadable: wraps of links past their last day, then the epoch keys of those days."""

import logging

from app.core.log import fields
from app.crypto.epochs import EpochName, day_of
from app.db.queries import accounts, documents, journal, keys, organisations
from app.evidence.tags import Tag
from app.runtime import Runtime
from links import lifecycle, limits, sessions

AT_ONCE = 500

log = logging.getLogger(__name__)


def destroy_past(rt: Runtime) -> None:
    """The timer's job."""
    now = rt.now()
    _wipe_links(rt)
    for name in list(rt.vault.epochs.list()):
        if name.destroy_at > now or not _destroyed(rt, name):
            continue
        with rt.begin() as session:
            keys.forget_epoch(session, name)
            owners = [name.organisation_id] if name.organisation_id else organisations.ids(session)
            for organisation_id in owners:
                entry = journal.Entry(
                    Tag.EPOCH_DESTROYED, organisation_id, {"kind": name.kind, "day": name.day}
                )
                journal.append(session, rt.vault, organisation_id, [entry], now)
    with rt.begin() as session:
        limits.forget_old(session, now)
        sessions.forget_old(session, now)
        accounts.delete_expired(session, now)


def _destroyed(rt: Runtime, name: EpochName) -> bool:
    """One key that cannot be destroyed must not keep the others from their end; `pli doctor` tells of it."""
    try:
        return rt.vault.epochs.destroy(name)
    except OSError as error:
        log.error("an epoch key could not be destroyed", exc_info=error, extra=fields(epoch=str(name)))
        return False


def _wipe_links(rt: Runtime) -> None:
    now = rt.now()
    while True:
        with rt.begin() as session:
            wiped = lifecycle.wipe_past(session, day_of(now), now, AT_ONCE)
            documents.expire(session, [link.document_id for link in wiped])
            for link in wiped:
                entry = journal.Entry(Tag.LINK_WIPED, link.id, {"document": link.document_id.hex})
                journal.append(session, rt.vault, link.organisation_id, [entry], now)
        if len(wiped) < AT_ONCE:
            return
