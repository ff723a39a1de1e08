"""`pli send`: give a payroll to a running Pli over HTTP, show the review, and release it when asked."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

EXIT_BLOCKED = 3
CHUNK = 256 * 1024
WORKING = frozenset({"received", "splitting"})

console = Console(stderr=True)


def send(
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="One merged PDF, PDFs, or a ZIP.")
    ],
    people: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="Who gets what: .xlsx, .xls, .ods, .csv.")
    ],
    title: Annotated[
        str, typer.Option(help="Name of the batch; by default the name of the first file.")
    ] = "",
    period: Annotated[str, typer.Option(help="Month of the payslips, as 2026-10.")] = "",
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day of the links.")
    ] = None,
    password: Annotated[
        str, typer.Option(help="sheet, generated, usual or none; by default the organisation's.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the review, then cancel the batch.")
    ] = False,
    release: Annotated[bool, typer.Option("--release", help="Release when nothing blocks.")] = False,
    url: Annotated[
        str, typer.Option(envvar="PLI_URL", help="Address of the service.")
    ] = "http://localhost:8000",
    api_key: Annotated[str, typer.Option(envvar="PLI_API_KEY", help="API key.", show_default=False)] = "",
) -> None:
    """Upload documents and their people sheet. Exit status 3 means that something blocks the release."""
    if not api_key:
        console.print("[red]No API key.[/] Set PLI_API_KEY, or create a key with `pli client create`.")
        raise typer.Exit(2)
    options: dict[str, Any] = {"title": title or files[0].stem, "period": period}
    if until:
        options["expires_on"] = until.date().isoformat()
    if password:
        options["password_policy"] = password
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {api_key}"}, timeout=120) as http:
        batch = _upload(http, files, people, options)
        batch = _wait_until(http, batch, WORKING, "Reading and matching")
        review = _answer(http.get(f"/v1/batches/{batch['id']}/review"))
        _show(batch, review)
        if dry_run:
            _answer(http.post(f"/v1/batches/{batch['id']}/cancel"))
            console.print("Dry run: the batch was cancelled and nothing was sent.")
            raise typer.Exit(EXIT_BLOCKED if review["blocking"] else 0)
        if batch["state"] != "in_review" or review["blocking"]:
            console.print(f"[yellow]Nothing was sent.[/] Look at the review: {batch['review_url']}")
            raise typer.Exit(EXIT_BLOCKED)
        if release:
            _answer(http.post(f"/v1/batches/{batch['id']}/release"))
            console.print("[green]Released.[/]")
        else:
            console.print(f"Ready to release: {batch['review_url']}")
    typer.echo(batch["id"])


def _upload(http: httpx.Client, files: list[Path], people: Path, options: dict[str, Any]) -> dict[str, Any]:
    total = sum(path.stat().st_size for path in [*files, people])
    columns = (TextColumn("Uploading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar, ExitStack() as stack:
        task = bar.add_task("upload", total=total)
        boundary = uuid4().hex
        body = _multipart(boundary, files, people, options, lambda done: bar.advance(task, done), stack)
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Idempotency-Key": uuid4().hex,
        }
        return _answer(http.post("/v1/batches", content=body, headers=headers))


def _multipart(
    boundary: str,
    files: list[Path],
    people: Path,
    options: dict[str, Any],
    advance: Any,
    stack: ExitStack,
) -> Iterator[bytes]:
    """The form as a stream, so that a large payroll is never held in memory."""
    yield (
        f'--{boundary}\r\nContent-Disposition: form-data; name="options"\r\n\r\n{json.dumps(options)}\r\n'
    ).encode()
    for field, path in [("people", people), *(("documents", path) for path in files)]:
        name = path.name.replace('"', "'").replace("\r", " ").replace("\n", " ")
        yield (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        source = stack.enter_context(path.open("rb"))
        while chunk := source.read(CHUNK):
            advance(len(chunk))
            yield chunk
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def _wait_until(
    http: httpx.Client, batch: dict[str, Any], states: frozenset[str], label: str
) -> dict[str, Any]:
    with console.status(label):
        while batch["state"] in states:
            time.sleep(0.5)
            batch = _answer(http.get(f"/v1/batches/{batch['id']}"))
    return batch


def _answer(response: httpx.Response) -> dict[str, Any]:
    if response.is_success:
        return dict(response.json())
    try:
        problem = response.json()
        text = f"{problem.get('title', '')} {problem.get('detail', '')}".strip()
    except ValueError:
        text = f"The service answered {response.status_code}."
    console.print(f"[red]{text}[/]", highlight=False)
    raise typer.Exit(1)


def _show(batch: dict[str, Any], review: dict[str, Any]) -> None:
    table = Table(title=batch["title"])
    table.add_column("Verdict")
    table.add_column("Lines", justify="right")
    for verdict, count in review["counts"].items():
        table.add_row(verdict, str(count))
    console.print(table)
    for finding in review["findings"]:
        colour = {"blocking": "red", "warning": "yellow"}.get(finding["severity"], "default")
        console.print(
            f"[{colour}]{finding['severity']}[/] {finding['subject']}: {finding['message']}", highlight=False
        )
