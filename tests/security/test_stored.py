"""What a thief of the database must not find in clear."""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import sqlalchemy as sa

from app.carriers.base import Inbound
from app.carriers.http.calls import CallbackRequest, Callbacks
from app.carriers.smpp.ledger import SAME_REPLY, Ledger, Missing
from app.carriers.smpp.receipts import Piece
from app.db.models import JournalEvent
from app.db.queries import batches, journal
from app.db.sending import connections
from app.db.sending.connections import NewConnection
from app.db.sending.failures import read_failure
from app.db.sending.smpp_store import SmppStore
from app.documents.people.headings import Field
from app.documents.people.mapping import Answer
from app.evidence.tags import Tag
from app.usecases.batches.cancel_batch import cancel_batch
from app.usecases.batches.choose_mapping import choose_mapping
from app.usecases.batches.show_batch import show_batch
from app.usecases.messages.record_inbound import record_inbound
from app.usecases.operations.verify_journal import verify_journal
from app.web.callbacks.routes import take
from tests.carriers.http.double import Say, double
from tests.databases import SqliteDatabases
from tests.documents.people.builders import workbook
from tests.pipeline import pipeline
from tests.stories.payroll import TEAM, ZOE, list_of, pdf_of
from tests.stories.story import Clock, Story


@pytest.fixture
def story(sqlite_databases: SqliteDatabases, tmp_path: Path) -> Iterator[Story]:
    clock = Clock()
    with (
        sqlite_databases.migrated() as url,
        pipeline(tmp_path / "data", database_url=url, now=clock) as made,
    ):
        yield Story(made, clock, tmp_path / "data")


def stored(story: Story) -> str:
    """Every value of every table, as text."""
    with story.rt.database.engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
        rows = [row for table in tables for row in connection.execute(sa.text(f'SELECT * FROM "{table}"'))]
    return "\n".join(map(repr, rows))


def test_a_refused_file_is_named_on_the_screen_and_not_in_the_database(story: Story) -> None:
    name = "Bulletin DUPONTEL Marie 0612345678.pdf"
    batch = story.upload_files({name: b"%PDF-1.7 not really"}, ("salaries.csv", list_of(TEAM)))
    assert batch.state == "failed"
    assert read_failure(story.rt.vault, batch) == {"code": "pdf_damaged", "detail": name}
    assert show_batch(story.rt, story.id, batch.id).failure["detail"] == name
    found = stored(story)
    assert "DUPONTEL" not in found
    assert "0612345678" not in found


def test_remembered_headings_are_sealed(story: Story) -> None:
    headings = {"dupontel marie": "full_name", "a0042": "staff_number"}
    with story.rt.begin() as session:
        batches.remember_headings(session, story.rt.vault, story.id, headings, story.rt.now())
        batches.remember_headings(session, story.rt.vault, story.id, {"gsm": "phone"}, story.rt.now())
    with story.rt.read() as session:
        assert batches.remembered_headings(session, story.rt.vault, story.id) == {**headings, "gsm": "phone"}
    found = stored(story)
    assert "dupontel" not in found
    assert base64.b64encode(b"dupontel").decode() not in found


def test_the_sheet_that_a_clerk_chose_is_not_named_in_the_database(story: Story) -> None:
    row = ("A0042", "DUPONTEL", "0612345678", "T8QX-4MKW")
    sheets: dict[str, list[tuple[str, ...]]] = {
        "Notes": [("x",)],
        "Equipe DUPONTEL": [("Repère", "Nom", "Contact", "Sésame"), row],
    }
    batch = story.upload_files({"b.pdf": pdf_of(TEAM)}, ("salaries.xlsx", workbook(sheets)))
    assert batch.state == "needs_mapping"
    columns = {Field.STAFF_NUMBER: 0, Field.LAST_NAME: 1, Field.PHONE: 2, Field.ACCESS_CODE: 3}
    choose_mapping(story.rt, story.id, batch.id, Answer("Equipe DUPONTEL", 1, columns))
    found = stored(story)
    assert "DUPONTEL" not in found
    assert base64.b64encode(b"Equipe DUPONTEL").decode() not in found
    story.pipeline.run("split_batch")
    assert story.pipeline.batch(batch.id).state == "in_review"
    assert "A0042" in {line.staff for line in story.review(batch)}


def test_a_journal_that_grew_long_tells_the_newest_events(story: Story) -> None:
    batch = story.upload(TEAM)
    entries = [journal.Entry(Tag.DOCUMENT_VIEWED, batch.id, {}) for _ in range(700)]
    with story.rt.begin() as session:
        journal.append(session, story.rt.vault, story.id, entries, story.rt.now())
    cancel_batch(story.rt, story.id, batch.id, "clerk")
    with story.rt.read() as session:
        told = journal.about(session, story.rt.vault, story.id, [batch.id])
    assert (len(told), told[-1].tag) == (500, "batch:cancelled")
    assert [event.seq for event in told] == sorted(event.seq for event in told)


