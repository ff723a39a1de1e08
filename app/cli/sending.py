"""The HTTP conversation behind `pli send`. What people read goes to standard error; the batch's id to standard output."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from app.web.texts import Translator, choose_language, texts

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


def translator(locale: str) -> Translator:
    """Sentences in the language of a locale such as fr_FR.UTF-8; English when Pli does not speak it, or for none."""
    language = locale.partition(".")[0].replace("_", "-")
    return texts().translator(choose_language(accept_language=f"{language}, en;q=0.1" if language else "en"))


class Sending:
    """One conversation with the service; `t` is the language of the person. Raises PliError with what the service
    answered."""

    def __init__(self, url: str, api_key: str, t: Translator) -> None:
        headers = {"Authorization": f"Bearer {api_key}", "Accept-Language": t.lang}
        self._t = t
        self._key = ""
        self._screen = Console(stderr=True, highlight=False)
        try:
            self._http = httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT)
        except (httpx.InvalidURL, UnicodeError):
            raise _failure(t.plain("send.bad_address")) from None

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
        self._key = idempotency_key or uuid4().hex
        batch = self._upload(files, people, options)
        batch = self._wait(batch)
        review = self._ask("GET", f"/v1/batches/{batch['id']}/review")
        self._show(batch, review)
        ready = batch["state"] == "in_review" and not review["blocking"]
        if dry_run:
            self._ask("POST", f"/v1/batches/{batch['id']}/cancel")
            self._screen.print(self._t.plain("send.dry_run"))
        elif not ready:
            self._screen.print(
                f"[yellow]{self._t.plain('send.nothing_sent')}[/] {_next_step(batch, self._t)}"
            )
        elif release:
            batch = self._ask("POST", f"/v1/batches/{batch['id']}/release")
            self._screen.print(f"[green]{self._t.plain('send.released')}[/]")
        else:
            self._screen.print(self._t.plain("send.ready", url=batch["review_url"]))
        print(batch["id"], file=sys.stdout, flush=True)
        return RELEASABLE if ready else BLOCKED

    def _upload(self, files: Sequence[Path], people: Path, options: Options) -> dict[str, Any]:
        form = Form(files, people, options, uuid4().hex)
        columns = (
            TextColumn(self._t.plain("send.uploading")),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._screen) as bar:
            total = sum(path.stat().st_size for path in [*files, people])
            task = bar.add_task("upload", total=total)
            headers = {**form.headers, "Idempotency-Key": self._key}
            body = form.body(lambda size: bar.advance(task, size))
            return self._ask("POST", "/v1/batches", content=body, headers=headers)

    def _wait(self, batch: dict[str, Any]) -> dict[str, Any]:
        with self._screen.status(self._t.plain("send.reading")) as status:
            while batch["state"] in WORKING:
                time.sleep(POLL_SECONDS)
                batch = self._ask("GET", f"/v1/batches/{batch['id']}")
                if stalled := batch["stalled"]:
                    raise _failure(
                        self._t.plain(
                            "send.stalled",
                            batch=batch["id"],
                            message=stalled["message"],
                            code=stalled["code"],
                        )
                    )
                status.update(how_far(batch, self._t))
        return batch

    def _ask(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        try:
            response = self._http.request(method, path, **how)
        except httpx.HTTPError as error:
            raise _failure(unreachable(str(self._http.base_url), self._key, error, self._t)) from None
        try:
            answer = dict(response.json())
        except (ValueError, TypeError):
            raise _failure(
                self._t.plain("send.not_pli", url=self._http.base_url, status=str(response.status_code))
            ) from None
        if response.is_success:
            return answer
        raise _failure(refusal(answer, self._t))

    def _show(self, batch: dict[str, Any], review: dict[str, Any]) -> None:
        table = Table(title=escape(batch["title"]))
        table.add_column(self._t.plain("send.verdict"))
        table.add_column(self._t.plain("send.lines"), justify="right")
        for verdict, count in review["counts"].items():
            table.add_row(self._t.plain(f"send.of.{verdict}"), str(count))
        self._screen.print(table)
        for finding in review["findings"]:
            colour = COLOURS[finding["severity"]]
            said = escape(f"{finding['subject']}: {finding['message']}")
            self._screen.print(f"[{colour}]{self._t.plain('send.severity.' + finding['severity'])}[/] {said}")
        for finding in review["batch_findings"]:
            said = self._t.plain("send.whole_batch", message=finding["message"])
            key = f"send.waits_for.{finding['code']}"
            what_to_do = f" {self._t.plain(key)}" if self._t.has(key) else ""
            self._screen.print(
                f"[red]{self._t.plain('send.severity.blocking')}[/] {escape(said + what_to_do)}"
            )


def unreachable(url: str, key: str, error: httpx.HTTPError, t: Translator) -> str:
    """What broke the conversation, and what to do about it; `key` makes repeating safe."""
    if isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout):
        kind = "slow"
    elif isinstance(error, httpx.ReadError | httpx.WriteError | httpx.RemoteProtocolError):
        kind = "cut"
    else:
        kind = "unreachable"
    return t.plain(f"send.network.{kind}", url=url, again=key, code=type(error).__name__)


def refusal(problem: Mapping[str, Any], t: Translator) -> str:
    """A problem document as one sentence, in the person's language where the screens have one for its code."""
    code, key = str(problem.get("code")), f"errors.{problem.get('code')}"
    detail = t.plain(key, detail="") if t.has(key) else str(problem.get("detail"))
    fields = [f"{entry['pointer']}: {entry['detail']}" for entry in problem.get("errors", ())]
    return "; ".join([t.plain("send.refused", title=problem.get("title"), code=code, detail=detail), *fields])


def how_far(batch: dict[str, Any], t: Translator) -> str:
    """What the service says of its reading, as far as it says anything."""
    done, total = batch["pages_read"], batch["page_count"]
    if total:
        return t.plain("send.reading_pages", done=done, total=total)
    return t.plain_plural("send.reading_so_far", done) if done else t.plain("send.reading")


def _next_step(batch: dict[str, Any], t: Translator) -> str:
    failure = batch["failure"]
    if batch["state"] == "failed" and failure:
        key = f"errors.{failure['code']}"
        why = t.plain(key, detail=failure["detail"]) if t.has(key) else failure["message"]
        return f"{t.plain('send.unusable')} {escape(why)}"
    return t.plain(
        "send.columns" if batch["state"] == "needs_mapping" else "send.settle", url=batch["review_url"]
    )


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
