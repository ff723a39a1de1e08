"""`pli demo`: what a newcomer sees at the first start, at the second, and when stopping it."""

import re
import shutil
import signal
import ssl
import stat
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from app.core.clock import now
from app.crypto.certificate import still_good
from tests.cli.conftest import Demo
from tests.cli.processes import STOP_SECONDS, Service, call, credentials, free_port, run


def test_it_prints_how_to_get_in(demo: Demo) -> None:
    printed = credentials(demo.service.lines)

    assert printed["address"] == demo.url
    assert printed["login"].count("@") == 1
    assert len(printed["password"]) >= 12
    assert re.fullmatch(r"pli_live_[A-Za-z0-9]{7}_[A-Za-z0-9]{32}", printed["api key"])


def test_it_holds_a_payroll_that_was_sent_and_one_to_review(demo: Demo) -> None:
    with httpx.Client(base_url=demo.url, headers={"Authorization": f"Bearer {demo.api_key}"}) as client:
        batches = client.get("/v1/batches").json()["data"][-2:]
        review = client.get(f"/v1/batches/{batches[0]['id']}/review").json()
        sent = client.get(f"/v1/batches/{batches[1]['id']}").json()

    assert batches[0]["state"] == "in_review"
    assert {finding["code"] for finding in review["findings"] if finding["standing"]} == {
        "phone_unreachable",
        "payslip_without_person",
        "number_changed",
    }
    assert sent["state"] in ("released", "finished")
    assert sent["progress"]["documents"] == {"sealed": 8}


def test_it_serves_the_login_and_keeps_strangers_out(demo: Demo) -> None:
    with httpx.Client(base_url=demo.url, follow_redirects=True) as client:
        page = client.get("/")
        assert page.status_code == 200
        assert page.url.path == "/app/login"
        assert client.get("/simulator").url.path == "/app/login"
        assert client.get("/healthz").json() == {"status": "ok"}
        assert client.get("/readyz").json() == {"status": "ok", "problems": []}


def test_its_credentials_are_readable_by_its_user_only(demo: Demo) -> None:
    for name in ("demo.json", "app.key", "pli.db"):
        assert stat.S_IMODE((demo.folder / name).stat().st_mode) == 0o600


def test_its_log_repeats_no_credential(demo: Demo) -> None:
    secrets = [credentials(demo.service.lines)[name] for name in ("password", "api key")]
    logged = [line for line in demo.service.lines if line.startswith("{")]

    assert not [line for line in logged if any(secret in line for secret in secrets)]


@dataclass(frozen=True)
class Start:
    """What one start printed, and how it ended."""

    lines: list[str]
    status: int | None
    stopped_after: float


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Start]]:
    """A demo that was started and stopped two times, with its folder."""
    folder, port = tmp_path_factory.mktemp("twice") / "data", free_port()
    starts = []
    for how in (signal.SIGTERM, signal.SIGINT):
        service = Service("demo", folder=folder, port=port)
        service.wait_for("pli: serving")
        assert httpx.get(f"{service.url}/healthz").status_code == 200
        service.stop(how)
        lines = [line for line in service.lines if not line.startswith(("{", "pli:"))]
        starts.append(Start(lines, service.status, service.stopped_after))
    return folder, starts


def test_a_second_start_prints_the_same(twice: tuple[Path, list[Start]]) -> None:
    _, (first, second) = twice

    assert first.lines == second.lines
    assert set(credentials(first.lines)) == {"address", "login", "password", "api key"}


def test_it_stops_within_seconds_when_asked(twice: tuple[Path, list[Start]]) -> None:
    _, starts = twice

    assert [start.status for start in starts] == [0, 0]
    assert max(start.stopped_after for start in starts) < STOP_SECONDS


def test_its_journal_is_whole(twice: tuple[Path, list[Start]]) -> None:
    folder, _ = twice

    assert "all sound" in call("verify-journal", "maison-exemple", folder=folder).stdout


def test_the_doctor_notices_when_epoch_keys_are_missing(
    twice: tuple[Path, list[Start]], tmp_path: Path
) -> None:
    copy = tmp_path / "data"
    shutil.copytree(twice[0], copy)
    assert call("doctor", folder=copy).returncode == 0

    stray = copy / "epochs" / "out" / "20500.key.bak"
    stray.write_bytes(bytes(32))
    done = call("doctor", folder=copy)
    assert done.returncode == 1
    assert "WRONG epoch store:" in done.stdout
    assert "out/20500.key.bak (1 in all)" in done.stdout

    shutil.rmtree(copy / "epochs")
    done = call("doctor", folder=copy)

    assert done.returncode == 1
    assert "WRONG epoch store: 2 of the keys in use are not in" in done.stdout


def test_on_the_local_network_links_have_an_address_of_their_own_and_https(tmp_path: Path) -> None:
    folder, port = tmp_path / "data", free_port()
    with Service("demo", "--lan", folder=folder, port=port) as service:
        links = service.wait_for("links: ").removeprefix("links: ").split()[0]
        service.wait_for("pli: serving")
        certificate = (folder / "tls" / "certificate.pem").read_text()
        trust = ssl.create_default_context(cadata=certificate)
        with httpx.Client(verify=trust) as client:
            assert client.get(f"https://localhost:{port}/app/login").status_code == 200
            # The network sees links only, never the console.
            assert client.get(f"{links}/app/login").status_code == 404
            assert client.get(f"{links}/healthz").status_code == 200

    assert credentials(service.lines)["address"] == f"https://localhost:{port}"
    assert still_good(certificate.encode(), ["localhost", httpx.URL(links).host], now())


def test_a_taken_port_is_said_in_one_sentence(demo: Demo, tmp_path: Path) -> None:
    done = run("demo", folder=tmp_path / "data", PORT=str(demo.service.port))

    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == [
        f"pli: cannot listen on 127.0.0.1 port {demo.service.port} (Address already in use). Stop the program that "
        "uses it, or choose another with PORT or PLI_PORT."
    ]
    assert not (tmp_path / "data" / "demo.json").exists()
