"""Opening a document: what each outcome leaves behind, and what it must not."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from app.core.errors import KeysUnavailable, Overloaded
from app.crypto.epochs import EpochName
from app.crypto.passwords import Argon2Pool
from app.crypto.tokens import new_link_secret, new_ref
from app.db.queries import documents, journal
from app.usecases.opening.close_reading import close_reading
from app.usecases.opening.greet_reader import Greeting, Neutral, greet_reader
from app.usecases.opening.note_downloads import note_downloads
from app.usecases.opening.read_document import authorize_bytes, note_reading
from app.usecases.opening.unlock_document import (
    MustWait,
    NotOpen,
    NotProven,
    Outcome,
    Unlocked,
    Wrong,
    unlock_document,
)
from links.lifecycle import revoke_documents
from links.sessions import SessionKind
from links.state import LinkState
from tests.web.live import Letter, Live

OWN, OTHER = "203.0.113.9", "198.51.100.4"


def unlock(
    live: Live,
    letter: Letter,
    password: str | None = None,
    *,
    address: str = OWN,
    kind: SessionKind = "cookie",
) -> Outcome:
    typed = letter.password if password is None else password
    return unlock_document(live.rt, letter.ref, letter.secret, typed, address, live.rt.now(), kind)


def test_an_opening_leaves_one_event_one_session_and_a_mark_on_the_line(live: Live, letter: Letter) -> None:
    outcome = unlock(live, letter)
    assert isinstance(outcome, Unlocked)
    assert outcome.known.period == letter.period
    assert outcome.value not in repr(outcome)
    with live.rt.read() as session:
        line = documents.get(session, live.house.organisation.id, letter.document_id)
    assert line is not None
    assert line.opened_at is not None
    assert live.journal(letter)[-1] == "link:unlock_ok"
    assert len([row for row in live.rows()["link_session"] if letter_id(live, letter) in row]) == 1


def letter_id(live: Live, letter: Letter) -> str:
    return str(live.link_row(letter)["id"])


def test_a_ticket_is_a_session_of_its_own_and_short(live: Live, letter: Letter) -> None:
    outcome = unlock(live, letter, kind="ticket")
    assert isinstance(outcome, Unlocked)
    now = live.rt.now()
    assert len(outcome.value) == 22
    assert authorize_bytes(live.rt, letter.ref, outcome.value, now) is not None
    assert authorize_bytes(live.rt, letter.ref, outcome.value, now + timedelta(minutes=2)) is None


def test_the_proof_says_who_sends_and_a_stranger_learns_nothing(live: Live, letter: Letter) -> None:
    now = live.rt.now()
    greeting = greet_reader(live.rt, letter.ref, letter.secret, OWN, now)
    assert isinstance(greeting, Greeting)
    assert (greeting.state, greeting.known.sender, greeting.known.password_policy) == (
        LinkState.LIVE,
        "Boulangerie Épi",
        "sheet",
    )
    assert greeting.known.last_day.isoformat() == "2026-12-31"
    for ref, secret in ((letter.ref, new_link_secret(16)), (new_ref(), letter.secret)):
        assert greet_reader(live.rt, ref, secret, OTHER, now) == Neutral()


def test_a_stranger_never_costs_argon2_and_never_delays_the_owner(
    live: Live, letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    real = Argon2Pool.derive

    def counted(pool: Argon2Pool, secret: bytes, salt: bytes, kdf: int) -> bytes:
        calls.append(kdf)
        return real(pool, secret, salt, kdf)

    monkeypatch.setattr(Argon2Pool, "derive", counted)
    outcomes = [
        unlock_document(live.rt, letter.ref, new_link_secret(16), "x", OWN, live.rt.now()) for _ in range(300)
    ]
    assert {type(outcome) for outcome in outcomes} == {NotProven}
    assert isinstance(outcomes[-1], NotProven)
    assert outcomes[-1].retry_after > 0
    assert calls == []
    assert isinstance(unlock(live, letter), Unlocked), "even from the stranger's own network"


def test_networks_are_told_apart_by_24_bits(live: Live, letter: Letter) -> None:
    for n in range(5):
        unlock(live, letter, f"perdu {n}", address=f"203.0.113.{n}")
    assert isinstance(unlock(live, letter, address="203.0.113.200"), MustWait)
    assert isinstance(unlock(live, letter, address="203.0.114.1"), Unlocked)


def test_parallel_wrong_passwords_are_counted_exactly(live: Live, letter: Letter) -> None:
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda n: unlock(live, letter, f"perdu {n}"), range(16)))
    wrong = [outcome for outcome in outcomes if isinstance(outcome, Wrong)]
    assert len(wrong) == 5
    assert len([outcome for outcome in outcomes if isinstance(outcome, MustWait)]) == 11
    assert sorted(outcome.tries_left for outcome in wrong) == [15, 16, 17, 18, 19]
    assert live.link_row(letter)["bad"] == 5


@pytest.mark.parametrize("error", [Overloaded("argon2_queue", "full"), RuntimeError("driver")])
def test_a_try_that_ended_without_an_answer_does_not_count(
    live: Live, letter: Letter, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(*_: object) -> bytes:
        raise error

    monkeypatch.setattr(Argon2Pool, "derive", broken)
    with pytest.raises(type(error)):
        unlock(live, letter)
    assert live.link_row(letter)["bad"] == 0


def test_a_missing_key_of_the_operator_counts_nothing(live: Live, letter: Letter) -> None:
    day = live.link_row(letter)["hard_day"]
    key = live.folder / "epochs" / f"{EpochName.link(live.house.organisation.id, day)}.key"
    before = live.rows()
    key.rename(key.with_suffix(".away"))
    try:
        with pytest.raises(KeysUnavailable):
            unlock(live, letter)
    finally:
        key.with_suffix(".away").rename(key)
    assert live.rows() == before


def test_without_a_journal_there_is_no_session_and_no_byte(
    live: Live, letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = unlock(live, letter)
    assert isinstance(opened, Unlocked)
    readable = authorize_bytes(live.rt, letter.ref, opened.value, live.rt.now())
    assert readable is not None
    before = live.rows()

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(journal, "append", full)
    with pytest.raises(OSError, match="disk full"):
        unlock(live, letter)
    with pytest.raises(OSError, match="disk full"):
        note_reading(live.rt, readable, "viewed", live.rt.now())
    after = live.rows()
    assert after["link_session"] == before["link_session"]
    assert live.link_row(letter)["bad"] == 0, "the reader does not pay for it"
    assert live.link_row(letter)["openings"] == 1


def test_a_link_revoked_while_the_password_is_checked_does_not_open(
    live: Live, letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Argon2Pool.derive

    def meanwhile(pool: Argon2Pool, secret: bytes, salt: bytes, kdf: int) -> bytes:
        with live.rt.begin() as session:
            revoke_documents(session, [letter.document_id], "recalled", live.rt.now())
        return real(pool, secret, salt, kdf)

    monkeypatch.setattr(Argon2Pool, "derive", meanwhile)
    outcome = unlock(live, letter)
    assert isinstance(outcome, NotOpen)
    assert outcome.state is LinkState.REVOKED
    assert "link:unlock_ok" not in live.journal(letter)


def test_closing_ends_this_session_and_no_other(live: Live, letter: Letter) -> None:
    first, second = unlock(live, letter), unlock(live, letter)
    assert isinstance(first, Unlocked)
    assert isinstance(second, Unlocked)
    close_reading(live.rt, first.value)
    close_reading(live.rt, first.value)
    close_reading(live.rt, "nonsense")
    now = live.rt.now()
    assert authorize_bytes(live.rt, letter.ref, first.value, now) is None
    assert authorize_bytes(live.rt, letter.ref, second.value, now) is not None


def test_downloads_reach_the_line_from_the_journal_once(live: Live, letter: Letter) -> None:
    opened = unlock(live, letter)
    assert isinstance(opened, Unlocked)
    readable = authorize_bytes(live.rt, letter.ref, opened.value, live.rt.now())
    assert readable is not None

    def downloaded_at() -> object:
        with live.rt.read() as session:
            line = documents.get(session, live.house.organisation.id, letter.document_id)
        return line and line.downloaded_at

    note_reading(live.rt, readable, "viewed", live.rt.now())
    note_downloads(live.rt)
    assert downloaded_at() is None
    note_reading(live.rt, readable, "downloaded", live.rt.now())
    note_downloads(live.rt)
    first = downloaded_at()
    assert first is not None
    note_reading(live.rt, readable, "downloaded", live.rt.now() + timedelta(minutes=1))
    note_downloads(live.rt)
    assert downloaded_at() == first
