"""Setting an agent up by hand, and hearing what is wrong with it."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.carriers.smpp.double import eventually
from tests.cli.processes import Done, Service, call, free_port, run
from tests.cli.test_send import clean_payroll
from tests.rcs.conftest import EMAIL, PHONE
from tests.rcs.platform import Fault, Handset, Platform, platform
from tests.rcs.platform.state import World
from tests.stories.agency import AGENT, TOKEN, key, key_file

NOBODY = "+33699999999"


@pytest.fixture
def google() -> Iterator[Platform]:
    with platform(key().public_pem, EMAIL, World(AGENT, TOKEN, {PHONE: Handset()})) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    made = call("org", "create", "Dupont", "--sender", "DUPONT", "--contact", "x@example.com", folder=folder)
    assert made.returncode == 0, made.stderr
    return folder


def add(
    folder: Path, google: Platform, *more: str, key_text: str = "", token: str = TOKEN, **changed: Any
) -> Done:
    path = folder.parent / "key.json"
    path.write_text(key_text or key_file())
    given = {
        "agent_id": AGENT,
        "region": "europe",
        "service_account": str(path),
        "address": google.base,
        "token_address": f"{google.base}/token",
    }
    settings = [f"{name}={value}" for name, value in (given | changed).items()]
    return call("carrier", "add", "rcs", "google", *settings, *more, folder=folder, stdin=f"{token}\n")


def test_an_agent_is_added_and_its_key_is_nowhere(folder: Path, google: Platform) -> None:
    made = add(folder, google)
    assert (made.returncode, made.stderr) == (0, "")
    with sqlite3.connect(folder / "pli.db") as database:
        dump = "\n".join(database.iterdump()).lower()
    database.close()
    for secret in ("BEGIN PRIVATE KEY", TOKEN, json.loads(key_file())["private_key"][40:80], EMAIL):
        assert secret.lower() not in dump
        assert secret.encode().hex() not in dump
    moved = call("carrier", "use", "google", "--org", "dupont", folder=folder)
    assert moved.stdout == "Leaves by google now: Dupont\n"
    kinds = call("carrier", "kinds", folder=folder).stdout
    assert "  * service_account  (secret, given as the path of its file)\n" in kinds


@pytest.mark.parametrize(
    ("key_text", "changed", "said"),
    [
        ("no json", {}, "key file"),
        (key_file(type="authorized_user"), {}, "not the key file of a service account"),
        (key_file(private_key="-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n"), {}, "private key cannot be read"),
        ("", {"region": "mars"}, "region"),
        ("", {"address": "http://example.org"}, "https://"),
        ("", {"service_account": "missing.json"}, "missing.json cannot be read"),
        ("", {"client_token": "x" * 16}, "do not give it as an argument"),
    ],
)
def test_what_cannot_be_a_setting_is_said_without_the_key(
    folder: Path, google: Platform, key_text: str, changed: dict[str, str], said: str
) -> None:
    done = add(folder, google, key_text=key_text, **changed)
    assert done.returncode == 1
    assert said in done.stderr
    assert "c2VjcmV0" not in done.stderr
    assert "BEGIN" not in done.stderr


def test_a_check_greets_the_webhook_and_asks_about_a_phone(folder: Path, google: Platform) -> None:
    port = free_port()
    assert add(folder, google).returncode == 0
    with Service("serve", folder=folder, port=port) as service:
        service.wait_for("pli: serving")
        done = call("rcs", "check", "--phone", PHONE, folder=folder, PORT=str(port))
    lines = done.stdout.splitlines()
    assert done.returncode == 1, done.stdout + done.stderr  # the callbacks of this machine are not https
    assert f"ok    the service account {EMAIL} gets a token" in lines
    assert f"ok    the agent {AGENT} is known and may ask" in lines
    assert any(line.startswith("ok    the webhook answers a greeting") for line in lines), lines
    assert any(line.startswith("ok    the phone takes RCS") for line in lines), lines
    assert [line[:5] for line in lines].count("WRONG") == 1


def test_a_check_tells_a_fence_from_a_fault(folder: Path, google: Platform) -> None:
    port = free_port()
    assert add(folder, google, 'callback_networks=["185.20.0.0/22"]').returncode == 0
    with Service("serve", folder=folder, port=port) as service:
        service.wait_for("pli: serving")
        done = call("rcs", "check", folder=folder, PORT=str(port))
    assert "ok    its callbacks are taken from 185.20.0.0/22 only" in done.stdout
    assert "refuses a greeting from here: this machine is not in callback_networks" in done.stdout


@pytest.mark.parametrize(
    ("operation", "fault", "said"),
    [
        ("token", Fault(401), "gets no token"),
        ("capability", Fault(403), "does not let this account send for demo-agent"),
        ("capability", Fault(404, plain=True), "Check the region (europe)"),
    ],
)
def test_a_check_says_what_is_wrong(
    folder: Path, google: Platform, operation: Any, fault: Fault, said: str
) -> None:
    assert add(folder, google).returncode == 0
    google.plan(operation, fault)
    done = call("carrier", "check", "google", folder=folder)
    assert done.returncode == 1
    assert said in done.stdout
    assert "did not answer from here" in done.stdout  # nothing serves the webhook


def test_a_phone_without_cards_is_told_and_may_be_invited(folder: Path, google: Platform) -> None:
    assert add(folder, google).returncode == 0
    done = call("rcs", "check", "google", "--phone", NOBODY, "--invite", folder=folder)
    assert "WRONG the phone gets an SMS and no card" in done.stdout
    assert "cannot be asked to become a tester" in done.stdout
    wrong = call("rcs", "check", "--phone", "0612", folder=folder)
    assert "a plus sign and 7 to 15 digits" in wrong.stderr
    assert "no RCS agent named other" in call("rcs", "check", "other", folder=folder).stderr


def test_a_renewed_key_is_taken_from_its_file(folder: Path, google: Platform) -> None:
    assert add(folder, google).returncode == 0
    path = folder.parent / "new.json"
    path.write_text(key_file(private_key_id="key-2"))
    renewed = call(
        "carrier", "password", "google", f"service_account={path}", folder=folder, stdin=f"{TOKEN}\n"
    )
    assert (renewed.returncode, renewed.stdout) == (0, "The passwords are changed.\n")
    refused = call("carrier", "password", "google", "region=asia", folder=folder, stdin=f"{TOKEN}\n")
    assert "region is not a secret that comes in a file" in refused.stderr


def attempts(folder: Path) -> Counter[tuple[str, str]]:
    """Channel and state of every attempt."""
    with sqlite3.connect(folder / "pli.db") as database:
        found = Counter[tuple[str, str]](database.execute("SELECT channel, state FROM attempt").fetchall())
    database.close()
    return found


def test_a_payroll_goes_by_cards_and_texts_through_a_running_service(
    folder: Path, google: Platform, tmp_path: Path
) -> None:
    """Release, platform, webhook, worker and batch, with nothing played but the platform and the network of the texts."""
    pdf, sheet = clean_payroll(tmp_path, 61, date(2026, 2, 1))
    phones = [f"+33{line.split(';')[3].replace(' ', '')[1:]}" for line in sheet.read_text().splitlines()[1:]]
    shown, late, without = phones[::3], phones[1::3], phones[2::3]
    google.world.handsets = {phone: Handset(on=phone in shown) for phone in (*shown, *late)}
    assert add(folder, google).returncode == 0
    assert call("carrier", "use", "google", "--org", "dupont", folder=folder).returncode == 0
    key_ = call("client", "create", "Payroll", "--org", "dupont", folder=folder).stdout.split()[-1]
    port = free_port()
    with Service("serve", folder=folder, port=port) as service:
        service.wait_for("pli: serving")
        hook = f"{service.url}/callbacks/google"
        given = {"folder": tmp_path, "PLI_URL": service.url, "PLI_API_KEY": key_}
        sent = run("send", pdf, "--people", sheet, "--release", **given)  # type: ignore[arg-type]
        assert sent.returncode == 0, sent.stderr.decode()
        batch = sent.stdout.decode().strip()
        eventually(lambda: len(google.world.messages) == len(shown) + len(late), 60)
        eventually(lambda: attempts(folder)["sms", "delivered"] == len(without), 60)
        for card in list(google.world.messages.values()):
            if card.phone in late:
                google.world.expire(card.id)
        assert set(google.tell(hook, times=2)) == {200}
        eventually(lambda: attempts(folder)["sms", "delivered"] == len(without) + len(late), 60)
        eventually(lambda: state_of_batch(service.url, key_, batch) == "finished", 60)
    assert attempts(folder) == Counter(
        {
            ("rcs", "delivered"): len(shown),
            ("rcs", "expired"): len(late),
            ("rcs", "failed"): len(without),
            ("sms", "delivered"): len(late) + len(without),
        }
    )


def state_of_batch(url: str, api_key: str, batch: str) -> str:
    """As the API tells it."""
    answer = httpx.get(
        f"{url}/v1/batches/{batch}", headers={"Authorization": f"Bearer {api_key}"}, timeout=60
    )
    return str(answer.json()["state"])
