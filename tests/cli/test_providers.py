"""A provider over HTTP set up by hand, changed and looked at; one message through it until its report comes back."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app.db.models import CarrierHealth
from app.settings import Settings
from app.usecases.carriers.change_connection import change_connection
from app.wiring import Application, build
from tests.carriers.http.double import Double, Say, Sent, double
from tests.cli.processes import Service, call, free_port

SENDSMS = "/cgi-bin/sendsms"
EARLIER, LATER = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
SHOWN = "2100-01-01 00:00:00Z"


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


@contextmanager
def opened_there(folder: Path) -> Iterator[Application]:
    application = build(Settings(data_dir=folder))
    try:
        yield application
    finally:
        application.close()


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


def standing(folder: Path) -> str:
    return call("carrier", "list", folder=folder).stdout.rstrip("\n").split("\t")[-1]


def test_what_a_connection_carries_is_changed_and_shown(folder: Path, kannel: Double) -> None:
    add(folder, kannel)
    change = ("carrier", "change", "box")
    shares = ("--rate", "25", "--rank", "1", "--weight", "3")
    limits = ("--destination", "overseas", "--destination", "foreign", "--sender", "DUPONT")
    assert call(*change, *shares, *limits, folder=folder).returncode == 0
    listed = call("carrier", "list", folder=folder).stdout
    assert listed == "box\tkannel\t25\tall\tonly to overseas and foreign, only for DUPONT, rank 1, weight 3\n"
    assert call(*change, "--destination", "all", "--sender", "all", folder=folder).returncode == 0
    assert standing(folder) == "rank 1, weight 3"
    for wrong in (
        ("--rate", "0"),
        ("--rank", "-1"),
        ("--destination", "moon"),
        ("username",),
        ("colour=red",),
    ):
        assert call(*change, *wrong, folder=folder).returncode == 1
    assert "There is no carrier" in call("carrier", "change", "nobody", "--rank", "0", folder=folder).stderr
    assert standing(folder) == "rank 1, weight 3"


def test_settings_are_changed_and_the_others_and_the_password_stay(folder: Path, kannel: Double) -> None:
    kannel.answers[SENDSMS] = Say(400, b"Empty text")
    add(folder, kannel)
    shown = call("carrier", "change", "box", "password=other", folder=folder)
    changed = call("carrier", "change", "box", "username=other", folder=folder)
    assert (shown.returncode, changed.returncode) == (1, 0)
    assert "password is asked for" in shown.stderr
    assert call("carrier", "check", "box", folder=folder).returncode == 1  # no https address in this test
    asked = parse_qs(urlsplit(kannel.to(SENDSMS)[-1].path).query)
    assert (asked["username"], asked["password"]) == (["other"], ["secret"])


def test_a_connection_is_switched_off_and_on(folder: Path, kannel: Double) -> None:
    kannel.answers[SENDSMS] = Say(202, b"0: Accepted for delivery")
    add(folder, kannel)
    sending = ("send-sms", "+33612345678", "Bonjour", "--carrier", "box", "--wait", "0")
    off = call("carrier", "change", "box", "--off", folder=folder)
    assert "Nothing leaves by box until: pli carrier change box --on" in off.stdout
    assert standing(folder) == "switched off"
    for command in (("carrier", "check", "box"), sending):
        assert "box is switched off" in call(*command, folder=folder).stderr
    assert kannel.sent == []
    assert call("carrier", "change", "box", "--on", folder=folder).returncode == 0
    assert "accepted" in call(*sending, folder=folder).stdout


def test_settings_this_version_cannot_use_are_named_by_the_check(folder: Path, kannel: Double) -> None:
    add(folder, kannel)
    with opened_there(folder) as application:
        stale = json.dumps({"address": kannel.base, "username": "pli", "password": "secret", "colour": "red"})
        change_connection(application.runtime, "box", lambda _connection: stale)
    done = call("carrier", "check", "box", folder=folder)
    assert done.returncode == 1
    assert "colour" in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.parametrize(
    ("health", "words"),
    [
        ({"paused_until": LATER, "pauses": 1}, f"paused until {SHOWN}, for its last calls failed"),
        ({"paused_until": EARLIER, "pauses": 1}, "tried again by single messages, for its calls failed"),
        ({"slow_until": LATER}, f"slow, so others come first until {SHOWN}"),
        ({"rests_until": LATER, "rest_reason": "carrier_busy"}, f"asked to be left alone until {SHOWN}"),
        ({"rests_until": EARLIER, "slow_until": EARLIER}, ""),
    ],
)
def test_list_and_check_tell_why_a_connection_is_left_alone(
    folder: Path, kannel: Double, health: dict[str, Any], words: str
) -> None:
    kannel.answers[SENDSMS] = Say(400, b"Empty text")
    add(folder, kannel)
    with opened_there(folder) as application, application.runtime.begin() as session:
        session.add(CarrierHealth(carrier="box", seen_at=EARLIER, **health))
    assert standing(folder) == words
    checked = call("carrier", "check", "box", folder=folder).stdout.splitlines()
    assert checked[-1].startswith("WRONG " if words else "ok    ")
    assert words in checked[-1]
