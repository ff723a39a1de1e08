"""From a multipart request to a batch: each file is sealed while it arrives. Shared by the doors that take batches."""

from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Literal, cast
from uuid import UUID

from anyio import CancelScope, to_thread
from starlette.requests import Request

from app.core.errors import InvalidInput
from app.db.models import Batch
from app.runtime import Runtime
from app.usecases.batches.receive_batch import BatchIntake, BatchOptions, FileIntake
from app.web.uploads import Fields, FilePart, UploadLimits, read_upload

ROLES = ("documents", "people")


async def receive_upload(
    request: Request,
    rt: Runtime,
    organisation_id: UUID,
    actor: str,
    options_of: Callable[[Fields], BatchOptions],
    *,
    idempotency_key: str | None = None,
    before_files: Callable[[Fields], None] | None = None,
) -> Batch:
    """Read the files `documents` (one or more) and `people` and make a batch of them.

    `options_of` reads the other fields once the form is whole; `before_files` is that of `read_upload`. Whatever
    breaks the upload off, the sealed remains are deleted and no batch exists. Raises what `read_upload`, `BatchIntake`
    and the two functions raise, and InvalidInput for a file in another field.
    """
    received = await to_thread.run_sync(
        partial(_Received, rt, organisation_id, actor, idempotency_key=idempotency_key)
    )
    try:
        limits = UploadLimits(total_bytes=rt.policies.upload_bytes)
        upload = await read_upload(request, limits, received.open_sink, before_files)
        batch = await to_thread.run_sync(received.intake.commit, options_of(upload.fields))
    except BaseException as error:
        with CancelScope(shield=True):
            await to_thread.run_sync(received.undo, error)
        raise
    await to_thread.run_sync(received.close)
    return batch


class _Received:
    """The intake of one request and the file that is arriving."""

    def __init__(
        self, rt: Runtime, organisation_id: UUID, actor: str, *, idempotency_key: str | None
    ) -> None:
        self.intake = BatchIntake(rt, organisation_id, actor, idempotency_key=idempotency_key)
        self._open: _SealedFile | None = None

    def open_sink(self, part: FilePart) -> "_SealedFile":
        if part.field not in ROLES:
            raise InvalidInput(
                "file_field_unknown",
                "files go into the fields documents (one or more) and people (one); rename the field",
            )
        role = cast(Literal["documents", "people"], part.field)
        self._open = _SealedFile(self.intake.add_file(role, part.filename))
        return self._open

    def close(self) -> None:
        """An earlier batch may have answered for this upload; then what came in now is not needed."""
        self.intake.__exit__(None, None, None)

    def undo(self, error: BaseException) -> None:
        if self._open is not None:
            self._open.cut(error)
        self.intake.__exit__(type(error), error, error.__traceback__)


class _SealedFile:
    """A sink of `read_upload` that seals."""

    def __init__(self, file: FileIntake) -> None:
        self._file: FileIntake | None = file.__enter__()

    def write(self, piece: bytes) -> None:
        assert self._file is not None
        self._file.write(piece)

    def close(self) -> None:
        self._leave(None, None, None)

    def cut(self, error: BaseException) -> None:
        """Nothing more will come; does nothing for a file that is whole."""
        self._leave(type(error), error, error.__traceback__)

    def _leave(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.__exit__(kind, error, trace)
