"""The published vector of a sealed link, and every other format, byte for byte."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.crypto import boot, custody, labels, nonces
from app.crypto.columns import Columns
from app.crypto.derive import gcm_open, gcm_seal, link_key, link_proof, pack_ids, unwrap_key
from app.crypto.envelope import Envelope, OutboxPlace, unwrap_for_organisation
from app.crypto.epochs import EpochName, check_value
from app.crypto.keyring import AppKeys, KeyRing
from app.crypto.linkkeys import LinkKeys
from app.crypto.passwords import Argon2Pool, argon2id, peppered
from app.crypto.records import RecordSealer, open_all
from links.ports import NO_PASSWORD_KEY, Binding

VECTORS = Path(__file__).parents[1] / "vectors" / "crypto"
LINK = json.loads((VECTORS / "sealed_link.json").read_text())
FORMATS = json.loads((VECTORS / "formats.json").read_text())
CASES = FORMATS["cases"]


@dataclass(frozen=True)
class Inputs:
    """Everything that goes into a wrapped document key."""

    application_key: bytes
    organisation: bytes
    document: bytes
    link: bytes
    hard_day: int
    kdf: int
    version: int
    ref: str
    secret: str
    password: str
    salt_link: bytes
    salt_password: bytes
    epoch: bytes

    @classmethod
    def published(cls) -> "Inputs":
        values: dict[str, Any] = LINK["inputs"]
        read: dict[str, Any] = {
            name: bytes.fromhex(values[name]) if kind is bytes else values[name]
            for name, kind in cls.__annotations__.items()
        }
        return cls(**read)

    def ids(self) -> bytes:
        return pack_ids(
            Binding(
                UUID(bytes=self.organisation),
                UUID(bytes=self.document),
                UUID(bytes=self.link),
                self.hard_day,
                self.kdf,
                self.version,
            )
        )

    def password_key(self) -> bytes:
        if self.kdf == 0:
            return NO_PASSWORD_KEY
        return argon2id(
            peppered(AppKeys(1, self.application_key), self.password), self.salt_password, self.kdf
        )

    def unwrap_key(self) -> bytes:
        key = link_key(self.secret, self.salt_link, self.ref)
        return unwrap_key(key, self.password_key(), self.epoch, self.salt_link, self.ids())

    def open(self, wrapped: bytes) -> bytes | None:
        return gcm_open(self.unwrap_key(), wrapped, labels.DEK + self.ids())


PUBLISHED = Inputs.published()
DEK = bytes.fromhex(LINK["inputs"]["dek"])
WRAPPED = bytes.fromhex(LINK["inputs"]["nonce"] + LINK["outputs"]["wrapped_link_without_nonce"])


def expected(name: str) -> bytes:
    return bytes.fromhex(LINK["outputs"][name])


def test_every_derivation_gives_the_published_value() -> None:
    key = link_key(PUBLISHED.secret, PUBLISHED.salt_link, PUBLISHED.ref)
    assert AppKeys(1, PUBLISHED.application_key).purpose("pepper-pw") == expected("pepper")
    assert key == expected("link_key")
    assert link_proof(key) == expected("proof")
    assert PUBLISHED.password_key() == expected("password_key")
    assert PUBLISHED.unwrap_key() == expected("unwrap_key")
    assert replace(PUBLISHED, kdf=0).unwrap_key() == expected("unwrap_key_without_password")


def test_wrap_gives_the_published_bytes_and_opens() -> None:
    nonce = bytes.fromhex(LINK["inputs"]["nonce"])
    wrapped = gcm_seal(PUBLISHED.unwrap_key(), nonce, DEK, labels.DEK + PUBLISHED.ids())
    assert wrapped == WRAPPED
    assert len(wrapped) == 60
    assert PUBLISHED.open(WRAPPED) == DEK


def test_packed_ids_are_54_bytes() -> None:
    assert len(PUBLISHED.ids()) == 54


def test_the_day_of_the_vector_is_the_last_of_2026() -> None:
    date = datetime.fromisoformat(LINK["inputs"]["hard_day_as_date"] + "T23:59:59+00:00")
    assert EpochName.link(UUID(int=0), PUBLISHED.hard_day).destroy_at == date + timedelta(seconds=1, hours=24)


def _changed() -> Iterator[tuple[str, Inputs]]:
    for field in fields(Inputs):
        value = getattr(PUBLISHED, field.name)
        other: Any
        if isinstance(value, bytes):
            other = value[:-1] + bytes((value[-1] ^ 1,))
        elif isinstance(value, str):
            other = value[:-1] + ("3" if value[-1] != "3" else "4")
        else:
            other = value + 1
        yield field.name, replace(PUBLISHED, **{field.name: other})
    yield "kdf none", replace(PUBLISHED, kdf=0)
    yield "long secret", replace(PUBLISHED, secret=PUBLISHED.secret + "7kPq2m")


CHANGED = list(_changed())


@pytest.mark.parametrize(("what", "inputs"), CHANGED, ids=[what for what, _ in CHANGED])
def test_one_changed_input_does_not_open(what: str, inputs: Inputs) -> None:
    assert inputs != PUBLISHED, what
    assert inputs.open(WRAPPED) is None


def test_changed_bytes_do_not_open() -> None:
    key, aad = PUBLISHED.unwrap_key(), labels.DEK + PUBLISHED.ids()
    for position in range(len(WRAPPED)):
        broken = bytearray(WRAPPED)
        broken[position] ^= 0x80
        assert gcm_open(key, bytes(broken), aad) is None
    assert gcm_open(key, WRAPPED[:20], aad) is None
    assert gcm_open(key, WRAPPED, aad) == DEK


def test_blob_gives_the_published_bytes_and_opens() -> None:
    inputs = LINK["inputs"]
    plain = bytes.fromhex(inputs["blob_plain"])
    organisation, document = UUID(bytes=PUBLISHED.organisation), UUID(bytes=PUBLISHED.document)
    sealer = RecordSealer(DEK, organisation, document, prefix=bytes.fromhex(inputs["blob_nonce_prefix"]))
    blob = sealer.update(plain) + sealer.finish()
    assert blob == expected("blob")
    assert open_all(DEK, organisation, document, blob, plain=3) == plain


class OneEpoch:
    """An epoch store in which every day has the vector's key."""

    def get_or_create(self, name: EpochName) -> bytes:
        return bytes.fromhex(FORMATS["epoch"])

    def get(self, name: EpochName) -> bytes | None:
        return self.get_or_create(name)

    def destroy(self, name: EpochName) -> bool:
        raise NotImplementedError

    def list(self) -> Iterator[EpochName]:
        raise NotImplementedError

    def strays(self) -> Iterator[str]:
        raise NotImplementedError


