"""F4, point 25: logins, TLS, and who holds the link."""

import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from app.carriers.base import Accepted, CarrierError
from app.carriers.smpp.codec import Command
from app.core import clock
from app.db.queries import connections
from app.db.session import Database
from tests.carriers.smpp.double import eventually, receipt, smsc
from tests.carriers.smpp.office import PHONE, QUICK, Office, add_connection, make_carrier, office, submission


def written(opened: Office) -> tuple[str, str]:
    """State and reason of the link as other processes see them."""
    with opened.database.read() as session:
        found = connections.lease(session, opened.connection_id)
    return (found.state, found.reason) if found else ("", "")


@pytest.mark.parametrize("status", [0x0D, 0x0E, 0x0F])
def test_25_a_refused_login_is_tried_at_most_once_in_five_seconds(sqlite: Database, status: int) -> None:
    with smsc() as centre:
        centre.bind_status = status
        with office(sqlite, centre.port, bound=False) as opened:
            eventually(lambda: len(centre.binds) == 2, 8)
            assert written(opened) == ("refused", f"0x{status:02x}")
        instants = [at for _, at in centre.binds]

    assert all(later - earlier >= 5 for earlier, later in pairwise(instants))


def test_25_another_process_waits_too_after_a_refused_login(sqlite: Database) -> None:
    quick = replace(QUICK, refused=1.5)
    with smsc() as centre:
        centre.bind_status = 0x0E
        with office(sqlite, centre.port, bound=False, pauses=quick) as opened:
            eventually(lambda: written(opened)[0] == "refused")
        centre.bind_status = 0
        with office(sqlite, centre.port, again=opened, owner="worker-1", pauses=quick):
            first, second = (at for _, at in centre.binds)

    assert second - first >= 1.5


def test_25_messages_during_a_refused_login_say_why(sqlite: Database) -> None:
    with smsc() as centre:
        centre.bind_status = 0x0E
        with office(sqlite, centre.port, bound=False) as opened:
            eventually(lambda: opened.carrier.link.standing.state == "refused")
            _, outcome = opened.outcome()

    assert isinstance(outcome, CarrierError)
    assert (outcome.code, outcome.retryable, outcome.in_doubt) == ("carrier_credentials", True, False)


def test_25_a_lost_link_is_made_anew_with_growing_pauses(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened:
        for made in range(1, 5):
            eventually(lambda made=made: len(centre.connections) == made)  # type: ignore[misc]
            eventually(lambda: opened.carrier.link.standing.state == "bound")
            centre.connections[-1].cut()
            eventually(lambda: opened.carrier.link.standing.state != "bound")
        instants = [at for _, at in centre.binds]
        gaps = [later - earlier for earlier, later in pairwise(instants)]

    assert gaps[0] < gaps[1] < gaps[2]


class Authority:
    """A certificate authority for tests, and servers it signed for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.file = folder / "ca.crt"
        self._openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-days", "2",
            "-subj", "/CN=Test authority",
        )  # fmt: skip

    def server(self, name: str) -> tuple[Path, Path]:
        """Certificate and key of a server with this name."""
        subject = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
        self._openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "s.key", "-out", "s.csr", *subject)
        self._openssl(
            "x509", "-req", "-in", "s.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-out", "s.crt",
            "-days", "2", "-copy_extensions", "copy",
        )  # fmt: skip
        return self._folder / "s.crt", self._folder / "s.key"

    def context(self, name: str) -> ssl.SSLContext:
        """What such a server listens with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.server(name))
        return context

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self._folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def test_25_over_tls_with_the_right_certificate(sqlite: Database, authority: Authority) -> None:
    tls: dict[str, Any] = {"tls": True, "host": "localhost", "ca_file": str(authority.file)}
    with smsc(tls=authority.context("localhost")) as centre, office(sqlite, centre.port, **tls) as opened:
        attempt = opened.send()
        centre.receipt(centre.submitted[0], opened.parts(attempt)[0].reference)
        eventually(lambda: opened.told.states(attempt) == ["delivered"])


@pytest.mark.parametrize(
    ("name", "trusted", "reason"),
    [("smpp.example", True, "tls_name"), ("localhost", False, "tls_authority")],
)
def test_25_with_a_wrong_name_or_authority_no_octet_of_a_login_leaves(
    sqlite: Database, authority: Authority, name: str, trusted: bool, reason: str
) -> None:
    tls: dict[str, Any] = {
        "tls": True,
        "host": "localhost",
        "ca_file": str(authority.file) if trusted else "",
    }
    with (
        smsc(tls=authority.context(name)) as centre,
        office(sqlite, centre.port, bound=False, **tls) as opened,
    ):
        eventually(lambda: opened.carrier.link.standing.reason == reason)

        assert (centre.raw, centre.binds) == (b"", [])


def test_the_name_on_the_certificate_may_be_given(sqlite: Database, authority: Authority) -> None:
    tls: dict[str, Any] = {"tls": True, "ca_file": str(authority.file), "server_name": "smpp.example"}
    with smsc(tls=authority.context("smpp.example")) as centre, office(sqlite, centre.port, **tls) as opened:
        opened.send()


