"""create_app(): mount the doors on one application; no logic."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse

from app.settings import Settings
from app.web import api, callbacks, console, health, recipient, simulator
from app.web.deps import WebConfig, attach, parse_networks
from app.web.problems import Answers, boundary, install
from app.web.security import stack
from app.web.static_files import STATIC, StaticFiles
from app.wiring import MB, Application


def create_app(settings: Settings, application: Application) -> FastAPI:
    """The HTTP service: console, API, recipient's pages, carriers' callbacks, simulator and static files."""
    answers = Answers(console=console.error_page, recipient=recipient.error_page)
    app = FastAPI(
        title="Pli",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        middleware=stack(
            boundary(answers),
            public_url=settings.public,
            link_url=settings.links,
            allowed_hosts=[host.strip() for host in settings.allowed_hosts.split(",") if host.strip()],
            upload_bytes=settings.upload_max_mb * MB,
        ),
    )
    install(app, answers)
    attach(
        app,
        application.runtime,
        WebConfig(settings.public, settings.links, parse_networks(settings.trusted_proxies)),
    )
    app.state.phones = application.phones
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.include_router(health.router)
    app.include_router(console.router)
    app.include_router(api.router)
    app.include_router(simulator.router)
    app.include_router(callbacks.router)

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    def home(_request: Request) -> RedirectResponse:
        return RedirectResponse("/app", status_code=302)

    # Last: its /{ref} would take every short path. A ref itself looks like no other address, and is most of the traffic.
    app.include_router(recipient.router)
    app.router.routes.insert(0, recipient.first_page)
    return app
