"""A provider over HTTP set up by hand: one message through it, until the report that comes back by its callback."""

import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.carriers.http.double import Double, Say, Sent, double
from tests.cli.processes import Service, call, free_port

SENDSMS = "/cgi-bin/sendsms"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    made = call("org", "create", "Dupont", "--sender", "DUPONT", "--contact", "x@example.com", folder=folder)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture
def kannel() -> Iterator[Double]:
    with double() as played:
        yield played


def add(folder: Path, kannel: Double, *more: str) -> None:
    given = ("carrier", "add", "kannel", "box", f"address={kannel.base}", "username=pli", *more)
    made = call(*given, folder=folder, stdin="secret\n")
    assert made.returncode == 0, made.stderr


def test_one_message_through_a_provider_over_http(folder: Path, kannel: Double) -> None:
    reports: list[threading.Timer] = []

    def takes(sent: Sent) -> Say:
        address = parse_qs(urlsplit(sent.path).query)["dlr-url"][0].replace("%d", "1").replace("%A", "")
        reports.append(threading.Timer(0.3, lambda: urllib.request.urlopen(address).close()))
        reports[-1].start()
        return Say(202, b"0: Accepted for delivery")

    kannel.answers[SENDSMS] = takes
    add(folder, kannel)
    port = free_port()
    with Service("serve", folder=folder, port=port) as service:
        service.wait_for("pli: serving")
        sending = ("send-sms", "+33612345678", "Bonjour", "--carrier", "box")
        done = call(*sending, folder=folder, PLI_PORT=str(port))
        reports[0].join()
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split("s  ", 1)[1] for line in done.stdout.splitlines()] == [
        "1 segments, GSM-7",
        "accepted",
        "report: delivered",
    ]
    (sent,) = kannel.to(SENDSMS)
    asked = parse_qs(urlsplit(sent.path).query)
    assert (asked["to"], asked["from"], asked["text"]) == (["+33612345678"], ["DUPONT"], ["Bonjour"])
