"""Mint the links of a block of released documents, seal their texts, and queue the messages.

Everything slow (Argon2, sealing) happens before the one transaction in which links, messages, people and journal
appear and the review keys disappear. Running it again after a crash finds nothing left to do, or does it all.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from app.crypto.custody import open_online
from app.crypto.envelope import OrganisationWrapper, ReviewBox
from app.crypto.epochs import EpochName
from app.crypto.linkkeys import DaySealer
from app.crypto.tokens import new_link_secret, new_ref, new_salt
from app.crypto.usual import open_usual
from app.db.models import Batch, Block, Organisation, Person, Template
from app.db.payroll.recipients import PersonMaker
from app.db.queries import (
    batches,
    documents,
    journal,
    keys,
    leaving,
    messages,
    organisations,
    people,
    reviewing,
)
from app.db.queries.leaving import LeavingDocument
from app.db.queries.messages import Lane
from app.db.sending import lanes
from app.db.sending.outbox import MintedLink, NoticeMaker
from app.db.sending.text_checks import TextRules
from app.db.session import Session
from app.documents.match.earlier import is_replaced
from app.evidence.tags import Tag
from app.messaging.texts.notices import PAYSLIP_NOTICE
from app.runtime import Runtime
from links import lifecycle
from links.minting import mint
from links.policy import LinkTerms, terms
from links.ports import NO_PASSWORD, Kdf, PasswordKey
from links.text import build

ARGON2: Kdf = 1


@dataclass(frozen=True)
class _Work:
    block: Block
    batch: Batch
    organisation: Organisation
    documents: Sequence[LeavingDocument]
    people: Mapping[bytes, Person]
    templates: Mapping[tuple[str, str], Template]
    held_to: TextRules
    terms: LinkTerms
    now: datetime


@dataclass(frozen=True)
class _Opened:
    """A document with what the review kept of it, in clear for the length of this job."""

    document: LeavingDocument
    dek: bytes
    phone: str
    code: str
    person_id: UUID


def announce_block(rt: Runtime, block_id: str) -> None:
    """The job. Does nothing when the block was done before."""
    work = _load(rt, UUID(block_id))
    if work is None:
        return
    box = rt.vault.envelope.review_box(work.organisation.id, work.batch.id, work.batch.review_day)
    person_ids = defaultdict(uuid4, {index: person.id for index, person in work.people.items()})
    opened = [_open(rt, work, box, document, person_ids) for document in work.documents]
    sealer = rt.vault.links.sealer(work.organisation.id, work.terms.hard_day)
    passwords = _password_keys(rt, work, opened, sealer)
    notices = NoticeMaker(
        rt.vault,
        work.organisation,
        work.batch,
        work.templates,
        work.held_to,
        work.terms,
        rt.policies.rcs_fallback,
        work.now,
    )
    wrapper = None
    if work.batch.profile == "standard":
        wrapper = sealer.organisation_wrapper(work.organisation.public_key)
    rows = [
        _mint(rt, work, sealer, wrapper, notices, one, key)
        for one, key in zip(opened, passwords, strict=True)
    ]
    _record(rt, work, opened, passwords, rows)


def _load(rt: Runtime, block_id: UUID) -> _Work | None:
    now = rt.now()
    with rt.read() as session:
        block = messages.block(session, block_id)
        if block is None or block.done_at is not None or block.batch_id is None:
            return None
        batch = batches.get_any(session, block.batch_id)
        if batch is None or batch.state != "releasing":
            return None
        organisation = organisations.get(session, batch.organisation_id)
        if organisation is None:
            return None
        return _Work(
            block,
            batch,
            organisation,
            leaving.of_block(session, block_id),
            people.of_block(session, block_id),
            organisations.templates(session, organisation.id, PAYSLIP_NOTICE),
            rt.text_rules(session, organisation.id),
            terms(
                organisations.link_policy(organisation),
                password=batch.password_policy != "none",
                until=date.fromisoformat(batch.expires_on) if batch.expires_on else None,
                zone=ZoneInfo(organisation.timezone),
                now=now,
            ),
            now,
        )


def _open(
    rt: Runtime, work: _Work, box: ReviewBox, document: LeavingDocument, person_ids: Mapping[bytes, UUID]
) -> _Opened:
    """`person_ids` gives new people an id at their first document: a block may hold two months of one person."""
    if document.key_review is None or document.phone_sealed is None or document.staff_index is None:
        raise ValueError("a released document has a key, a phone and a staff number")
    code = (
        box.open(document.id, "access-code", document.access_code_review)
        if document.access_code_review
        else b""
    )
    return _Opened(
        document,
        box.open(document.id, "document-key", document.key_review),
        rt.vault.columns.open_column(
            work.organisation.id, "document", "phone", document.id, document.phone_sealed
        ),
        code.decode(),
        person_ids[document.staff_index],
    )


def _password_keys(
    rt: Runtime, work: _Work, opened: Sequence[_Opened], sealer: DaySealer
) -> list[PasswordKey]:
    if work.batch.password_policy == "none":
        return [PasswordKey(NO_PASSWORD, new_salt(), bytes(32)) for _ in opened]
    keys: dict[int, PasswordKey] = {}
    fresh: list[tuple[int, bytes]] = []
    for at, one in enumerate(opened):
        person = work.people.get(one.document.staff_index or b"")
        if one.code:
            fresh.append((at, new_salt()))
        elif person is not None and person.password_key_sealed and work.batch.profile == "standard":
            private = open_online(rt.vault.ring, work.organisation.id, work.organisation.private_key_sealed)
            keys[at] = open_usual(private, work.organisation.id, person.id, person.password_key_sealed)
        else:
            raise ValueError("a released document has an access code, or its person a usual password")
    derived = rt.passwords.derive_many((sealer.peppered(opened[at].code), salt, ARGON2) for at, salt in fresh)
    for (at, salt), key in zip(fresh, derived, strict=True):
        keys[at] = PasswordKey(ARGON2, salt, key)
    return [keys[at] for at in range(len(opened))]


class _Rows(NamedTuple):
    """What one document becomes."""

    link: dict[str, Any]
    message: dict[str, Any]


def _mint(
    rt: Runtime,
    work: _Work,
    sealer: DaySealer,
    wrapper: OrganisationWrapper | None,
    notices: NoticeMaker,
    one: _Opened,
    password: PasswordKey,
) -> _Rows:
    document = one.document
    link_id = uuid4()
    ref, secret = new_ref(), new_link_secret(work.terms.secret_length)
    wrapped_org = None
    if wrapper is not None:
        wrapped_org = wrapper.wrap(document.id, dek=one.dek, password_key=password.key)
    link = mint(
        sealer,
        link_id=link_id,
        document_id=document.id,
        ref=ref,
        secret=secret,
        salt=new_salt(),
        terms=work.terms,
        password=password,
        dek=one.dek,
        wrapped_org=wrapped_org,
        recipient=document.staff_index,
        now=work.now,
    )
    url = build(rt.policies.link_url, ref, secret)
    return _Rows(link, notices.row(document, one.phone, MintedLink(link_id, ref, url)))


def _record(
    rt: Runtime,
    work: _Work,
    opened: Sequence[_Opened],
    passwords: Sequence[PasswordKey],
    rows: Sequence[_Rows],
) -> None:
    organisation, batch = work.organisation, work.batch
    new_people, known_people = _people(rt, work, opened, passwords)
    entries = _entries(opened, rows)
    with rt.begin() as session:
        held = messages.lock_block(session, work.block.id)
        if held is None or held.done_at is not None or batches.lock_state(session, batch.id) != "releasing":
            return
        replaced = _replace_earlier(rt, session, work)
        people.insert_all(session, new_people)
        people.update_all(session, known_people)
        lifecycle.insert_all(session, [row.link for row in rows])
        messages.insert_all(session, [row.message for row in rows])
        leaving.seal_block(session, work.block.id)
        journal.append(session, rt.vault, organisation.id, [*replaced, *entries], work.now)
        keys.remember_epochs(session, rt.vault.epochs, _epochs(work, rows))
        held.done_at = work.now
        session.add(held)
        session.flush()
        if messages.open_blocks(session, batch.id, "announce") == 0:
            batches.set_state(session, batch.id, "released")
            reviewing.forget_leftovers(session, batch.id)
        waiting = {
            Lane(row.message["sender_id"], row.message["priority"] <= messages.EXPRESS) for row in rows
        }
        lanes.wake(session, rt.jobs, waiting, work.now, batch_id=batch.id)


def _people(
    rt: Runtime, work: _Work, opened: Sequence[_Opened], passwords: Sequence[PasswordKey]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of new people, and of those known from earlier batches; each person once."""
    maker = PersonMaker(rt.vault, work.organisation, work.batch, work.now)
    new, known = {}, {}
    for one, password in zip(opened, passwords, strict=True):
        person = work.people.get(one.document.staff_index or b"")
        if person is not None:
            known[one.person_id] = maker.known(person, one.document, one.phone, password)
        else:
            new[one.person_id] = maker.new(one.person_id, one.document, one.phone, password)
    return list(new.values()), list(known.values())