@pytest.fixture
def ring() -> KeyRing:
    return KeyRing(AppKeys(FORMATS["kid"], bytes.fromhex(FORMATS["application_key"])))


def uuid_of(case: dict[str, Any], name: str) -> UUID:
    return UUID(hex=case[name])


def hex_of(case: dict[str, Any], name: str) -> bytes:
    return bytes.fromhex(case[name])


def test_columns_and_indexes_keep_their_format(ring: KeyRing) -> None:
    columns = Columns(ring)
    case = CASES["column"]
    opened = columns.open_column(
        uuid_of(case, "organisation"),
        case["table"],
        case["column"],
        uuid_of(case, "row"),
        hex_of(case, "sealed"),
    )
    assert opened == case["value"]
    case = CASES["blind_index"]
    index = columns.blind_index(uuid_of(case, "organisation"), case["field"], case["value"])
    assert index == hex_of(case, "index")
    case = CASES["content_index"]
    assert columns.content_index(hex_of(case, "digest")) == hex_of(case, "index")
    case = CASES["net_hash"]
    assert columns.net_hash(case["address"]) == hex_of(case, "hash")


def test_review_and_outbox_keep_their_format(ring: KeyRing) -> None:
    envelope = Envelope(ring, OneEpoch())
    case = CASES["review"]
    box = envelope.review_box(uuid_of(case, "organisation"), uuid_of(case, "batch"), 20818)
    assert box.open(uuid_of(case, "item"), case["purpose"], hex_of(case, "sealed")) == hex_of(case, "value")
    case = CASES["outbox"]
    place = OutboxPlace(
        uuid_of(case, "organisation"),
        uuid_of(case, "message"),
        uuid_of(case, "link"),
        case["channel"],
        case["day"],
    )
    assert envelope.open_text(place, hex_of(case, "sealed")) == case["value"]


def test_organisation_wrap_and_custody_keep_their_format(ring: KeyRing, pool: Argon2Pool) -> None:
    case = CASES["organisation_wrap"]
    wrapped = hex_of(case, "wrapped")
    assert len(wrapped) == 124
    opened = unwrap_for_organisation(
        hex_of(case, "private"),
        bytes.fromhex(FORMATS["epoch"]),
        uuid_of(case, "organisation"),
        uuid_of(case, "document"),
        wrapped,
    )
    assert opened == (hex_of(case, "dek"), hex_of(case, "password_key"))
    case = CASES["custody_online"]
    online = custody.open_online(ring, uuid_of(case, "organisation"), hex_of(case, "sealed"))
    assert online == hex_of(case, "private")
    case = CASES["custody_officer"]
    organisation, sealed = uuid_of(case, "organisation"), hex_of(case, "sealed")
    assert custody.open_for_officer(pool, organisation, sealed, case["passphrase"]) == hex_of(case, "private")


def test_session_keeps_its_format(ring: KeyRing, pool: Argon2Pool) -> None:
    case = CASES["session"]
    keys = LinkKeys(ring, OneEpoch(), pool)
    cookie = hex_of(case, "cookie")
    assert keys.session_id(cookie) == hex_of(case, "sid")
    assert keys.open_session(cookie, uuid_of(case, "link"), hex_of(case, "sealed")) == hex_of(case, "dek")


def test_verifiers_and_nonce_keep_their_format(ring: KeyRing) -> None:
    assert boot.verifier(ring.current) == hex_of(CASES["boot_verifier"], "verifier")
    assert check_value(bytes.fromhex(FORMATS["epoch"])) == hex_of(CASES["epoch_check"], "check")
    case = CASES["form_nonce"]
    assert nonces.is_valid(ring, case["subject"], case["nonce"], datetime.fromisoformat(case["issued_at"]))


def test_labels_end_with_one_nul_and_differ() -> None:
    named: list[bytes] = [
        value for name, value in vars(labels).items() if name.isupper() and isinstance(value, bytes)
    ]
    assert len(named) == len(set(named)) >= 15
    check: Callable[[bytes], bool] = lambda value: value.endswith(b"\x00") and value.count(b"\x00") == 1  # noqa: E731
    assert all(check(value) for value in named)
