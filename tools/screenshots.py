"""Pictures of Pli as it runs, from its own demo: `python -m tools.screenshots [--all FOLDER]`.

Writes the two pictures of the README to docs/images. With --all, every page in both languages, at phone and desktop
width, goes to FOLDER, to be looked at after a change.
"""

import argparse
import json
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
from datetime import date
from pathlib import Path
from urllib.request import urlopen
from uuid import uuid4

from playwright.sync_api import Browser, FilePayload, Page, ViewportSize, sync_playwright

from app.documents.sample_payroll import make_sample
from app.web.templating import PageContext, render
from app.web.texts import LANGUAGES, Language
from tools.browser import find

ROOT = Path(__file__).resolve().parent.parent

IMAGES = ROOT / "docs" / "images"
DESKTOP: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
SMALL: ViewportSize = {"width": 360, "height": 640}
START_SECONDS = 60


@dataclass(frozen=True)
class Look:
    """Who looks, and through what."""

    name: str
    lang: Language
    viewport: ViewportSize


LOOKS = tuple(
    Look(f"{name}-{lang}", lang, viewport)
    for name, viewport in (("desktop", DESKTOP), ("phone", PHONE))
    for lang in LANGUAGES
)


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
            console = log_in(browser, demo, DESKTOP)
            prepare(demo, console)
            for look in LOOKS:
                every_page(browser, demo, look, arguments.all)
            for look in (*LOOKS, *(Look(f"small-{lang}", lang, SMALL) for lang in LANGUAGES)):
                every_end(browser, demo, console, look, arguments.all)
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


def senders(page: Page, demo: Demo) -> list[str]:
    """Addresses of the senders."""
    page.goto(f"{demo.address}/app/senders")
    links = page.locator("a.cell-main[href^='/app/senders/']")
    return [str(link.get_attribute("href")) for link in links.all()]


def opened_document(browser: Browser, demo: Demo, console: Page, look: Look) -> Page:
    """A reader's page with a document open, reached from the message on a simulated phone."""
    page = browser.new_context(
        viewport=look.viewport, locale=look.lang, device_scale_factor=2, is_mobile=True, has_touch=True
    ).new_page()
    page.goto(link_of(demo, console))
    page.locator("#password").fill(demo.code)
    return page


def link_of(demo: Demo, console: Page) -> str:
    """The link on the simulated phone that the demo points out."""
    console.goto(f"{demo.address}/simulator?q={demo.phone}")
    return str(console.locator(".phones a[href*='#']").first.get_attribute("href"))


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
    page = opened_document(browser, demo, console, Look("readme", "fr", PHONE))
    page.click("button[value=open]")
    page.wait_for_selector("html[data-viewer=ready]", state="attached", timeout=20_000)
    page.screenshot(path=IMAGES / "document.png")


def every_page(browser: Browser, demo: Demo, look: Look, folder: Path) -> None:
    """One picture of each page of the console, the simulator and a link."""

    def shoot(page: Page, title: str) -> None:
        page.wait_for_load_state("networkidle" if page.locator("img[loading=lazy]").count() else "load")
        page.screenshot(path=folder / f"{look.name}-{title}.png", full_page=True)

    stranger = browser.new_context(viewport=look.viewport, locale=look.lang).new_page()
    stranger.goto(f"{demo.address}/app/login")
    shoot(stranger, "login")
    console = log_in(browser, demo, look.viewport)

    def visit(path: str) -> Page:
        console.goto(f"{demo.address}{path}{'&' if '?' in path else '?'}lang={look.lang}")
        return console

    for title, path in (
        ("home", "/app/batches"),
        ("home-failed", "/app/batches?show=failed"),
        ("home-none", "/app/batches?show=sending"),
        ("error", f"/app/batches/{uuid4()}"),
        ("new", "/app/batches/new"),
        ("settings", "/app/settings"),
        ("senders", "/app/senders"),
        ("sender-new", "/app/senders/new"),
        ("simulator", "/simulator"),
    ):
        shoot(visit(path), title)
    for position, address in enumerate(senders(console, demo)):
        shoot(visit(address), f"sender{position}")
    for position, address in enumerate(batches(console, demo)):
        for page_name in ("", "/review", "/release", "/recall"):
            visit(address + page_name)
            if console.url.partition("?")[0].endswith(page_name or address) or not page_name:
                shoot(console, f"batch{position}{page_name.replace('/', '-')}")
        visit(address)
        person = console.locator("a.cell-main[href^='/app/documents/']")
        if person.count():
            shoot(visit(str(person.first.get_attribute("href"))), f"person{position}")
    page = opened_document(browser, demo, console, look)
    page.wait_for_timeout(500)
    shoot(page, "landing")
    page.fill("#password", "WRONG-CODE")
    page.click("button[value=open]")
    shoot(page, "wrong")
    page.fill("#password", demo.code)
    page.click("button[value=open]")
    page.wait_for_timeout(2500)
    page.screenshot(path=folder / f"{look.name}-document.png")


