"""The people of a released batch: filtered by where their document stands, searched by name, number or phone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core.errors import NotFound
from app.db.models import Document, Message
from app.db.payroll.faces import Search, read_face
from app.db.payroll.left_out import LeftOut, read_left_out
from app.db.payroll.watch import EXPLAINED, FAILED, FIGURES, HOPELESS, LEFT_OUT, RELEASED, is_counted, stage
from app.db.queries import batches, messages, watching
from app.documents.match.left_out import reason_left_out, to_print
from app.messaging.sending.status import State
from app.runtime import Runtime

RESENDABLE = (State.FAILED, State.EXPIRED, State.UNKNOWN)
ANSWERED = "answered"
# Those whom a figure of the batch counts, whatever became of them since.
COUNTED = {f"all_{figure}": figure for figure in FIGURES}


@dataclass(frozen=True)
class Recipient:
    """One person's document. `reason` is the code of the rule or failure behind a state that asks for one; `at` the
    last thing that happened, None while nothing has. `answer` is the intent of the newest answer, None without one.
    `pages` (of the file, from 1) and `sheet_row` place a line without a name that did not leave. `resendable`: the text is still kept. `hopeless`: sending it again to this number would fail again."""

    id: UUID
    name: str
    staff_number: str
    phone: str
    channel: str
    state: str
    reason: str
    at: datetime | None
    answer: str | None
    resendable: bool
    hopeless: bool
    revocable: bool
    pages: tuple[int, ...] = ()
    sheet_row: int | None = None


@dataclass(frozen=True)
class RecipientPage:
    """`total` counts all that fit filter and search, `answered` and `on_paper` those of the whole batch."""

    recipients: Sequence[Recipient]
    total: int
    answered: int
    on_paper: int


def show_recipients(
    rt: Runtime, organisation_id: UUID, batch_id: UUID, *, state: str, query: str, offset: int, limit: int
) -> RecipientPage:
    """`state` is one of `watch.STAGES`, of COUNTED, ANSWERED, LEFT_OUT, or empty for all that left. Read only.

    Raises NotFound.
    """
    search = Search(query)
    with rt.read() as session:
        if batches.get(session, organisation_id, batch_id) is None:
            raise NotFound("batch_unknown", "this batch does not exist")
        left_out = read_left_out(session, rt.vault, batch_id)
        on_paper = len(to_print(left_out))
        if state == LEFT_OUT:
            found = [line for line in left_out if not search or search.finds(line.face)]
            shown = [_left_out(line) for line in found[offset : offset + limit]]
            return RecipientPage(shown, len(found), len(messages.answers_in(session, batch_id)), on_paper)
        answers = messages.answers_in(session, batch_id)
        lines = [
            line
            for line in watching.watched(session, batch_id)
            if line.state in RELEASED and _fits(line, state, answers)
        ]
        if search:
            opened = watching.documents(session, [line.document_id for line in lines])
            lines = [line for line in lines if search.finds(read_face(rt.vault, opened[line.document_id]))]
        page = lines[offset : offset + limit]
        documents = watching.documents(session, [line.document_id for line in page])
        newest = watching.messages(session, [line.message_id for line in page if line.message_id])
    return RecipientPage(
        [
            _recipient(
                rt,
                documents[line.document_id],
                newest[line.message_id] if line.message_id else None,
                _stage(line),
                answers.get(line.document_id),
            )
            for line in page
        ],
        len(lines),
        len(answers),
        on_paper,
    )


def _left_out(line: LeftOut) -> Recipient:
    return Recipient(
        id=line.id,
        name=line.face.name,
        staff_number=line.face.staff_number,
        phone=line.face.phone,
        channel="",
        state=LEFT_OUT,
        reason=reason_left_out(line),
        at=None,
        answer=None,
        resendable=False,
        hopeless=False,
        revocable=False,
        pages=line.pages,
        sheet_row=line.sheet_row,
    )


def _fits(line: watching.Watched, state: str, answers: Mapping[UUID, str]) -> bool:
    if state == ANSWERED:
        return line.document_id in answers
    if state in COUNTED:
        return is_counted(
            COUNTED[state],
            line.state,
            line.message_state,
            opened=line.opened,
            downloaded=line.downloaded,
            handed=line.handed,
        )
    return not state or _stage(line) == state


def _stage(line: watching.Watched) -> str:
    return stage(line.state, line.message_state, opened=line.opened, downloaded=line.downloaded)


def _recipient(
    rt: Runtime, document: Document, message: Message | None, at_stage: str, answer: str | None
) -> Recipient:
    face = read_face(rt.vault, document)
    moments = [document.opened_at, document.downloaded_at, document.revoked_at]
    if message is not None:
        moments += [message.finished_at or message.created_at]
    return Recipient(
        id=document.id,
        name=face.name,
        staff_number=face.staff_number,
        phone=face.phone,
        channel=message.channel if message else "",
        state=at_stage,
        reason=message.reason if message and at_stage in EXPLAINED else "",
        at=max((moment for moment in moments if moment is not None), default=None),
        answer=answer,
        hopeless=at_stage in FAILED and message is not None and message.reason in HOPELESS,
        resendable=(
            document.state == "sealed"
            and message is not None
            and message.state in RESENDABLE
            and message.reason not in HOPELESS
            and message.text_sealed is not None
            and message.expires_at > rt.now()
        ),
        revocable=document.state == "sealed",
    )
