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


def add(folder: Path, kannel: Double, *more: str, name: str = "box") -> None:
    given = ("carrier", "add", "kannel", name, f"address={kannel.base}", "username=pli", *more)
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


def test_the_check_says_where_callbacks_may_come_from(folder: Path, kannel: Double) -> None:
    kannel.answers[SENDSMS] = Say(400, b"Empty text")
    add(folder, kannel)
    add(folder, kannel, 'callback_networks=["185.20.0.0/22", "2001:db8::7"]', name="fenced")
    open_ = call("carrier", "check", "box", folder=folder).stdout
    fenced = call("carrier", "check", "fenced", folder=folder).stdout

    assert "give them as callback_networks" in open_
    assert "taken from 185.20.0.0/22, 2001:db8::7/128 only" in fenced
    assert "PLI_TRUSTED_PROXIES" in fenced
    assert "can report and answer in its name from there." in fenced


@pytest.mark.parametrize("given", ["185.20.0.1/22", "operator.example", ""])
def test_what_is_no_network_is_refused(folder: Path, kannel: Double, given: str) -> None:
    settings = (f"address={kannel.base}", "username=pli", f'callback_networks=["{given}"]')
    done = call("carrier", "add", "kannel", "box", *settings, folder=folder, stdin="secret\n")

    assert done.returncode == 1
    assert "callback_networks.0: Value error, not a network such as 185.20.0.0/22" in done.stderr