def every_end(browser: Browser, demo: Demo, console: Page, look: Look, folder: Path) -> None:
    """Every state in which a link is not opened: told to the page of the link by a forged answer of the service, and
    the pages the service makes itself."""
    sender = {
        "sender": "Maison Exemple",
        "contact": "Service paie, 01 99 00 12 34",
        "contact_href": "tel:+33199001234",
    }
    link = link_of(demo, console)
    context = browser.new_context(viewport=look.viewport, locale=look.lang, device_scale_factor=2)
    for state in ("expired", "revoked", "frozen", "unknown", "unavailable", "overloaded"):
        page = context.new_page()
        answer = json.dumps({"state": state, **(sender if state != "unknown" else {})})
        page.route(
            "**/hello",
            lambda route, _request, body=answer: route.fulfill(body=body, content_type="application/json"),
        )
        page.goto(link)
        page.wait_for_selector(f"#link[data-state={state}]")
        page.screenshot(path=folder / f"{look.name}-link-{state}.png", full_page=True)
        page.close()
    page = context.new_page()
    page.route("**/hello", lambda route: route.abort())
    page.goto(link)
    page.wait_for_selector("#link[data-state=offline]")
    page.screenshot(path=folder / f"{look.name}-link-offline.png", full_page=True)
    page.close()
    page = browser.new_context(viewport=look.viewport, locale=look.lang, device_scale_factor=2).new_page()
    page.goto(link.partition("#")[0])
    page.wait_for_selector("#link[data-state=paste]")
    page.screenshot(path=folder / f"{look.name}-link-paste.png", full_page=True)
    page.close()
    page = context.new_page()
    for kind in (
        "expired",
        "revoked",
        "frozen",
        "unknown",
        "incomplete",
        "unavailable",
        "closed",
        "forbidden",
        "reported",
    ):
        shown = PageContext(lang=look.lang, nonce="", path="/7K3MQ2X9")
        known = kind not in ("unknown", "incomplete", "forbidden")
        html = render(
            "recipient/notice.html",
            shown,
            host_name="exemple.fr",
            brand="#0b6e63",
            kind=kind,
            sender=sender["sender"] if known else "",
            contact=sender["contact"] if known else "",
            retry_url="/7K3MQ2X9" if kind in ("unavailable", "closed") else "",
            closed="",
        )
        page.set_content(html)
        page.screenshot(path=folder / f"{look.name}-notice-{kind}.png", full_page=True)
    context.close()


def prepare(demo: Demo, console: Page) -> None:
    """What the demo itself does not show: batches that are unreadable, have columns to name or are ready to leave, and senders
    in other states than approved."""
    sample, ready = make_sample(7, date(2026, 9, 1), people=8), make_sample(8, date(2026, 8, 1), people=30)
    rows = ["Numéro interne;Nom;Prénom;Coordonnées;Sésame"]
    rows += [
        f"{p.staff_number};{p.last_name};{p.first_name};{p.phone};{p.access_code}" for p in sample.people
    ]
    unknown = "\n".join(rows).encode()
    upload(demo, console, "Paie de septembre, colonnes inconnues", sample.pdf, "effectif.csv", unknown)
    upload(demo, console, "Paie illisible", b"%PDF-1.7 cut", "effectif.xlsx", sample.sheet_xlsx)
    upload(demo, console, "Paie d’août", ready.pdf, "effectif.xlsx", ready.sheet_xlsx)
    console.wait_for_url("**/review")
    console.goto(f"{console.url}?show=blocking")
    console.click("form[action$='/exclude'] .btn:has-text('Exclure les')")
    console.wait_for_timeout(3000)
    for kind, address, states in (
        ("short_code_36", "36105", ("waiting", "approved")),
        ("short_code_38", "38012", ("waiting",)),
        ("long_code_09", "09 37 12 34 56", ("waiting", "refused")),
    ):
        console.goto(f"{demo.address}/app/senders/new")
        console.check(f"[name=kind][value={kind}]")
        console.fill("[name=address]", address)
        console.click("button.btn--primary")
        for state in states:
            console.click(f"button[value={state}]")
            console.wait_for_load_state()


def upload(demo: Demo, console: Page, title: str, pdf: bytes, sheet_name: str, sheet: bytes) -> None:
    """One batch by the form of the console."""
    console.goto(f"{demo.address}/app/batches/new")
    for field, name, data in (
        ("documents", "bulletins-de-paie-septembre-2026-etablissement-nord.pdf", pdf),
        ("people", sheet_name, sheet),
    ):
        file = FilePayload(name=name, mimeType="application/octet-stream", buffer=data)
        console.set_input_files(f"[name={field}]", file)
    console.fill("[name=title]", title)
    console.click("form[data-upload] .btn--primary")
    console.wait_for_url(re.compile("/app/batches/[0-9a-f-]{36}"))


if __name__ == "__main__":
    sys.exit(main())
