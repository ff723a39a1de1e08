"""Take an upload in: every file is sealed while it arrives, then the batch, its job and its journal commit together.

Nothing clear is ever written. If the upload breaks off, the sealed remains are deleted and no batch exists.
"""

import hashlib
import json
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from types import TracebackType
from typing import Literal, Self
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from app.core.errors import Conflict, InvalidInput, NotFound, TooLarge
from app.core.jobs import Job
from app.crypto.epochs import EpochName, day_of
from app.crypto.records import RecordSealer
from app.crypto.tokens import new_key
from app.db.blob_mark import claim_blobs
from app.db.models import Batch, Organisation, Upload
from app.db.queries import batches, journal, keys, organisations
from app.evidence.tags import Tag
from app.runtime import Runtime
from links.errors import LinkError
from links.policy import terms

REVIEW_TIME = timedelta(days=7)
# Objects that no row points to are deleted after a day (`operations/delete_strays.py`).
LONGEST_UPLOAD = timedelta(hours=12)
PASSWORD_POLICIES = ("sheet", "generated", "usual", "none")
CHANNELS = ("rcs", "sms")
Role = Literal["documents", "people"]


@dataclass(frozen=True)
class BatchOptions:
    """What the clerk chose. Empty values mean the organisation's own."""

    title: str = ""
    period: str = ""
    expires_on: str = ""
    password_policy: str = ""
    channels: tuple[str, ...] = ()


class EmptyFiles(InvalidInput):
    """Files without a byte: the field each came in, and its name for whoever chose it. The sentence names none."""

    def __init__(self, files: Sequence[tuple[str, str]]) -> None:
        roles = " and ".join(sorted({role for role, _ in files}))
        super().__init__("file_empty", f"a file in {roles} is empty; save it again and retry")
        self.files = tuple(files)


