"""Opening a link: what opens, what does not, and in which order things are asked."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.core.errors import KeysUnavailable, Overloaded
from app.crypto import tokens
from app.crypto.epochs import EpochName
from app.crypto.keyring import AppKeys, KeyRing
from app.crypto.linkkeys import LinkKeys
from app.crypto.passwords import Argon2Pool
from app.db.session import Database
from links import lifecycle, opening, sessions
from links.errors import LinkError
from links.limits import Wait
from links.minting import mint
from links.opening import Opened, Refused, WrongPassword
from links.policy import LinkPolicy, terms
from links.ports import NO_PASSWORD_KEY, PasswordKey
from links.state import LinkState
from tests.links.conftest import (
    NET,
    NOW,
    OTHER_NET,
    PARIS,
    PASSWORD,
    UNTIL,
    CountingPool,
    House,
    Sent,
    house_of,
)

TICK = timedelta(microseconds=1)


def opened_dek(house: House, sent: Sent, outcome: object) -> bytes:
    """The document key of the session that an opening began."""
    assert isinstance(outcome, Opened)
    with house.database.read() as session:
        found = sessions.authorize(session, house.keys, sent.ref, outcome.session.value, NOW)
    assert found is not None
    return found.dek


@pytest.mark.parametrize("until", [UNTIL, None])
@pytest.mark.parametrize("password", [PASSWORD, None])
def test_a_link_opens_with_or_without_password_and_date(
    house: House, password: str | None, until: Any
) -> None:
    sent = house.send(password=password, until=until)
    assert len(sent.secret) == (16 if password else 22)
    outcome = house.try_password(sent, password or "")
    assert opened_dek(house, sent, outcome) == sent.dek
    assert isinstance(outcome, Opened)
    assert [event.kind for event in outcome.events] == ["unlock_ok"]
    assert outcome.events[0].details == {"opening": 1, "with_password": password is not None}


@pytest.mark.parametrize("kdf", [1, 2])
def test_a_link_opens_with_real_argon2_at_both_costs(database: Database, tmp_path: Path, kdf: int) -> None:
    pool = Argon2Pool(threads=1)
    house = house_of(database, pool, tmp_path)
    sent = house.send(kdf=kdf)
    assert isinstance(house.try_password(sent, "748292"), WrongPassword)
    assert opened_dek(house, sent, house.try_password(sent)) == sent.dek
    pool.close()


def test_a_generated_code_opens_however_it_is_typed(house: House) -> None:
    sent = house.send(password="7K3M-9QX0")
    assert isinstance(house.try_password(sent, " 7k3m 9qxo "), Opened)


def test_a_payslip_link_opens_again_and_again(house: House) -> None:
    sent = house.send()
    for count in (1, 2, 3):
        outcome = house.try_password(sent, now=NOW + timedelta(hours=count))
        assert isinstance(outcome, Opened)
        assert outcome.events[0].details["opening"] == count
    row = house.row(sent)
    assert (row.openings, row.bad) == (3, 0)
    assert (row.first_opened_at, row.last_opened_at) == (NOW + timedelta(hours=1), NOW + timedelta(hours=3))


def test_a_wrong_password_is_told_with_the_tries_left(house: House, pool: CountingPool) -> None:
    sent = house.send()
    outcome = house.try_password(sent, "000000")
    assert isinstance(outcome, WrongPassword)
    assert (outcome.tries_left, outcome.wait, outcome.frozen) == (19, None, False)
    assert [(event.kind, event.details) for event in outcome.events] == [("unlock_bad", {"number": 1})]
    proven = house.prove(sent)
    assert proven is not None
    assert proven.tries_left == 19


def test_wrong_secret_unknown_ref_and_unreleased_link_get_the_same_answer(house: House) -> None:
    sent = house.send()
    assert house.prove(sent) is not None
    assert house.prove(sent, secret=tokens.new_link_secret(16)) is None
    assert house.prove(replace(sent, ref=tokens.new_ref())) is None
    house.change(sent, released_at=None)
    assert house.prove(sent) is None


def test_an_unknown_ref_costs_the_same_derivations_as_a_known_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = house.send()
    calls: list[str] = []
    real = house.keys.prove

    def spy(secret: str, salt: bytes, ref: str) -> tuple[bytes, bytes]:
        calls.append(ref)
        return real(secret, salt, ref)

    monkeypatch.setattr(house.keys, "prove", spy)
    house.prove(sent)
    house.prove(replace(sent, ref="unknownX"))
    assert calls == [sent.ref, "unknownX"]


def test_a_stranger_with_wrong_secrets_never_reaches_argon2_and_the_owner_opens_at_once(
    house: House, pool: CountingPool
) -> None:
    sent = house.send()
    before = pool.calls
    with house.database.read() as session:
        for _ in range(2_000):
            assert opening.prove(session, house.keys, sent.ref, tokens.new_link_secret(16), NOW) is None
    assert pool.calls == before
    assert house.row(sent).bad == 0
    assert isinstance(house.try_password(sent), Opened)
    assert pool.calls == before + 1


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({"revoked_at": NOW}, LinkState.REVOKED),
        ({"frozen_at": NOW}, LinkState.FROZEN),
        ({"expires_at": NOW}, LinkState.EXPIRED),
        ({"wiped_at": NOW, "wrapped_link": None}, LinkState.EXPIRED),
    ],
)
def test_a_dead_link_tells_its_true_state_after_proof_and_runs_no_argon2(
    house: House, pool: CountingPool, values: dict[str, Any], state: LinkState
) -> None:
    sent = house.send()
    before = pool.calls
    house.change(sent, **values)
    proven = house.prove(sent)
    assert proven is not None
    assert proven.state is state
    outcome = house.try_password(sent)
    assert isinstance(outcome, Refused)
    assert outcome.state is state
    assert pool.calls == before
    assert house.row(sent).bad == 0


def test_the_clock_decides_at_the_very_instant(house: House) -> None:
    sent = house.send()
    end = sent.terms.expires_at
    assert isinstance(house.try_password(sent, now=end - TICK), Opened)
    for now in (end, end + TICK, end + timedelta(days=300)):
        outcome = house.try_password(sent, now=now)
        assert isinstance(outcome, Refused)
        assert outcome.state is LinkState.EXPIRED


def test_a_clock_that_lags_behind_is_stopped_by_the_destroyed_epoch_key(house: House) -> None:
    sent = house.send()
    name = EpochName.link(house.organisation_id, sent.terms.hard_day)
    assert name.destroy_at - sent.terms.expires_at <= timedelta(hours=48)
    house.epochs.destroy(name)
    with pytest.raises(KeysUnavailable):
        house.try_password(sent, now=NOW)
    row = house.row(sent)
    assert row.bad == 0
    assert row.wrapped_link is not None


def test_a_restored_backup_with_link_and_password_opens_nothing_once_the_epoch_is_gone(house: House) -> None:
    sent = house.send()
    stolen = house.row(sent)
    assert stolen.wrapped_link is not None
    house.epochs.destroy(EpochName.link(house.organisation_id, sent.terms.hard_day))
    fresh = house.keys.sealer(house.organisation_id, sent.terms.hard_day)
    link_key, proof = fresh.prove(sent.secret, stolen.salt, sent.ref)
    assert proof == stolen.proof
    password_key = house.keys.password_key(1, stolen.kdf, stolen.salt_password, PASSWORD)
    assert (
        house.keys.unwrap(stolen.binding(), link_key, password_key, stolen.salt, stolen.wrapped_link) is None
    )
    with pytest.raises(KeysUnavailable, match="not the key its links were made with"):
        house.try_password(sent)


def test_a_missing_application_key_counts_nothing(house: House) -> None:
    sent = house.send()
    house.change(sent, kid=9)
    with pytest.raises(KeysUnavailable, match="application key 9"):
        house.try_password(sent)
    assert house.row(sent).bad == 0


def test_a_full_pool_gives_the_try_back(
    house: House, pool: CountingPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = house.send()

    def full(secret: bytes, salt: bytes, kdf: int) -> bytes:
        raise Overloaded("argon2_queue", "full")

    with monkeypatch.context() as patch:
        patch.setattr(pool, "derive", full)
        for _ in range(30):
            with pytest.raises(Overloaded):
                house.try_password(sent)
    assert house.row(sent).bad == 0
    assert isinstance(house.try_password(sent), Opened)


def test_a_link_without_password_whose_wrap_is_damaged_is_no_wrong_password(house: House) -> None:
    sent = house.send(password=None)
    house.change(sent, wrapped_link=bytes(60))
    with pytest.raises(LinkError) as caught:
        house.try_password(sent, "")
    assert caught.value.code == "wrap_broken"
    assert house.row(sent).bad == 0


def test_a_link_revoked_while_argon2_ran_does_not_open(house: House) -> None:
    sent = house.send()
    outcome = house.try_password(sent, during=lambda: house.change(sent, revoked_at=NOW))
    assert isinstance(outcome, Refused)
    assert outcome.state is LinkState.REVOKED
    row = house.row(sent)
    assert (row.openings, row.bad) == (0, 0)


Swap = Callable[[House, Sent, Sent], dict[str, Any]]
SWAPS: dict[str, Swap] = {
    "wrap of another link": lambda house, one, two: {"wrapped_link": house.row(two).wrapped_link},
    "another organisation": lambda house, one, two: {"organisation_id": uuid4()},
    "another document": lambda house, one, two: {"document_id": two.document_id},
    "another day": lambda house, one, two: {"hard_day": one.terms.hard_day + 1},
    "another password salt": lambda house, one, two: {"salt_password": house.row(two).salt_password},
    "another cost": lambda house, one, two: {"kdf": 2},
    "another version": lambda house, one, two: {"version": 2},
}


@pytest.mark.parametrize("swap", SWAPS.values(), ids=SWAPS.keys())
def test_a_row_that_was_tampered_with_does_not_open(house: House, swap: Swap) -> None:
    one, two = house.send(), house.send()
    values = swap(house, one, two)
    moved_to = (
        values.get("organisation_id", house.organisation_id),
        values.get("hard_day", one.terms.hard_day),
    )
    check = house.keys.sealer(*moved_to).epoch_check
    house.change(one, **values, epoch_check=check)
    assert isinstance(house.try_password(one), WrongPassword)
    assert isinstance(house.try_password(two), Opened)


def test_another_salt_breaks_the_proof(house: House) -> None:
    one, two = house.send(), house.send()
    house.change(one, salt=house.row(two).salt)
    assert house.prove(one) is None


def test_dropping_the_password_in_the_row_does_not_drop_it_from_the_key(house: House) -> None:
    sent = house.send()
    house.change(sent, kdf=0)
    with pytest.raises(LinkError):
        house.try_password(sent, "")


def test_another_application_key_does_not_open(house: House) -> None:
    sent = house.send()
    other = LinkKeys(KeyRing(AppKeys(1, b"\x05" * 32)), house.epochs, house.pool)
    stranger = House(house.database, house.epochs, house.pool, other, house.organisation_id)
    assert isinstance(stranger.try_password(sent), WrongPassword)


def test_secrets_are_in_no_column_and_in_no_text_of_a_value(house: House) -> None:
    sent = house.send()
    row = house.row(sent)
    stored = b"".join(
        value if isinstance(value, bytes) else str(value).encode() for value in row.model_dump().values()
    )
    for secret in (sent.secret.encode(), PASSWORD.encode(), sent.dek):
        assert secret not in stored
    proven = house.prove(sent)
    assert proven is not None
    outcome = house.try_password(sent)
    assert isinstance(outcome, Opened)
    shown = repr(proven) + repr(outcome)
    assert repr(proven.link_key) not in shown
    assert outcome.session.value not in shown


def test_documents_of_one_recipient_share_one_derivation(house: House, pool: CountingPool) -> None:
    agreed = terms(LinkPolicy(), password=True, until=UNTIL, zone=PARIS, now=NOW)
    sealer = house.keys.sealer(house.organisation_id, agreed.hard_day)
    salt = tokens.new_salt()
    shared = PasswordKey(1, salt, pool.derive(sealer.peppered(PASSWORD), salt, 1))
    before = pool.calls
    sent: list[Sent] = []
    for _ in range(3):
        one = Sent(uuid4(), tokens.new_ref(), tokens.new_link_secret(16), uuid4(), agreed, tokens.new_key())
        row = mint(
            sealer,
            link_id=one.id,
            document_id=one.document_id,
            ref=one.ref,
            secret=one.secret,
            salt=tokens.new_salt(),
            terms=agreed,
            password=shared,
            dek=one.dek,
            wrapped_org=None,
            recipient=b"r" * 16,
            now=NOW,
        )
        with house.database.begin() as session:
            lifecycle.insert_all(session, [row])
        sent.append(one)
    assert pool.calls == before
    assert all(isinstance(house.try_password(one), Opened) for one in sent)


def test_a_link_is_not_minted_with_another_days_key_or_a_short_secret(house: House) -> None:
    agreed = terms(LinkPolicy(), password=False, until=UNTIL, zone=PARIS, now=NOW)
    good: dict[str, Any] = {
        "link_id": uuid4(),
        "document_id": uuid4(),
        "ref": tokens.new_ref(),
        "secret": tokens.new_link_secret(22),
        "salt": tokens.new_salt(),
        "terms": agreed,
        "password": PasswordKey(0, tokens.new_salt(), NO_PASSWORD_KEY),
        "dek": tokens.new_key(),
        "wrapped_org": None,
        "recipient": None,
        "now": NOW,
    }
    mint(house.keys.sealer(house.organisation_id, agreed.hard_day), **good)
    with pytest.raises(ValueError, match="another day"):
        mint(house.keys.sealer(house.organisation_id, agreed.hard_day + 1), **good)
    with pytest.raises(ValueError, match="length"):
        mint(
            house.keys.sealer(house.organisation_id, agreed.hard_day),
            **good | {"secret": tokens.new_link_secret(16)},
        )


def test_the_limiter_answers_even_the_right_password(house: House, pool: CountingPool) -> None:
    sent = house.send()
    for _ in range(5):
        house.try_password(sent, "000000")
    before = pool.calls
    outcome = house.try_password(sent)
    assert outcome == Wait(30)
    assert pool.calls == before
    assert isinstance(house.try_password(sent, net=OTHER_NET), Opened)
    assert isinstance(house.try_password(sent, net=NET, now=NOW + timedelta(seconds=30)), Opened)


def test_times_are_aware(house: House) -> None:
    sent = house.send()
    assert house.row(sent).expires_at == datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
