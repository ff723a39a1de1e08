"""Setting a carrier up by hand, hearing what is wrong with it, and seeing one message through it."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.cli.carrier import carrier_password
from app.core.errors import InvalidInput
from app.db.sending.connections import NewConnection
from app.usecases.callbacks.open_connection import open_connection
from app.usecases.carriers.add_connection import add_connection
from app.usecases.carriers.change_connection import change_connection
from app.wiring import KINDS, read_settings
from tests.carriers.smpp.double import Smsc, Submitted, accept, eventually, smsc
from tests.cli.processes import Done, Service, call, free_port
from tests.usecases.house import open_house

PASSWORD = "secret08"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    made = call("org", "create", "Dupont", "--sender", "DUPONT", "--contact", "x@example.com", folder=folder)
    assert made.returncode == 0, made.stderr
    return folder


def add(folder: Path, port: int, *settings: str, name: str = "oper", password: str = PASSWORD) -> Done:
    given = ("host=127.0.0.1", f"port={port}", "tls=false", "system_id=esme1", *settings)
    return call("carrier", "add", "smpp", name, *given, folder=folder, stdin=f"{password}\n")


def delivers(centre: Smsc, one: Submitted) -> None:
    message_id = centre.next_id()
    one.connection.answer(one.pdu, message_id=message_id)
    centre.receipt(one, message_id, "UNDELIV" if one.to.endswith("92") else "DELIVRD")


def fails_with_27(centre: Smsc, one: Submitted) -> None:
    message_id = centre.next_id()
    one.connection.answer(one.pdu, message_id=message_id)
    centre.receipt(one, message_id, "UNDELIV", err="027")


@pytest.fixture
def centre() -> Iterator[Smsc]:
    with smsc(delivers) as running:
        yield running


def test_a_carrier_is_added_listed_and_removed_and_its_password_is_nowhere(
    folder: Path, centre: Smsc
) -> None:
    made = add(folder, centre.port)
    assert (made.returncode, made.stderr) == (0, "")
    assert "pli carrier check oper" in made.stdout
    assert call("carrier", "list", folder=folder).stdout == "oper\tsmpp\t10\tall\t\n"

    with sqlite3.connect(folder / "pli.db") as database:
        dump = "\n".join(database.iterdump()).lower()
    database.close()
    assert PASSWORD not in dump
    assert PASSWORD.encode().hex() not in dump
    assert "esme1" not in dump

    assert call("carrier", "remove", "oper", folder=folder).returncode == 0
    assert call("carrier", "list", folder=folder).stdout == ""
    assert "There is no carrier named oper" in call("carrier", "remove", "oper", folder=folder).stderr


def test_the_kinds_say_what_they_need() -> None:
    said = call("carrier", "kinds", folder=Path("unused")).stdout

    assert "smpp\n" in said
    assert "  * host\n" in said
    assert "  * password  (secret)\n" in said
    assert "    long_text = 'udh8'\n" in said


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("window=many",), "window"),
        (("colour=red",), "colour"),
        (("password=secret08",), "do not give it as an argument"),
        (("window",), "not a setting with its value"),
        (("languages=[",), "JSON"),
        (('languages=["klingon"]',), "klingon"),
        (('languages=["turkish"]', "long_text=sar"), "udh8"),
        (("client_cert=a.pem",), "belong together"),
        (('error_codes={"027": "gone"}',), "phone_absent"),
    ],
)
def test_what_cannot_be_a_setting_is_said_without_its_password(
    folder: Path, settings: tuple[str, ...], said: str
) -> None:
    done = add(folder, 2775, *settings)

    assert done.returncode == 1
    assert said in done.stderr
    assert PASSWORD not in done.stderr


def test_a_password_that_smpp_cannot_hold_is_refused_unseen(folder: Path) -> None:
    done = add(folder, 2775, password="secret08+1")

    assert (done.returncode, "8 characters" in done.stderr, "secret08" in done.stderr) == (1, True, False)


def test_a_name_is_used_once_and_never_that_of_the_simulator(folder: Path) -> None:
    assert add(folder, 2775).returncode == 0
    assert "already" in add(folder, 2775).stderr
    assert "already" in add(folder, 2775, name="simulator").stderr
    assert "small letters" in add(folder, 2775, name="Oper 1").stderr


def test_an_unknown_kind_destination_and_rate(folder: Path) -> None:
    kind = call("carrier", "add", "pigeon", "oper", folder=folder)
    given = ("carrier", "add", "smpp", "oper", "host=x", "system_id=y")
    destination = call(*given, "--destination", "moon", folder=folder, stdin="p\n")
    rate = call(*given, "--rate", "0", folder=folder, stdin="p\n")

    assert "pli carrier kinds" in kind.stderr
    assert "metropole, overseas, foreign" in destination.stderr
    assert "segments a second" in rate.stderr


def test_a_carrier_that_works_is_said_to(folder: Path, centre: Smsc) -> None:
    add(folder, centre.port)
    done = call("carrier", "check", "oper", folder=folder)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"ok    logged in to 127.0.0.1:{centre.port} as esme1")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (0x0E, "the password is wrong (0x0E)"),
        (0x0F, "system_id is not known"),
        (0x0D, "without saying why"),
        (0x53, "system_type is wrong"),
        (0x05, "bound already"),
        (0x58, "slow down"),
        (0x04, "does not take this kind of bind"),
        (0x499, "status 0x499"),
    ],
)
def test_a_refused_login_in_plain_words(folder: Path, centre: Smsc, status: int, said: str) -> None:
    centre.bind_status = status
    add(folder, centre.port)
    done = call("carrier", "check", "oper", folder=folder)

    assert done.returncode == 1
    assert done.stdout.startswith("WRONG ")
    assert said in done.stdout


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("host=nowhere.invalid",), "the host name is not known"),
        (("port=1",), "nothing listens on that port"),
        (("tls=true", "ca_file=nowhere.pem"), "cannot be read"),
    ],
)
def test_a_link_that_cannot_be_made_in_plain_words(
    folder: Path, settings: tuple[str, ...], said: str
) -> None:
    add(folder, 2775, *settings)
    done = call("carrier", "check", "oper", folder=folder)

    assert done.returncode == 1
    assert said in done.stdout


def test_a_link_in_clear_to_another_host_is_warned_about(folder: Path) -> None:
    add(folder, 2775, "host=nowhere.invalid")

    assert "cross the network in clear" in call("carrier", "check", "oper", folder=folder).stdout


def test_a_host_that_closes_and_one_that_says_nothing_after_the_login(folder: Path, centre: Smsc) -> None:
    add(folder, centre.port)
    centre.answers_enquire = False
    silent = call("carrier", "check", "oper", folder=folder)
    centre.hangs_up = True
    closed = call("carrier", "check", "oper", folder=folder)

    assert (silent.returncode, closed.returncode) == (1, 1)
    assert "did not answer enquire_link" in silent.stdout
    assert "closed the connection before it answered the login" in closed.stdout


def test_receipts_that_never_come_are_noticed(folder: Path, centre: Smsc) -> None:
    add(folder, centre.port)
    centre.acts = accept
    for n in range(5):
        sent = call("send-sms", f"+3361234560{n}", "x", "--carrier", "oper", "--wait", "0", folder=folder)
        assert "no final report" in sent.stdout
    fine = call("carrier", "check", "oper", folder=folder)
    with sqlite3.connect(folder / "pli.db") as database:
        database.execute("UPDATE smpp_part SET sent_at = datetime('now', '-1 hour')")
    database.close()
    done = call("carrier", "check", "oper", folder=folder)

    assert fine.returncode == 0
    assert done.returncode == 1
    assert "took 5 messages in the last day and sent a receipt for none" in done.stdout


def test_numbers_of_the_carriers_own_are_named_until_they_are_translated(folder: Path, centre: Smsc) -> None:
    add(folder, centre.port)
    sending = ("send-sms", "+33612345678", "x", "--carrier", "oper", "--wait", "2")
    for status in (0x401, 0x401, 0x4F2, 0x0B):
        centre.acts = lambda _, one, status=status: one.connection.answer(one.pdu, status)  # type: ignore[misc]
        assert call(*sending, folder=folder).returncode == 1
    centre.acts = fails_with_27
    assert "report: failed" in call(*sending, folder=folder).stdout
    told = call("carrier", "check", "oper", folder=folder)
    meanings = ('statuses={"0x401": "blocked"}', 'error_codes={"027": "phone_absent"}')
    assert call("carrier", "change", "oper", *meanings, folder=folder).returncode == 0
    later = call("carrier", "check", "oper", folder=folder)

    assert "numbers of its own: 0x401 (2 times), 027 (1 times), 0x4f2 (1 times)." in told.stdout
    assert "numbers of its own: 0x4f2 (1 times)." in later.stdout
    assert (told.returncode, later.returncode) == (0, 0)


def test_one_message_until_its_final_report(folder: Path, centre: Smsc) -> None:
    add(folder, centre.port)
    done = call("send-sms", "06 12 34 56 78", "Bonjour", "--carrier", "oper", folder=folder)
    failed = call(
        "send-sms", "+33612345692", "é" * 161, "--carrier", "oper", "--from", "36180", folder=folder
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split("s  ", 1)[1] for line in done.stdout.splitlines()] == [
        "1 segments, GSM-7",
        "accepted 00001001",
        "report: delivered",
    ]
    assert failed.returncode == 1
    assert "report: failed undelivered" in failed.stdout
    assert [(one.to, one.message.source.digits) for one in centre.submitted] == [
        ("33612345678", "DUPONT"),
        ("33612345692", "36180"),
        ("33612345692", "36180"),
    ]


def test_a_message_that_is_refused_or_not_answered(folder: Path, centre: Smsc) -> None:
    add(folder, centre.port, "answer_seconds=0.3")
    centre.acts = lambda _, one: one.connection.answer(one.pdu, 0x0B)
    refused = call("send-sms", "+33612345678", "x", "--carrier", "oper", folder=folder)
    centre.acts = lambda _, one: None
    doubtful = call("send-sms", "+33612345678", "x", "--carrier", "oper", "--wait", "0.1", folder=folder)

    assert "failed unknown_number" in refused.stdout
    assert "unknown no_answer" in doubtful.stdout
    assert (refused.returncode, doubtful.returncode) == (1, 1)


def test_an_offer_is_warned_about(folder: Path, centre: Smsc) -> None:
    add(folder, centre.port)
    done = call("send-sms", "+33612345678", "Profitez de nos soldes", "--carrier", "oper", folder=folder)
    assert "warning: “profitez” looks like an offer" in done.stdout


def test_what_is_asked_wrongly_is_one_sentence(folder: Path, centre: Smsc) -> None:
    add(folder, centre.port)
    for arguments in (
        ("+33612345678", "x", "--carrier", "nobody"),
        ("12", "x", "--carrier", "oper"),
        ("+33612345678", " ", "--carrier", "oper"),
        ("+33612345678", "a" * 1531, "--carrier", "oper"),
        ("+33612345678", "x", "--carrier", "oper", "--org", "nobody"),
    ):
        done = call("send-sms", *arguments, folder=folder)
        assert (done.returncode, done.stderr[:5], done.stderr.count("\n")) == (1, "pli: ", 1)
    assert centre.submitted == []


def test_a_worker_holds_the_link_and_a_command_beside_it_sends_through_it(folder: Path, centre: Smsc) -> None:
    add(folder, centre.port)
    with Service("serve", folder=folder, port=free_port()) as service:
        service.wait_for("pli: serving")
        done = call("send-sms", "+33612345678", "Bonjour", "--carrier", "oper", folder=folder)
        listed = call("carrier", "list", folder=folder).stdout
        checked = call("carrier", "check", "oper", folder=folder)
        binds = len(centre.binds)
        renewed = call("carrier", "password", "oper", folder=folder, stdin="renewed8\n")
        eventually(lambda: [bind.password for bind, _ in centre.binds][-1] == "renewed8", 12)
    assert service.status == 0
    assert (done.returncode, "report: delivered" in done.stdout) == (0, True), done.stdout + done.stderr
    assert "\tbound " in listed
    assert checked.stdout.startswith("ok    the worker ")
    assert binds == 1
    assert renewed.returncode == 0
    assert not [line for line in service.lines if PASSWORD in line or "renewed8" in line]
    assert (
        json.loads(next(line for line in service.lines if "bound to a carrier" in line))["carrier"] == "oper"
    )


def test_the_texts_of_an_organisation_are_moved_to_a_carrier_and_back(folder: Path, centre: Smsc) -> None:
    add(folder, centre.port)
    use = ("carrier", "use")
    assert call(*use, "oper", "--org", "dupont", folder=folder).stdout == "Leaves by oper now: DUPONT\n"
    assert call(*use, "oper", "--org", "dupont", folder=folder).stdout == "Left by oper already.\n"
    assert "Move the sender" in call("carrier", "remove", "oper", folder=folder).stderr
    assert "no such sender" in call(*use, "routed", "--org", "dupont", "--sender", "X", folder=folder).stderr
    assert "There is no carrier" in call(*use, "nobody", "--org", "dupont", folder=folder).stderr
    assert call(*use, "routed", "--org", "dupont", "--sender", "DUPONT", folder=folder).returncode == 0
    assert call("carrier", "remove", "oper", folder=folder).returncode == 0


def test_a_carrier_of_one_organisation_is_not_for_another(folder: Path, centre: Smsc) -> None:
    call("org", "create", "Martin", "--sender", "MARTIN", "--contact", "x", folder=folder)
    given = ("carrier", "add", "smpp", "theirs", "host=x", "system_id=y", "--org", "martin")
    assert call(*given, folder=folder, stdin="p\n").returncode == 0

    refused = call("carrier", "use", "theirs", "--org", "dupont", folder=folder)

    assert "belongs to another organisation" in refused.stderr
    assert "\tmartin\t" in call("carrier", "list", folder=folder).stdout


def test_a_secret_that_may_be_left_out_is_asked_for_like_any_other(folder: Path) -> None:
    kinds = call("carrier", "kinds", folder=folder).stdout
    assert "    signing_secret  (secret)" in kinds
    given = ("twilio", "tw", "account_sid=AC1")
    shown = call("carrier", "add", *given, "signing_secret=x", folder=folder, stdin="token\n")
    assert shown.returncode == 1
    assert "signing_secret is asked for" in shown.stderr
    assert call("carrier", "add", *given, folder=folder, stdin="token\nshared-key\n").returncode == 0
    assert call("carrier", "password", "tw", folder=folder, stdin="token-2\n\n").returncode == 0


@pytest.mark.parametrize("kind", ["twilio", "ovh", "smsmode"])
def test_an_address_in_clear_is_taken_for_this_machine_only(kind: str) -> None:
    model = KINDS[kind].settings
    needed = (
        {name: "x" for name, info in model.model_fields.items() if info.is_required()}
        | ({"account_sid": "AC1"} if kind == "twilio" else {})
        | ({"service": "sms-ab123-1"} if kind == "ovh" else {})
    )
    for address in ("http://api.example.com", "http://10.0.0.1", "http://localhost.example.com"):
        with pytest.raises(InvalidInput, match="https"):
            read_settings(model, json.dumps(needed | {"address": address}))
    for address in (
        "https://api.example.com",
        "http://127.0.0.1:8080",
        "http://localhost:8080",
        "http://[::1]:80",
    ):
        read_settings(model, json.dumps(needed | {"address": address}))


def test_the_settings_stay_free_while_a_password_is_typed(
    tmp_path: Path, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another changes meanwhile stays, and nobody who writes waits for the one who types."""
    first = {"address": "https://sms.example", "username": "u", "password": "old"}
    with open_house(tmp_path / "data", empty_database_url) as house:
        add_connection(house.rt, NewConnection("sms", "kannel", json.dumps(first), 10.0))

        def typed(_model: object) -> dict[str, str]:
            narrowed = json.dumps(first | {"callback_networks": ["192.0.2.0/24"]})
            change_connection(house.rt, "sms", lambda _connection: narrowed)
            return {"password": "new"}

        monkeypatch.setattr("app.cli.carrier._ask", typed)
        monkeypatch.setattr("app.cli.setup.opened", lambda: nullcontext(SimpleNamespace(runtime=house.rt)))
        carrier_password("sms")
        found = open_connection(house.rt, "sms")
        assert found is not None
        kept = json.loads(found[0].settings)
        assert (kept["password"], kept["callback_networks"]) == ("new", ["192.0.2.0/24"])