def test_25_a_centre_without_tls_gets_no_octet_of_a_login(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port, bound=False, tls=True, host="localhost") as opened:
        eventually(lambda: centre.raw != b"")
        centre.connections[-1].cut()
        eventually(lambda: opened.carrier.link.standing.state == "lost")

        assert centre.raw[:1] == b"\x16"  # a TLS handshake, and never a password
        assert b"secret08" not in centre.raw


# Who holds the link.


def test_one_process_holds_the_link_and_sends_for_the_other(database: Database) -> None:
    with (
        smsc() as centre,
        office(database, centre.port) as holder,
        office(database, centre.port, again=holder, owner="worker-1", bound=False) as other,
    ):
        eventually(lambda: not other.carrier.link.holds)
        attempt, outcome = other.outcome(text="é" * 200)
        assert isinstance(outcome, Accepted)
        assert [part.state for part in other.parts(attempt)] == ["taken", "taken"]
        assert {part.body_sealed for part in other.parts(attempt)} == {None}
        assert len(centre.binds) == 1

        for part in other.parts(attempt):
            centre.deliver(receipt(PHONE[1:], part.reference))
        eventually(lambda: holder.told.states(attempt)[-1:] == ["delivered"])


def test_what_another_process_offers_waits_sealed(sqlite: Database) -> None:
    with smsc() as centre, ThreadPoolExecutor() as threads:
        connection_id = add_connection(sqlite)
        carrier = make_carrier(sqlite, connection_id, centre.port)
        sent = threads.submit(carrier.submit_all, [submission(text="Votre code: 4711")], clock.now())
        time.sleep(0.3)
        with sqlite.engine.connect() as connection:
            stored = "\n".join(connection.connection.driver_connection.iterdump()).lower()  # type: ignore[union-attr]
        assert "offered" in stored
        assert b"4711".hex() not in stored

        holder = make_carrier(sqlite, connection_id, centre.port, owner="worker-1")
        holder.start(lambda events: None)
        try:
            assert isinstance(sent.result()[0], Accepted)
            assert centre.submitted[0].message.text == b"Votre code: 4711"
        finally:
            holder.stop()


def test_what_nobody_takes_was_certainly_not_sent_and_never_is(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.carriers.smpp.relay.OFFERED_SECONDS", 0.3)
    with smsc() as centre:
        connection_id = add_connection(sqlite)
        carrier = make_carrier(sqlite, connection_id, centre.port)
        (outcome,) = carrier.submit_all([submission()], clock.now())
        assert isinstance(outcome, CarrierError)
        assert (outcome.code, outcome.retryable, outcome.in_doubt) == ("carrier_unreachable", True, False)

        holder = make_carrier(sqlite, connection_id, centre.port, owner="worker-1")
        holder.start(lambda events: None)
        try:
            assert holder.link.wait_bound(5)
            time.sleep(0.4)
            assert centre.submitted == []
        finally:
            holder.stop()


def test_refusals_reach_the_process_that_asked(sqlite: Database) -> None:
    with (
        smsc(lambda centre, one: one.connection.answer(one.pdu, 0x0B)) as centre,
        office(sqlite, centre.port) as holder,
    ):
        other = make_carrier(sqlite, holder.connection_id, centre.port, owner="worker-1")
        (outcome,) = other.submit_all([submission()], clock.now())

        assert outcome.code == "unknown_number"  # type: ignore[union-attr]


def test_when_the_holder_ends_another_takes_the_link_at_once(sqlite: Database) -> None:
    with (
        smsc() as centre,
        office(sqlite, centre.port) as first,
        office(sqlite, centre.port, again=first, owner="worker-1", bound=False) as second,
    ):
        eventually(lambda: not second.carrier.link.holds)
        first.carrier.stop()
        assert second.carrier.link.wait_bound(2)
        second.send()

        assert len(centre.commands(Command.UNBIND)) == 1


def test_a_holder_that_died_is_followed_when_its_lease_ends_and_its_unanswered_messages_are_in_doubt(
    sqlite: Database,
) -> None:
    with smsc(lambda centre, one: None) as centre:
        connection_id = add_connection(sqlite)
        with sqlite.begin() as session:
            until = clock.now() + timedelta(seconds=1)
            assert connections.take_lease(session, connection_id, "dead", clock.now(), until)
        carrier = make_carrier(sqlite, connection_id, centre.port)
        part = carrier._parts(one := submission())[0]
        carrier._ledger.reserve([part], clock.now())
        again = Office(sqlite, connection_id, carrier, None)  # type: ignore[arg-type]
        with office(sqlite, centre.port, again=again) as opened:
            assert [part.state for part in opened.parts(one.attempt_id)] == ["doubt"]
            centre.deliver(receipt(PHONE[1:], "ANY"))
            eventually(lambda: opened.told.states(one.attempt_id) == ["delivered"])


def test_a_holder_that_cannot_renew_its_lease_lets_go_of_the_link(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened:
        with sqlite.begin() as session:
            held = connections.lease(session, opened.connection_id)
            assert held is not None
            held.owner, held.expires_at = "thief", clock.now() + timedelta(minutes=5)
            session.add(held)
        eventually(lambda: not opened.carrier.link.holds)

        assert opened.carrier.link.standing.state == "elsewhere"
        assert not opened.carrier.link.wait_bound(0)
