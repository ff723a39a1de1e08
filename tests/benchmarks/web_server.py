"""The server that `web_rates` measures: Pli and a bare application side by side, in one process of uvicorn.

Run as `python -m tests.benchmarks.web_server FOLDER PEOPLE`. It releases a payroll with a password for each person,
writes its port and the links with their passwords to standard output as one line of JSON, and serves until standard
input ends. Settings of uvicorn and of the log are those of `pli serve`; the log goes nowhere.
"""

import json
import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.core import log
from app.crypto.envelope import OutboxPlace
from app.db.models import Message
from app.documents.sample_payroll import make_sample
from app.main import create_app
from app.runtime import Runtime
from app.settings import Settings
from app.usecases.batches.receive_batch import BatchOptions
from app.usecases.batches.release_batch import release_batch
from links.text import LinkText, parse
from tests.pipeline import Pipeline, pipeline

ARGON2 = 1


def main() -> None:
    """Serve until the parent closes the pipe."""
    folder, people = Path(sys.argv[1]), int(sys.argv[2])
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    port = listener.getsockname()[1]
    with pipeline(folder, port=port) as house, Path(os.devnull).open("w") as nowhere:
        log.set_up(stream=nowhere)
        links = _release(house, people)
        product = create_app(Settings(data_dir=folder, port=port), house.application)
        bare = _bare(house.rt)

        async def both(scope: Any, receive: Any, send: Any) -> None:
            application = bare if scope.get("path", "").startswith("/bare/") else product
            await application(scope, receive, send)

        server = uvicorn.Server(
            uvicorn.Config(
                both,
                loop="uvloop",
                http="httptools",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
            )
        )
        threading.Thread(target=_stop_with_parent, args=(server,), daemon=True).start()
        sys.stdout.write(json.dumps({"port": port, "process": os.getpid(), "links": links}) + "\n")
        sys.stdout.flush()
        server.run(sockets=[listener])


def _stop_with_parent(server: uvicorn.Server) -> None:
    sys.stdin.buffer.read()
    server.should_exit = True


def _bare(rt: Runtime) -> Starlette:
    """What the same server can do at best: a page that says hello, and Argon2 in the same pool with nothing around."""

    async def hello(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    async def argon2(request: Request) -> PlainTextResponse:
        password = await request.body()
        key = await run_in_threadpool(rt.passwords.derive, password, bytes(16), ARGON2)
        return PlainTextResponse(key.hex())

    return Starlette(routes=[Route("/bare/hello", hello), Route("/bare/argon2", argon2, methods=["POST"])])


def _release(house: Pipeline, people: int) -> list[dict[str, str]]:
    """A released payroll: ref, secret and password of each link."""
    sample = make_sample(1, house.rt.now().date().replace(day=1), people=people)
    batch = house.receive(
        {"bulletins.pdf": sample.pdf},
        ("effectif.xlsx", sample.sheet_xlsx),
        BatchOptions(password_policy="sheet"),
    )
    house.run("split_batch")
    with house.rt.begin() as session:
        session.execute(sa.text("UPDATE document SET state = 'excluded' WHERE findings LIKE '%blocking%'"))
    release_batch(house.rt, house.organisation.id, batch.id, "clerk")
    house.run("announce_block")
    codes = {"+33" + person.phone.replace(" ", "")[1:]: person.access_code for person in sample.people}
    with house.rt.read() as session:
        messages = session.scalars(sa.select(Message)).all()
    return [_link(house.rt, message, codes) for message in messages]


def _link(rt: Runtime, message: Message, codes: dict[str, str]) -> dict[str, str]:
    place = OutboxPlace(message.organisation_id, message.id, message.link_id, "sms", message.outbox_day)
    link = parse(rt.vault.envelope.open_text(place, message.text_sealed or b""))
    assert isinstance(link, LinkText)
    phone = rt.vault.columns.open_column(
        message.organisation_id, "message", "to", message.id, message.to_sealed
    )
    return {"ref": link.ref, "secret": link.secret, "password": codes[phone]}


if __name__ == "__main__":
    main()
