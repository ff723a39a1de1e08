"""A real browser against a running service. Every page is watched: an error on the console, an exception or a report
of the content security policy fails the test.

In CI a missing browser is a failure; elsewhere a visible skip (see tools/browser.py).
"""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from app.carriers.simulated.network import SimulatorLoop
from app.usecases.accounts.create_user import create_user
from tests.web.live import LOGIN, Letter, Live, live_house, record
from tools.browser import find

Open = Callable[..., Page]
OWNER = "direction@exemple.test"


def log_in_as_owner(page: Page) -> None:
    """As somebody who may decide everything, by the form."""
    page.goto("/app/login")
    page.fill("input[name=email]", OWNER)
    page.fill("input[name=password]", LOGIN)
    page.click("button:has-text('Se connecter')")
    page.wait_for_url("**/app/batches")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    found = find()
    if found is None:
        reason = "no Chromium here: run python tools/browser.py"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return {**browser_type_launch_args, **found.launch_options()}


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A service whose simulated network runs by itself."""
    with live_house(tmp_path_factory.mktemp("live")) as running:
        running.letter()
        loop = SimulatorLoop(
            running.house.application.network, lambda event: record(running.rt, event), running.clock
        )
        loop.start()
        create_user(
            running.rt,
            running.house.organisation.id,
            email=OWNER,
            name="Dominique Exemple",
            password=LOGIN,
            role="owner",
            language="fr",
            actor="operator",
            now=running.rt.now(),
        )
        yield running
        loop.stop()


@pytest.fixture
def letter(live: Live) -> Letter:
    """A letter that no other test has touched."""
    return live.letter()


@pytest.fixture
def open_page(browser: Browser, playwright: Playwright, live: Live) -> Iterator[Open]:
    """`open_page(device, **options)`: a page of a fresh browser in a network of its own, and watched. `device` is a
    Playwright preset, or a width in pixels."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def start(device: str | int = "iPhone 14", **options: Any) -> Page:
        settings: dict[str, Any] = {"viewport": {"width": device, "height": 844}}
        if isinstance(device, str):
            settings = dict(playwright.devices[device])
            settings.pop("default_browser_type", None)
        client = live.client()
        settings |= {
            "base_url": live.base,
            "locale": "fr-FR",
            "extra_http_headers": network_of(client.headers),
        }
        context = browser.new_context(**{**settings, **options})
        context.on("page", lambda page: watch(page, complaints))
        contexts.append(context)
        return context.new_page()

    yield start
    for context in contexts:
        context.close()
    assert complaints == []


def network_of(headers: Any) -> dict[str, str]:
    return {"X-Forwarded-For": headers["x-forwarded-for"]}


def watch(page: Page, complaints: list[str]) -> None:
    """Collect what a browser complains about. The status of a page that was meant to refuse is no complaint."""
    page.on("pageerror", lambda error: complaints.append(f"exception: {error}"))
    page.on(
        "console",
        lambda message: (
            complaints.append(f"{message.type}: {message.text}")
            if message.type in ("error", "warning")
            and "the server responded with a status of 4" not in message.text
            else None
        ),
    )
