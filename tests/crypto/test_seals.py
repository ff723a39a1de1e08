"""Columns, review boxes, outbox texts, organisation wraps: each opens in its own place and nowhere else."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import KeysUnavailable
from app.crypto import boot, boxes, custody, nonces
from app.crypto.columns import Columns, client_network
from app.crypto.envelope import (
    Envelope,
    OrganisationWrapper,
    OutboxChannel,
    OutboxPlace,
    unwrap_for_organisation,
)
from app.crypto.epochs import EpochName, FileEpochStore, check_value
from app.crypto.errors import SealBroken
from app.crypto.exchange import Exchange
from app.crypto.keyring import AppKeys, KeyRing
from app.crypto.passwords import Argon2Pool
from app.crypto.usual import open_usual, seal_usual
from links.ports import PasswordKey
from tests.crypto.conftest import DAY, DOCUMENT, LINK, ORGANISATION, OTHER

CHANNELS: tuple[OutboxChannel, ...] = ("sms", "rcs")
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
OLD_KEY, NEW_KEY = bytes(range(32)), bytes(range(1, 33))


@settings(max_examples=50, deadline=None)
@given(value=st.text(max_size=200))
def test_any_text_survives_a_column(value: str) -> None:
    columns = Columns(KeyRing(AppKeys(1, OLD_KEY)))
    sealed = columns.seal_column(ORGANISATION, "person", "name_sealed", DOCUMENT, value)
    assert columns.open_column(ORGANISATION, "person", "name_sealed", DOCUMENT, sealed) == value


def test_a_column_value_opens_only_where_it_was_sealed(ring: KeyRing) -> None:
    columns = Columns(ring)
    sealed = columns.seal_column(ORGANISATION, "person", "name_sealed", DOCUMENT, "Zoé")
    for organisation, table, column, row in (
        (OTHER, "person", "name_sealed", DOCUMENT),
        (ORGANISATION, "document", "name_sealed", DOCUMENT),
        (ORGANISATION, "person", "phone_sealed", DOCUMENT),
        (ORGANISATION, "person", "name_sealed", OTHER),
    ):
        with pytest.raises(SealBroken):
            columns.open_column(organisation, table, column, row, sealed)


def test_equal_values_are_sealed_differently(ring: KeyRing) -> None:
    columns = Columns(ring)
    assert columns.seal_column(ORGANISATION, "person", "a", DOCUMENT, "x") != columns.seal_column(
        ORGANISATION, "person", "a", DOCUMENT, "x"
    )


def test_a_column_does_not_open_under_another_application_key(ring: KeyRing) -> None:
    sealed = Columns(ring).seal_column(ORGANISATION, "person", "a", DOCUMENT, "x")
    with pytest.raises(SealBroken):
        Columns(KeyRing(AppKeys(1, NEW_KEY))).open_column(ORGANISATION, "person", "a", DOCUMENT, sealed)


def test_after_rotation_the_old_key_opens_and_the_new_key_seals() -> None:
    before = Columns(KeyRing(AppKeys(1, OLD_KEY)))
    sealed = before.seal_column(ORGANISATION, "person", "a", DOCUMENT, "x")
    after = Columns(KeyRing(AppKeys(2, NEW_KEY), (AppKeys(1, OLD_KEY),)))
    assert after.open_column(ORGANISATION, "person", "a", DOCUMENT, sealed) == "x"
    resealed = after.seal_column(ORGANISATION, "person", "a", DOCUMENT, "x")
    assert (sealed[1], resealed[1]) == (1, 2)
    with pytest.raises(KeysUnavailable, match="application key 2"):
        before.open_column(ORGANISATION, "person", "a", DOCUMENT, resealed)


@pytest.mark.parametrize("broken", [b"", b"\x01", b"\x02\x01" + bytes(40), b"\x01\x01" + bytes(5)])
def test_what_is_no_box_is_refused(ring: KeyRing, broken: bytes) -> None:
    with pytest.raises(SealBroken):
        Columns(ring).open_column(ORGANISATION, "person", "a", DOCUMENT, broken)


def test_blind_indexes_differ_by_organisation_field_and_value(ring: KeyRing) -> None:
    columns = Columns(ring)
    indexes = {
        columns.blind_index(ORGANISATION, "phone", "+33612345678"),
        columns.blind_index(ORGANISATION, "staff", "+33612345678"),
        columns.blind_index(OTHER, "phone", "+33612345678"),
        columns.blind_index(ORGANISATION, "phone", "+33612345679"),
    }
    assert {len(index) for index in indexes} == {16}
    assert len(indexes) == 4
    assert columns.blind_index(ORGANISATION, "phone", "+33612345678") in indexes


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("testclient", "unknown"),
        ("", "unknown"),
    ],
)
def test_limits_see_networks_not_addresses(ring: KeyRing, address: str, network: str) -> None:
    assert client_network(address) == network
    assert len(Columns(ring).net_hash(address)) == 16


def test_a_review_box_opens_only_for_its_batch_item_and_purpose(
    ring: KeyRing, epochs: FileEpochStore
) -> None:
    envelope = Envelope(ring, epochs)
    box = envelope.new_review_box(ORGANISATION, DOCUMENT, DAY)
    sealed = box.seal(LINK, "access-code", b"7K3M-9QXF")
    assert envelope.review_box(ORGANISATION, DOCUMENT, DAY).open(LINK, "access-code", sealed) == b"7K3M-9QXF"
    with pytest.raises(SealBroken):
        box.open(OTHER, "access-code", sealed)
    with pytest.raises(SealBroken):
        box.open(LINK, "document-key", sealed)
    with pytest.raises(SealBroken):
        envelope.review_box(ORGANISATION, OTHER, DAY).open(LINK, "access-code", sealed)
    with pytest.raises(SealBroken):
        envelope.review_box(OTHER, DOCUMENT, DAY).open(LINK, "access-code", sealed)


def test_a_review_is_gone_with_its_epoch_key(ring: KeyRing, epochs: FileEpochStore) -> None:
    envelope = Envelope(ring, epochs)
    sealed = envelope.new_review_box(ORGANISATION, DOCUMENT, DAY).seal(LINK, "document-key", bytes(32))
    epochs.destroy(EpochName.out(DAY))
    with pytest.raises(KeysUnavailable):
        envelope.review_box(ORGANISATION, DOCUMENT, DAY)
    again = envelope.new_review_box(ORGANISATION, DOCUMENT, DAY)
    with pytest.raises(SealBroken):
        again.open(LINK, "document-key", sealed)


PLACE = OutboxPlace(ORGANISATION, DOCUMENT, LINK, "sms", DAY)
MOVES: list[Callable[[OutboxPlace], OutboxPlace]] = [
    lambda place: replace(place, organisation_id=OTHER),
    lambda place: replace(place, message_id=OTHER),
    lambda place: replace(place, link_id=OTHER),
    lambda place: replace(place, link_id=None),
    lambda place: replace(place, channel="rcs"),
]


@pytest.mark.parametrize("move", MOVES)
def test_an_outbox_text_opens_only_in_its_place(
    ring: KeyRing, epochs: FileEpochStore, move: Callable[[OutboxPlace], OutboxPlace]
) -> None:
    envelope = Envelope(ring, epochs)
    sealed = envelope.seal_text(PLACE, "bulletin de paie")
    assert envelope.open_text(PLACE, sealed) == "bulletin de paie"
    with pytest.raises(SealBroken):
        envelope.open_text(move(PLACE), sealed)


def test_an_outbox_text_of_another_day_does_not_open(ring: KeyRing, epochs: FileEpochStore) -> None:
    envelope = Envelope(ring, epochs)
    sealed = envelope.seal_text(PLACE, "bulletin de paie")
    envelope.seal_text(replace(PLACE, day=DAY + 1), "autre")
    with pytest.raises(SealBroken):
        envelope.open_text(replace(PLACE, day=DAY + 1), sealed)


def test_a_text_kept_in_a_backup_is_dead_once_its_day_is(ring: KeyRing, epochs: FileEpochStore) -> None:
    envelope = Envelope(ring, epochs)
    sealed = envelope.seal_text(PLACE, "bulletin de paie")
    epochs.destroy(EpochName.out(DAY))
    with pytest.raises(KeysUnavailable):
        envelope.open_text(PLACE, sealed)


def test_the_organisation_wrap_opens_with_its_private_key_epoch_and_document() -> None:
    pair, other = custody.new_pair(), custody.new_pair()
    epoch, dek, password_key = os.urandom(32), os.urandom(32), os.urandom(32)
    wrapper = OrganisationWrapper(pair.public, epoch, ORGANISATION)
    wrapped = wrapper.wrap(DOCUMENT, dek=dek, password_key=password_key)
    assert len(wrapped) == 124
    assert unwrap_for_organisation(pair.private, epoch, ORGANISATION, DOCUMENT, wrapped) == (
        dek,
        password_key,
    )
    wrong: list[tuple[bytes, bytes, UUID, UUID, bytes]] = [
        (other.private, epoch, ORGANISATION, DOCUMENT, wrapped),
        (pair.private, os.urandom(32), ORGANISATION, DOCUMENT, wrapped),
        (pair.private, epoch, OTHER, DOCUMENT, wrapped),
        (pair.private, epoch, ORGANISATION, OTHER, wrapped),
        (pair.private, epoch, ORGANISATION, DOCUMENT, wrapped[:-1]),
        (pair.private, epoch, ORGANISATION, DOCUMENT, os.urandom(32) + wrapped[32:]),
    ]
    for private, day, organisation, document, bytes_ in wrong:
        with pytest.raises(SealBroken):
            unwrap_for_organisation(private, day, organisation, document, bytes_)


def test_wraps_of_one_block_share_an_ephemeral_key_and_no_other() -> None:
    pair, epoch, dek, password_key = custody.new_pair(), os.urandom(32), os.urandom(32), os.urandom(32)
    wrapper = OrganisationWrapper(pair.public, epoch, ORGANISATION)
    first, second = (wrapper.wrap(place, dek=dek, password_key=password_key) for place in (DOCUMENT, OTHER))
    assert first[:32] == second[:32]
    assert first[32:44] != second[32:44]
    assert first[44:] != second[44:]
    assert unwrap_for_organisation(pair.private, epoch, ORGANISATION, OTHER, second) == (dek, password_key)
    with pytest.raises(SealBroken):
        unwrap_for_organisation(pair.private, epoch, ORGANISATION, OTHER, first)
    block = OrganisationWrapper(pair.public, epoch, ORGANISATION)
    assert block.wrap(DOCUMENT, dek=dek, password_key=password_key)[:32] != first[:32]


def test_a_usual_password_opens_for_its_person_alone() -> None:
    pair = custody.new_pair()
    password = PasswordKey(1, os.urandom(16), os.urandom(32))
    exchange = Exchange(pair.public)
    sealed = seal_usual(exchange, ORGANISATION, DOCUMENT, password)
    seal_usual(exchange, ORGANISATION, OTHER, password)
    assert open_usual(pair.private, ORGANISATION, DOCUMENT, sealed) == password
    with pytest.raises(SealBroken):
        open_usual(pair.private, ORGANISATION, OTHER, sealed)


def test_a_job_seals_many_values_as_it_would_seal_each(ring: KeyRing) -> None:
    columns = Columns(ring)
    sealer = columns.sealer(ORGANISATION, "person")
    sealed = [sealer.seal("name", DOCUMENT, "Zoé") for _ in range(2 * boxes.NONCES_DRAWN + 1)]
    assert len({box[2:14] for box in sealed}) == len(sealed)
    for box in (sealed[0], sealed[-1]):
        assert columns.open_column(ORGANISATION, "person", "name", DOCUMENT, box) == "Zoé"
    with pytest.raises(SealBroken):
        columns.open_column(ORGANISATION, "person", "phone", DOCUMENT, sealed[0])


def test_text_and_card_of_each_message_open_in_their_places(ring: KeyRing, epochs: FileEpochStore) -> None:
    envelope = Envelope(ring, epochs)
    sealer = envelope.text_sealer(DAY)
    places = [
        OutboxPlace(ORGANISATION, message, LINK, channel, DAY)
        for message in (DOCUMENT, OTHER)
        for channel in CHANNELS
    ]
    sealed = [sealer.seal(place, str(place)) for place in places]
    assert [envelope.open_text(place, box) for place, box in zip(places, sealed, strict=True)] == list(
        map(str, places)
    )


def test_online_custody_is_bound_to_the_organisation(ring: KeyRing) -> None:
    pair = custody.new_pair()
    sealed = custody.seal_online(ring, ORGANISATION, pair.private)
    assert pair.private not in sealed
    assert custody.open_online(ring, ORGANISATION, sealed) == pair.private
    with pytest.raises(SealBroken):
        custody.open_online(ring, OTHER, sealed)


def test_officer_custody_opens_with_the_passphrase_and_no_application_key(pool: Argon2Pool) -> None:
    pair = custody.new_pair()
    sealed = custody.seal_for_officer(pool, ORGANISATION, pair.private, "quatre mots au hasard")
    assert custody.open_for_officer(pool, ORGANISATION, sealed, "quatre mots au hasard ") == pair.private
    assert custody.open_for_officer(pool, ORGANISATION, sealed, "quatre mots") is None
    assert custody.open_for_officer(pool, OTHER, sealed, "quatre mots au hasard") is None
    with pytest.raises(SealBroken):
        custody.open_for_officer(pool, ORGANISATION, b"\x09" + sealed[1:], "quatre mots au hasard")


def test_a_form_nonce_holds_for_its_subject_and_half_an_hour(ring: KeyRing) -> None:
    nonce = nonces.issue(ring, "7kPq2mXa", NOW)
    assert nonces.is_valid(ring, "7kPq2mXa", nonce, NOW)
    assert nonces.is_valid(ring, "7kPq2mXa", nonce, NOW + timedelta(minutes=30))
    assert not nonces.is_valid(ring, "7kPq2mXa", nonce, NOW + timedelta(minutes=30, seconds=1))
    assert not nonces.is_valid(ring, "7kPq2mXb", nonce, NOW)
    assert not nonces.is_valid(ring, "7kPq2mXa", nonce, NOW - timedelta(minutes=5))
    assert not nonces.is_valid(KeyRing(AppKeys(1, NEW_KEY)), "7kPq2mXa", nonce, NOW)
    assert not nonces.is_valid(KeyRing(AppKeys(2, OLD_KEY)), "7kPq2mXa", nonce, NOW)
    for broken in ("", "é", "!!!!", nonce[:-2], nonce + "AAAA"):
        assert not nonces.is_valid(ring, "7kPq2mXa", broken, NOW)


def test_a_wrong_application_key_stops_the_start_and_is_named(ring: KeyRing) -> None:
    stored = {1: boot.verifier(ring.current)}
    boot.require_known_keys(ring, {})
    boot.require_known_keys(ring, stored)
    boot.require_known_keys(KeyRing(AppKeys(2, NEW_KEY), (AppKeys(1, OLD_KEY),)), stored)
    with pytest.raises(KeysUnavailable, match="application key 1 is not the key") as caught:
        boot.require_known_keys(KeyRing(AppKeys(1, NEW_KEY)), stored)
    assert NEW_KEY.hex() not in str(caught.value)
    with pytest.raises(KeysUnavailable, match="add it as a previous key"):
        boot.require_known_keys(KeyRing(AppKeys(2, NEW_KEY)), stored)


def test_a_foreign_epoch_key_is_noticed_and_a_destroyed_one_is_not_an_alarm(epochs: FileEpochStore) -> None:
    good, foreign, gone = (EpochName.out(DAY + shift) for shift in range(3))
    stored = {str(good): check_value(epochs.get_or_create(good)), str(gone): b"12345678"}
    epochs.get_or_create(foreign)
    stored[str(foreign)] = check_value(os.urandom(32))
    assert boot.foreign_epochs(epochs, stored) == [str(foreign)]


def test_a_key_ring_is_read_from_hexadecimal_text() -> None:
    ring = KeyRing.from_hex(2, {1: OLD_KEY.hex(), 2: f" {NEW_KEY.hex()}\n"})
    assert ring.current.kid == 2
    assert [keys.kid for keys in ring.newest_first] == [2, 1]
    assert ring.get(1).purpose("column") == AppKeys(1, OLD_KEY).purpose("column")
    for current, keys in (
        (3, {1: OLD_KEY.hex()}),
        (1, {1: "xyz"}),
        (1, {1: "00ff"}),
        (0, {0: OLD_KEY.hex()}),
    ):
        with pytest.raises(KeysUnavailable):
            KeyRing.from_hex(current, keys)


def test_keys_do_not_show_in_their_text(ring: KeyRing) -> None:
    pair = custody.new_pair()
    shown = repr(ring) + repr(ring.current) + repr(pair)
    for secret in (OLD_KEY, pair.private):
        assert secret.hex() not in shown
        assert repr(secret) not in shown


def test_purposes_have_different_keys(ring: KeyRing) -> None:
    keys = ring.current
    assert (
        len({keys.purpose("outbox"), keys.purpose("review"), keys.purpose("column"), keys.purpose("otp")})
        == 4
    )
    assert keys.column(uuid4().bytes, "person") != keys.column(ORGANISATION.bytes, "person")
    assert keys.column(ORGANISATION.bytes, "document") != keys.column(ORGANISATION.bytes, "person")
