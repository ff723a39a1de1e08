"""The HTTP conversation behind `pli send`. What people read goes to standard error; the batch's id to standard output."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from app.core.errors import PliError

RELEASABLE, BLOCKED = 0, 3
CHUNK = 256 * 1024
POLL_SECONDS = 0.5
END_OF_PART = b"\r\n"
WORKING = frozenset({"received", "splitting"})
COLOURS = {"blocking": "red", "warning": "yellow", "info": "dim"}
_NOT_IN_A_HEADER = str.maketrans({"\\": "_", '"': "'", "\r": " ", "\n": " "})
# Reading a large payroll may keep the service busy between two answers.
TIMEOUT = httpx.Timeout(30, read=300, write=300)


@dataclass(frozen=True)
class Options:
    """What the service is told of the batch; empty values are left to the organisation's settings."""

    title: str
    period: str = ""
    expires_on: str = ""
    password_policy: str = ""

    def to_json(self) -> str:
        """The form field `options`."""
        return json.dumps({name: value for name, value in asdict(self).items() if value})


class Sending:
    """One conversation with the service. Raises PliError with what the service answered."""

    def __init__(self, url: str, api_key: str) -> None:
        headers = {"Authorization": f"Bearer {api_key}"}
        self._screen = Console(stderr=True, highlight=False)
        try:
            self._http = httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT)
        except (httpx.InvalidURL, UnicodeError):
            raise _failure(
                "the address or the API key cannot be used as they are; check PLI_URL and PLI_API_KEY"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def run(
        self,
        files: Sequence[Path],
        people: Path,
        options: Options,
        *,
        idempotency_key: str,
        dry_run: bool,
        release: bool,
    ) -> int:
        """Upload, wait, show, then release or cancel as asked. The exit status."""
        batch = self._upload(files, people, options, idempotency_key or uuid4().hex)
        batch = self._wait(batch)
        review = self._ask("GET", f"/v1/batches/{batch['id']}/review")
        self._show(batch, review)
        ready = batch["state"] == "in_review" and not review["blocking"]
        if dry_run:
            self._ask("POST", f"/v1/batches/{batch['id']}/cancel")
            self._screen.print("Dry run: the batch is cancelled and nothing was sent.")
        elif not ready:
            self._screen.print(f"[yellow]Nothing was sent.[/] {_next_step(batch)}")
        elif release:
            batch = self._ask("POST", f"/v1/batches/{batch['id']}/release")
            self._screen.print("[green]Released.[/]")
        else:
            self._screen.print(f"Nothing blocks. Review and release: {batch['review_url']}")
        print(batch["id"], file=sys.stdout, flush=True)
        return RELEASABLE if ready else BLOCKED

    def _upload(
        self, files: Sequence[Path], people: Path, options: Options, idempotency_key: str
    ) -> dict[str, Any]:
        form = Form(files, people, options, uuid4().hex)
        columns = (TextColumn("Uploading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self._screen) as bar:
            total = sum(path.stat().st_size for path in [*files, people])
            task = bar.add_task("upload", total=total)
            headers = {**form.headers, "Idempotency-Key": idempotency_key}
            body = form.body(lambda size: bar.advance(task, size))
            return self._ask("POST", "/v1/batches", content=body, headers=headers)

    def _wait(self, batch: dict[str, Any]) -> dict[str, Any]:
        with self._screen.status("Reading and matching"):
            while batch["state"] in WORKING:
                time.sleep(POLL_SECONDS)
                batch = self._ask("GET", f"/v1/batches/{batch['id']}")
                if stalled := batch["stalled"]:
                    raise _failure(f"batch {batch['id']}: {stalled['message']} (code {stalled['code']})")
        return batch

    def _ask(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        try:
            response = self._http.request(method, path, **how)
        except httpx.HTTPError as error:
            raise _failure(
                f"{self._http.base_url} cannot be reached ({type(error).__name__}); is Pli running there, and is "
                "PLI_URL right?"
            ) from None
        if response.is_success:
            return dict(response.json())
        try:
            problem = dict(response.json())
        except ValueError:
            raise _failure(
                f"{self._http.base_url} answered {response.status_code}, not as Pli does; check PLI_URL"
            ) from None
        fields = [f"{entry['pointer']}: {entry['detail']}" for entry in problem.get("errors", ())]
        raise _failure(
            "; ".join([f"{problem.get('title')} ({problem.get('code')}): {problem.get('detail')}", *fields])
        )

    def _show(self, batch: dict[str, Any], review: dict[str, Any]) -> None:
        table = Table(title=escape(batch["title"]))
        table.add_column("Verdict")
        table.add_column("Lines", justify="right")
        for verdict, count in review["counts"].items():
            table.add_row(verdict, str(count))
        self._screen.print(table)
        for finding in review["findings"]:
            colour = COLOURS[finding["severity"]]
            said = escape(f"{finding['subject']}: {finding['message']}")
            self._screen.print(f"[{colour}]{finding['severity']}[/] {said}")
        for code in review["batch_blockers"]:
            self._screen.print(f"[red]blocking[/] whole batch: {code}")


def _next_step(batch: dict[str, Any]) -> str:
    failure = batch["failure"]
    if batch["state"] == "failed" and failure:
        return f"The files cannot be used. {escape(failure['message'])}"
    if batch["state"] == "needs_mapping":
        return f"Say which column is which: {batch['review_url']}"
    return f"Settle what blocks: {batch['review_url']}"


@dataclass(frozen=True)
class Form:
    """A multipart form as a stream, so that a large payroll is never held in memory. Its length is known beforehand, so
    that a service that takes less refuses at once."""

    files: Sequence[Path]
    people: Path
    options: Options
    boundary: str

    @property
    def headers(self) -> dict[str, str]:
        """Kind and length of the body."""
        heads = sum(len(head) + path.stat().st_size + len(END_OF_PART) for head, path in self._parts())
        length = len(self._first()) + heads + len(self._last())
        return {
            "Content-Type": f"multipart/form-data; boundary={self.boundary}",
            "Content-Length": str(length),
        }

    def body(self, advance: Callable[[int], None]) -> Iterator[bytes]:
        """The bytes; `advance` is told how many of the files have gone."""
        yield self._first()
        for head, path in self._parts():
            yield head
            with path.open("rb") as source:
                while chunk := source.read(CHUNK):
                    advance(len(chunk))
                    yield chunk
            yield END_OF_PART
        yield self._last()

    def _first(self) -> bytes:
        head = f'--{self.boundary}\r\nContent-Disposition: form-data; name="options"\r\n\r\n'
        return head.encode() + self.options.to_json().encode() + END_OF_PART

    def _parts(self) -> Iterator[tuple[bytes, Path]]:
        for field, path in [("people", self.people), *(("documents", path) for path in self.files)]:
            name = path.name.translate(_NOT_IN_A_HEADER)
            head = (
                f'--{self.boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
                "Content-Type: application/octet-stream\r\n\r\n"
            )
            yield head.encode(errors="replace"), path

    def _last(self) -> bytes:
        return f"--{self.boundary}--\r\n".encode()


def _failure(text: str) -> PliError:
    return PliError("send_failed", text)
