"""Passwords, codes, tokens, API keys, and the pool that keeps Argon2 in bounds."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.core.errors import Overloaded
from app.crypto import passwords as module
from app.crypto import tokens
from app.crypto.keyring import AppKeys, KeyRing
from app.crypto.passwords import COSTS, Argon2Pool, argon2id, canonical, peppered, reads_as_code
from links import text

SALT = b"\x55" * 16


@pytest.mark.parametrize("typed", ["7K3M-9QXF", "7k3m9qxf", " 7k3m 9qxf ", "7K3M–9QXF", "７Ｋ３Ｍ９ＱＸＦ"])
def test_a_generated_code_is_one_code_however_it_is_typed(typed: str) -> None:
    assert canonical(typed) == "7K3M9QXF"
    assert reads_as_code(typed)


def test_look_alikes_in_a_code_are_folded() -> None:
    assert canonical("O1il-0oLX") == "0111001X"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" 748291 ", "748291"),
        ("Été-2026", "Été-2026"),
        ("E\u0301te\u0301-2026", "Été-2026"),
        ("MotDePasse", "MotDePasse"),
        ("a b", "a b"),
        ("abcdefgu", "abcdefgu"),
    ],
)
def test_other_passwords_keep_case_and_inner_spaces(typed: str, kept: str) -> None:
    assert canonical(typed) == kept
    assert not reads_as_code(typed)


def test_the_pepper_separates_installations() -> None:
    assert peppered(AppKeys(1, bytes(32)), "748291") != peppered(AppKeys(1, b"\x01" * 32), "748291")


def test_the_two_costs_are_those_of_the_format() -> None:
    assert [(cost.memory, cost.passes, cost.lanes) for cost in COSTS.values()] == [
        (19_456, 2, 1),
        (65_536, 3, 1),
    ]
    assert list(COSTS) == [1, 2]


def test_both_costs_derive_and_differ(pool: Argon2Pool) -> None:
    cheap, dear = pool.derive(b"secret", SALT, 1), pool.derive(b"secret", SALT, 2)
    assert cheap == argon2id(b"secret", SALT, 1)
    assert len(cheap) == len(dear) == 32
    assert cheap != dear


def test_a_batch_gives_keys_in_order(pool: Argon2Pool) -> None:
    items = [(bytes((number,)), SALT, 1) for number in range(5)]
    assert list(pool.derive_many(items)) == [argon2id(*item) for item in items]


def test_a_full_pool_refuses_at_once_and_recovers(monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    running = threading.Semaphore(0)

    def slow(secret: bytes, salt: bytes, kdf: int) -> bytes:
        running.release()
        assert go.wait(10)
        return secret

    monkeypatch.setattr(module, "argon2id", slow)
    pool = Argon2Pool(threads=1, queue=2)
    with ThreadPoolExecutor(3) as callers:
        waiting = [callers.submit(pool.derive, bytes((number,)), SALT, 1) for number in range(3)]
        assert running.acquire(timeout=10)
        deadline = time.monotonic() + 10
        while pool._executor._work_queue.qsize() < 2:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        with pytest.raises(Overloaded):
            pool.derive(b"x", SALT, 1)
        go.set()
        assert sorted(future.result() for future in waiting) == [b"\x00", b"\x01", b"\x02"]
    assert pool.derive(b"y", SALT, 1) == b"y"
    pool.close()


def test_a_long_wait_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    monkeypatch.setattr(module, "argon2id", lambda secret, salt, kdf: go.wait(10) and secret)
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.05)
    pool = Argon2Pool(threads=1)
    with pytest.raises(Overloaded, match="try again"):
        pool.derive(b"x", SALT, 1)
    go.set()
    pool.close()


def test_a_batch_leaves_room_for_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "argon2id", lambda secret, salt, kdf: secret)
    pool = Argon2Pool(threads=2, queue=0)
    taken = 0

    def many() -> object:
        nonlocal taken
        for number in range(1_000):
            taken += 1
            yield bytes((number % 256,)), SALT, 1

    keys = pool.derive_many(many())  # type: ignore[arg-type]
    next(keys)
    assert taken == 2
    assert pool.derive(b"reader", SALT, 1) == b"reader"
    pool.close()


def test_account_passwords_verify_against_their_own_hash(pool: Argon2Pool) -> None:
    stored = pool.hash_account("correct cheval pile")
    assert stored.startswith("$argon2id$")
    assert pool.verify_account(stored, "correct cheval pile")
    assert not pool.verify_account(stored, "Correct cheval pile")
    assert not pool.verify_account("not a hash", "correct cheval pile")


def test_an_unknown_account_costs_the_same_and_never_verifies(
    pool: Argon2Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes: list[str] = []
    real = module._matches

    def spy(stored: str, password: str) -> bool:
        hashes.append(stored)
        return real(stored, password)

    monkeypatch.setattr(module, "_matches", spy)
    assert not pool.verify_account(None, "no account has this password")
    assert hashes[0].split("$")[:4] == pool.hash_account("x").split("$")[:4]


def test_refs_and_secrets_are_of_the_links_alphabet() -> None:
    for _ in range(200):
        assert text.is_ref(tokens.new_ref())
        assert text.is_secret(tokens.new_link_secret(16))
        assert text.is_secret(tokens.new_link_secret(22))
    assert len({tokens.new_ref() for _ in range(1_000)}) == 1_000


def test_access_codes_are_printable_and_canonical() -> None:
    for _ in range(200):
        code = tokens.new_access_code()
        assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", code)
        assert canonical(code) == code.replace("-", "") == canonical(code.lower())


def test_an_api_key_is_found_by_prefix_and_known_by_its_hash() -> None:
    old = KeyRing(AppKeys(1, bytes(32)))
    made = tokens.new_api_key(old.current, "live")
    assert made.text.startswith("pli_live_")
    assert len(made.prefix) == 16
    assert tokens.api_key_prefix(made.text) == made.prefix
    assert made.text not in repr(made)
    assert tokens.api_key_hashes(old, made.text) == [made.key_hash]
    rotated = KeyRing(AppKeys(2, b"\x01" * 32), (old.current,))
    assert made.key_hash in tokens.api_key_hashes(rotated, made.text)
    assert made.key_hash not in tokens.api_key_hashes(rotated, made.text[:-1] + "!")


@pytest.mark.parametrize("text_", ["", "pli_live_short_x", "pli_prod_7kPq2mX_" + "a" * 32, "Bearer x"])
def test_what_is_no_api_key_has_no_prefix(text_: str) -> None:
    assert tokens.api_key_prefix(text_) is None


def test_tokens_are_stored_as_hashes() -> None:
    token = tokens.new_token()
    assert len(token) == 43
    assert len(tokens.token_hash(token)) == 32
    assert tokens.token_hash(token) != tokens.token_hash(tokens.new_token())