class BatchIntake:
    """One upload under way. Use as a context manager: leaving it without `commit` undoes everything."""

    def __init__(
        self, rt: Runtime, organisation_id: UUID, actor: str, *, idempotency_key: str | None = None
    ) -> None:
        self._rt = rt
        self._actor = actor
        self._now = rt.now()
        self._batch_id = uuid4()
        self._key = idempotency_key
        self._uploads: list[Upload] = []
        self._names: dict[UUID, str] = {}
        self._total = 0
        self._committed = False
        self._digest = hashlib.sha256()
        self._day = day_of(self._now + REVIEW_TIME)
        self._review = rt.vault.envelope.new_review_box(organisation_id, self._batch_id, self._day)
        with rt.read() as session:
            organisation = organisations.get(session, organisation_id)
        if organisation is None:
            raise NotFound("organisation_unknown", "this organisation does not exist")
        self._organisation: Organisation = organisation
        # While the store is empty, so that what this upload leaves can be told from what another database wrote.
        claim_blobs(rt.database, rt.blobs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._committed:
            for upload in self._uploads:
                self._rt.blobs.delete(upload.blob_key)

    def add_file(self, role: Role, name: str) -> "FileIntake":
        """Begin the next file of the upload."""
        upload = Upload(
            id=uuid4(),
            organisation_id=self._organisation.id,
            batch_id=self._batch_id,
            role=role,
            position=len(self._uploads),
            name_sealed=b"",
            size=0,
            content_index=b"",
            blob_key=f"uploads/{self._batch_id.hex}/{len(self._uploads)}",
        )
        upload.name_sealed = self._rt.vault.columns.seal_column(
            upload.organisation_id, "upload", "name", upload.id, name[:200]
        )
        self._uploads.append(upload)
        self._names[upload.id] = name
        return FileIntake(self._rt, self, upload)

    def spend(self, size: int) -> None:
        """Count bytes against the limit of the whole upload."""
        self._total += size
        if self._total > self._rt.policies.upload_bytes:
            limit = self._rt.policies.upload_bytes // (1024 * 1024)
            raise TooLarge(
                "upload_too_large", f"an upload may hold {limit} MB; split it into several batches"
            )

    def finished(self, upload: Upload, digest: bytes, key: bytes) -> None:
        """A file is whole and sealed: wrap its key under the batch's review key."""
        upload.content_index = self._rt.vault.columns.content_index(digest)
        upload.key_wrapped = self._review.seal(upload.id, "upload-key", key)
        self._digest.update(upload.role.encode() + digest)

    def commit(self, options: BatchOptions) -> Batch:
        """Create the batch, or return the one that the same idempotency key created before.

        Raises InvalidInput for options that do not fit or an upload that took too long, Conflict when the key was used
        for another upload.
        """
        self._check_files()
        if self._rt.now() - self._now > LONGEST_UPLOAD:
            raise InvalidInput(
                "upload_too_slow", "the upload took more than 12 hours; send it again over a faster line"
            )
        options = _checked(options, self._organisation, self._now)
        self._digest.update(json.dumps(asdict(options), sort_keys=True).encode())
        request_hash = self._digest.digest()
        self._rt.blobs.sync([upload.blob_key for upload in self._uploads])
        with self._rt.begin() as session:
            organisations.lock(session, self._organisation.id)
            if self._key and (
                earlier := batches.by_idempotency_key(session, self._organisation.id, self._key)
            ):
                if earlier.request_hash != request_hash:
                    raise Conflict(
                        "idempotency_key_reused", "this idempotency key was used for another upload"
                    )
                return earlier
            contents = [upload.content_index for upload in self._uploads if upload.role == "documents"]
            same = batches.with_same_files(session, self._organisation.id, contents, self._now)
            batch = Batch(
                id=self._batch_id,
                organisation_id=self._organisation.id,
                title=options.title
                or self._now.astimezone(ZoneInfo(self._organisation.timezone)).strftime("%Y-%m-%d"),
                period=options.period,
                state="received",
                expires_on=options.expires_on,
                password_policy=options.password_policy,
                profile=self._organisation.profile,
                channels=list(options.channels),
                review_day=self._day,
                release_before=self._now + REVIEW_TIME,
                idempotency_key=self._key,
                request_hash=request_hash,
                same_files_as=same.id if same else None,
                created_by=self._actor,
                created_at=self._now,
            )
            session.add(batch)
            session.flush()
            session.add_all(self._uploads)
            keys.remember_epochs(session, self._rt.vault.epochs, [EpochName.out(self._day)])
            journal.append(
                session,
                self._rt.vault,
                batch.organisation_id,
                [
                    journal.Entry(
                        Tag.BATCH_RECEIVED, batch.id, {"files": len(self._uploads), "by": self._actor}
                    )
                ],
                self._now,
            )
            self._rt.jobs.enqueue(
                session,
                Job("split_batch", f"{batch.id}:0", (str(batch.id),), partition=str(batch.organisation_id)),
            )
        self._committed = True
        return batch

    def _check_files(self) -> None:
        roles = [upload.role for upload in self._uploads]
        if roles.count("people") != 1:
            raise InvalidInput("people_sheet_missing", "give one people sheet (.xlsx, .xls, .ods or .csv)")
        if "documents" not in roles:
            raise InvalidInput("documents_missing", "give at least one PDF or ZIP of PDFs")
        if any(upload.size == 0 for upload in self._uploads):
            empty = [(upload.role, self._names[upload.id]) for upload in self._uploads if upload.size == 0]
            raise EmptyFiles(empty)


class FileIntake:
    """One file of an upload: within the block `write` its bytes as they come. The end of the block seals the last
    record; leaving it by an exception leaves nothing."""

    def __init__(self, rt: Runtime, intake: BatchIntake, upload: Upload) -> None:
        self._intake = intake
        self._upload = upload
        self._key = new_key()
        self._sealer = RecordSealer(self._key, upload.organisation_id, upload.id)
        self._digest = hashlib.sha256()
        self._object = rt.blobs.open_writer(upload.blob_key)

    def __enter__(self) -> Self:
        self._blob = self._object.__enter__()
        return self

    def write(self, data: bytes) -> None:
        """Seal and store some bytes. Raises TooLarge past the limit of the upload."""
        self._intake.spend(len(data))
        self._digest.update(data)
        self._upload.size += len(data)
        self._blob.write(self._sealer.update(data))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._blob.write(self._sealer.finish())
        self._object.__exit__(kind, error, trace)
        if kind is None:
            self._intake.finished(self._upload, self._digest.digest(), self._key)


def _checked(options: BatchOptions, organisation: Organisation, now: datetime) -> BatchOptions:
    policy = options.password_policy or organisation.password_policy
    if policy not in PASSWORD_POLICIES:
        raise InvalidInput("password_policy_unknown", f"choose one of {', '.join(PASSWORD_POLICIES)}")
    if policy == "usual" and organisation.profile == "strict":
        raise InvalidInput(
            "usual_needs_standard", "the strict profile keeps no password; give codes in the sheet"
        )
    channels = options.channels or (("rcs", "sms") if organisation.rcs_enabled else ("sms",))
    if not channels or any(channel not in CHANNELS for channel in channels):
        raise InvalidInput("channels_unknown", "channels are rcs and sms")
    try:
        until = date.fromisoformat(options.expires_on) if options.expires_on else None
    except ValueError:
        raise InvalidInput("date_format", "write the last day of the links as 2026-12-31") from None
    if options.period and not _is_month(options.period):
        raise InvalidInput("period_format", "write the period as 2026-10")
    try:
        terms(
            organisations.link_policy(organisation),
            password=policy != "none",
            until=until,
            zone=ZoneInfo(organisation.timezone),
            now=now,
        )
    except LinkError as error:
        raise InvalidInput(error.code, error.message) from None
    return BatchOptions(
        title=_one_line(options.title)[:120],
        period=options.period,
        expires_on=options.expires_on,
        password_policy=policy,
        channels=tuple(dict.fromkeys(channels)),
    )


def _one_line(text: str) -> str:
    """Without line breaks, control characters and marks that turn the direction of a text."""
    shown = (c if unicodedata.category(c)[0] != "C" else " " for c in text)
    return " ".join("".join(shown).split())


def _is_month(text: str) -> bool:
    try:
        date.fromisoformat(f"{text}-01")
    except ValueError:
        return False
    return len(text) == 7