def _epochs(work: _Work, rows: Sequence[_Rows]) -> list[EpochName]:
    """The days whose keys this block was sealed with."""
    days = {row.message["outbox_day"] for row in rows}
    return [
        EpochName.link(work.organisation.id, work.terms.hard_day),
        *(EpochName.out(day) for day in sorted(days)),
    ]


def _replace_earlier(rt: Runtime, session: Session, work: _Work) -> list[journal.Entry]:
    """A corrected payslip takes the place of the one sent before for the same person and period; what to journal."""

    def name(document_id: UUID, sealed: bytes | None) -> str:
        opened = rt.vault.columns.open_column
        return opened(work.organisation.id, "document", "name", document_id, sealed) if sealed else ""

    found = leaving.replaceable_by(session, work.block.id)
    replaced = [
        one.earlier_id
        for one in found
        if is_replaced(name(one.document_id, one.name), name(one.earlier_id, one.earlier_name), one.confirmed)
    ]
    ids = list(dict.fromkeys(replaced))
    ended = lifecycle.revoke_documents(session, ids, "replaced", work.now)
    documents.revoke(session, ids, work.now)
    messages.cancel_of_documents(session, ids, work.now, "replaced")
    return [journal.Entry(Tag.LINK_REVOKED, link.id, {"reason": "replaced"}) for link in ended]


def _entries(opened: Sequence[_Opened], rows: Sequence[_Rows]) -> list[journal.Entry]:
    entries = []
    for one, row in zip(opened, rows, strict=True):
        link, message = row.link, row.message
        entries += [
            journal.Entry(
                Tag.LINK_MINTED,
                link["id"],
                {"document": one.document.id.hex, "ref": link["ref"], "password": link["kdf"] != NO_PASSWORD},
            ),
            journal.Entry(
                Tag.MESSAGE_QUEUED,
                message["id"],
                {"document": one.document.id.hex, "plan": message["plan"], "segments": message["segments"]},
            ),
        ]
        if message["reason"]:
            body = {"document": one.document.id.hex, "state": message["state"], "reason": message["reason"]}
            entries.append(journal.Entry(Tag.MESSAGE_FAILED, message["id"], body))
    return entries
