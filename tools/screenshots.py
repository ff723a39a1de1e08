"""Pictures of Pli as it runs, from its own demo: `python -m tools.screenshots [--all FOLDER]`.

Writes the two pictures of the README to docs/images. With --all, every page at phone and desktop width goes to FOLDER,
to be looked at after a change.
"""

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tools.browser import find

ROOT = Path(__file__).resolve().parent.parent

IMAGES = ROOT / "docs" / "images"
DESKTOP: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
START_SECONDS = 60


@dataclass(frozen=True)
class Demo:
    """What `pli demo` printed."""

    address: str
    login: str
    password: str
    phone: str
    code: str


def main() -> int:
    """Start the demo, take the pictures, stop it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    chromium = find()
    if chromium is None:
        sys.stderr.write("There is no Chromium here; run tools/browser.py first.\n")
        return 1
    with running_demo() as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium.launch_options())
        for_readme(browser, demo)
        if arguments.all:
            arguments.all.mkdir(parents=True, exist_ok=True)
            for name, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
                every_page(browser, demo, viewport, arguments.all, name)
        browser.close()
    return 0


@contextmanager
def running_demo() -> Iterator[Demo]:
    """The demo on a free port, with data of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        environment = {**os.environ, "PORT": str(port), "PLI_DATA_DIR": f"{folder}/data"}
        with log.open("w") as out:
            process = subprocess.Popen(
                [ROOT / ".venv/bin/pli", "demo"], env=environment, stdout=out, stderr=out
            )
        try:
            wait_for(f"http://localhost:{port}/readyz")
            text = log.read_text()
            yield Demo(
                address=f"http://localhost:{port}",
                login=said(r"^login: (.+)$", text),
                password=said(r"^password: (.+)$", text),
                phone=said(r"take the phone of [^(]+\(([\d ]+)\)", text).replace(" ", ""),
                code=said(r"access code is (\w+)", text),
            )
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)


def said(pattern: str, text: str) -> str:
    """What the demo printed in this place."""
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise ValueError(f"the demo did not print {pattern}")
    return found[1]


def wait_for(address: str) -> None:
    """Until the service answers."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urlopen(address, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


def log_in(browser: Browser, demo: Demo, viewport: ViewportSize) -> Page:
    """A page of the console."""
    page = browser.new_context(viewport=viewport, locale="fr-FR", device_scale_factor=1.5).new_page()
    page.goto(f"{demo.address}/app/login")
    page.fill("[name=email]", demo.login)
    page.fill("[name=password]", demo.password)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/app/batches")
    return page


def batches(page: Page, demo: Demo) -> list[str]:
    """Addresses of the batches on the home page."""
    page.goto(f"{demo.address}/app")
    links = page.locator("a[href^='/app/batches/']").evaluate_all(
        "all => all.map(a => a.getAttribute('href'))"
    )
    return list(
        dict.fromkeys(
            re.sub(r"^(/app/batches/[0-9a-f-]{36}).*", r"\1", link)
            for link in links
            if re.search(r"[0-9a-f-]{36}", link)
        )
    )


def opened_document(browser: Browser, demo: Demo, console: Page, viewport: ViewportSize) -> Page:
    """A reader's page with a document open, reached from the message on a simulated phone."""
    console.goto(f"{demo.address}/simulator?q={demo.phone}")
    link = console.locator(".phones a[href*='#']").first.get_attribute("href")
    page = browser.new_context(
        viewport=viewport, locale="fr-FR", device_scale_factor=2, is_mobile=True, has_touch=True
    ).new_page()
    page.goto(str(link))
    page.locator("#password").fill(demo.code)
    return page


def for_readme(browser: Browser, demo: Demo) -> None:
    """The two pictures of the README."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    console = log_in(browser, demo, DESKTOP)
    for address in batches(console, demo):
        console.goto(f"{demo.address}{address}/review")
        if console.url.endswith("/review"):
            console.wait_for_load_state("networkidle")
            console.screenshot(path=IMAGES / "review.png")
            break
    page = opened_document(browser, demo, console, PHONE)
    page.click("button[value=open]")
    page.wait_for_selector("html[data-viewer=ready]", state="attached", timeout=20_000)
    page.screenshot(path=IMAGES / "document.png")


def every_page(browser: Browser, demo: Demo, viewport: ViewportSize, folder: Path, name: str) -> None:
    """One picture of each page."""

    def shoot(page: Page, title: str) -> None:
        page.screenshot(path=folder / f"{name}-{title}.png", full_page=True)

    console = log_in(browser, demo, viewport)
    for title, path in (
        ("home", "/app"),
        ("new", "/app/batches/new"),
        ("settings", "/app/settings"),
        ("simulator", "/simulator"),
    ):
        console.goto(demo.address + path)
        shoot(console, title)
    for position, address in enumerate(batches(console, demo)):
        for title in ("", "/review", "/release", "/recall"):
            console.goto(f"{demo.address}{address}{title}")
            shoot(console, f"batch{position}{title.replace('/', '-')}")
        console.goto(f"{demo.address}{address}")
        person = console.locator("a[href^='/app/documents/']")
        if person.count():
            console.goto(demo.address + str(person.first.get_attribute("href")))
            shoot(console, f"person{position}")
    page = opened_document(browser, demo, console, viewport)
    page.wait_for_timeout(500)
    shoot(page, "landing")
    page.fill("#password", "WRONG-CODE")
    page.click("button[value=open]")
    shoot(page, "wrong")
    page.fill("#password", demo.code)
    page.click("button[value=open]")
    page.wait_for_timeout(2500)
    shoot(page, "document")


if __name__ == "__main__":
    sys.exit(main())