@pytest.mark.parametrize("change", ["tag", "subject", "erase", "body"])
def test_a_changed_journal_does_not_check(story: Story, change: str) -> None:
    story.upload(TEAM)
    assert verify_journal(story.rt, story.id).sound
    with story.rt.begin() as session:
        events = list(session.scalars(sa.select(JournalEvent).order_by(JournalEvent.seq)))  # type: ignore[arg-type]
        victim, other = events[-1], events[-2]
        match change:
            case "tag":
                victim.tag = "document:downloaded"
            case "subject":
                victim.subject_id = other.subject_id
            case "erase":
                victim.body_sealed = victim.salt = None
            case "body":
                victim.body_sealed = other.body_sealed
        broken = victim.seq
        session.add(victim)
    verdict = verify_journal(story.rt, story.id)
    assert (verdict.broken_at, verdict.fault) == (broken, "commitment")


PHONE = "+33611001001"
DIGITS = PHONE[1:]


def called(story: Story, address: str, **filled: str) -> None:
    """As Kannel calls an address, with its placeholders filled in."""
    address = re.sub(r"=%(\w)", lambda mark: f"={filled.get(mark[1], '')}", address)
    query = dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
    take(story.rt, "kannel", "GET", CallbackRequest(address, query, (), {}, b""), "192.0.2.1")


def hashes(said: Iterable[str]) -> Iterator[str]:
    """How a plain hash of these would show in `stored`: as text, as bytes, and cut."""
    for one in said:
        digest = sha256(one.encode())
        yield digest.hexdigest()[:32]
        yield repr(digest.digest()[:16])[2:-1]


def test_no_number_can_be_found_in_what_carriers_told(story: Story) -> None:
    """Mobile numbers are few enough to try them all: neither a number nor a hash without a key may be stored."""
    with double() as provider:
        provider.answers["/cgi-bin/sendsms"] = Say(202, b"0: Accepted for delivery")
        given = {"address": provider.base, "username": "u", "password": "p"}
        with story.rt.begin() as session:
            columns, now = story.rt.vault.columns, story.rt.now()
            new = NewConnection("kannel", "kannel", json.dumps(given), rate=100.0)
            kannel = connections.add(session, columns, new, now)
            smpp = connections.add(session, columns, NewConnection("smpp", "smpp", "{}", rate=100.0), now)
        story.change_sender("sms", carrier="kannel")
        story.sent(ZOE, channels=("sms",))
        sent = dict(parse_qsl(urlsplit(provider.to("/cgi-bin/sendsms")[0].path).query))
    called(story, sent["dlr-url"], d="1", p=f"%2B{DIGITS}", A="ACK")
    answers = Callbacks.at("https://pli.example.fr", "kannel", connections.callback_secret(columns, kannel))
    long_id = f"{DIGITS}-" + "0" * 80
    for text, name in (("merci", long_id), ("", long_id)):
        called(
            story,
            f"{answers.of_connection()}&from=%p&to=36105{'&text=' + text if text else ''}&id={name}",
            p=DIGITS,
        )

    ledger = Ledger(SmppStore(story.rt.database, columns, smpp), "any", {})
    story.change_sender("sms", carrier="smpp")
    whole = ledger.inbound(Piece(DIGITS, "ATELIER", "bonjour"), now)
    assert isinstance(whole, Inbound)
    record_inbound(story.rt, whole)
    assert ledger.inbound(Piece(DIGITS, "ATELIER", "bon", 9, 1, 2), now) is Missing.PARTS
    found = stored(story)
    second = ledger.inbound(Piece(DIGITS, "ATELIER", "jour", 9, 2, 2), now)
    assert isinstance(second, Inbound)
    record_inbound(story.rt, second)
    found += stored(story)
    assert DIGITS[2:] not in found
    slot = str(int(now.timestamp() // SAME_REPLY.total_seconds()))
    tried = [
        *(
            number + rest
            for number in (PHONE, DIGITS, f"0{DIGITS[2:]}")
            for rest in ("", long_id[len(DIGITS) :])
        ),
        f"kannel:{long_id}",
        f"{long_id}:reply",
        "\0".join((DIGITS, "ATELIER", "bonjour", slot)),
        "\0".join((DIGITS, "ATELIER", "9", "2")),
    ]
    assert [one for one in hashes(tried) if one in found] == []
