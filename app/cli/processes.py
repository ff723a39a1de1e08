"""The long-running processes: how they begin, and how they end within a few seconds when asked to."""

import os
import socket
import sys
from collections.abc import Callable

import uvicorn

from app import wiring
from app.cli.connections import KEEP_ALIVE_SECONDS, TimedProtocol, connection_limit, raise_file_limit
from app.cli.stopping import StopRequest
from app.core import log
from app.core.errors import InvalidInput
from app.main import create_app
from app.settings import Settings
from app.wiring import Application
from app.worker import Worker

REQUEST_SECONDS = 2
JOB_SECONDS = 2.0
LOOK_EVERY_SECONDS = 0.2
# Called once the worker works and before the first request is answered.
Ready = Callable[[Application, StopRequest], None]


def run_service(
    settings: Settings, *, work: bool = True, log_level: str = "INFO", ready: Ready | None = None
) -> None:
    """Serve until SIGINT or SIGTERM. Raises InvalidInput when the port is taken."""
    log.set_up(log_level)
    listener = _listen(settings.host, settings.port)
    application = wiring.build(settings)
    server = uvicorn.Server(configuration(settings, application))
    # While it serves, uvicorn has handlers of its own; this one is for a signal that comes just before.
    stop = StopRequest(lambda: setattr(server, "should_exit", True))
    stop.listen()
    worker = Worker(application) if work else None
    if worker:
        worker.start()
    try:
        if ready:
            ready(application, stop)
        print(f"pli: serving at {settings.public}", file=sys.stderr, flush=True)
        server.run(sockets=[listener])
    finally:
        _leave(application, worker)


def run_worker(settings: Settings) -> None:
    """Work on jobs until SIGINT or SIGTERM."""
    log.set_up()
    stop = StopRequest()
    stop.listen()
    application = wiring.build(settings)
    worker = Worker(application)
    worker.start()
    try:
        print("pli: working", file=sys.stderr, flush=True)
        while not stop.pause(LOOK_EVERY_SECONDS):
            pass
    finally:
        _leave(application, worker)


def configuration(settings: Settings, application: Application) -> uvicorn.Config:
    """Of the HTTP server, once this process may open as many files as the system grants."""
    return uvicorn.Config(
        create_app(settings, application),
        loop="uvloop",
        http=TimedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=connection_limit(raise_file_limit()),
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=REQUEST_SECONDS,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise InvalidInput(
            "address_unusable",
            f"cannot listen on {host} port {port} ({os.strerror(error.errno or 0)}). Stop the program that uses it, or choose "
            "another with PORT or PLI_PORT.",
        ) from None


def _leave(application: Application, worker: Worker | None) -> None:
    failing = sys.exc_info()[0] is not None
    if worker is None or worker.stop(JOB_SECONDS) or failing:
        application.close()
        return
    # A job still runs on a thread that would hold the interpreter; it is taken up again at the next start.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
