"""The hash chain: any later change shows, and erasing what is over its time does not break it."""

import hashlib
import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.evidence.chain import GENESIS, ChainEvent, Value, canonical, commit, extend, verify
from app.evidence.tags import Tag

VECTOR = json.loads((Path(__file__).parents[1] / "vectors" / "crypto" / "chain.json").read_text())
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def journal(count: int) -> list[ChainEvent]:
    events: list[ChainEvent] = []
    head = GENESIS
    for seq in range(1, count + 1):
        body: dict[str, Value] = {"tag": Tag.LINK_MINTED, "number": seq, "actor": "unknown"}
        salt, at = os.urandom(16), START + timedelta(seconds=seq)
        commitment = commit(salt, body)
        head = extend(head, seq, at, commitment)
        events.append(ChainEvent(seq, at, commitment, head, salt, body))
    return events


def test_the_vector_gives_its_commitments_and_heads() -> None:
    head = GENESIS
    for event in VECTOR["events"]:
        body, salt = event["body"], bytes.fromhex(event["salt"])
        assert canonical(body).decode() == event["canonical"]
        commitment = commit(salt, body)
        assert commitment.hex() == event["commitment"]
        head = extend(head, event["seq"], datetime.fromisoformat(event["at"]), commitment)
        assert head.hex() == event["head"]


def test_a_commitment_is_the_plain_hash_it_is_said_to_be() -> None:
    salt = bytes(16)
    expected = hashlib.sha256(b"pli/v1/event\x00" + salt + b'{"a":1}').digest()
    assert commit(salt, {"a": 1}) == expected
    at = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    chained = (
        b"pli/v1/chain\x00" + GENESIS + (7).to_bytes(8, "big") + (1_000_000).to_bytes(8, "big") + expected
    )
    assert extend(GENESIS, 7, at, expected) == hashlib.sha256(chained).digest()


def test_a_sound_journal_is_sound() -> None:
    events = journal(20)
    verdict = verify(events)
    assert verdict.sound
    assert (verdict.checked, verdict.head) == (20, events[-1].chain)
    assert verify([]).sound


def test_a_journal_is_checked_from_a_head_seen_earlier() -> None:
    events = journal(20)
    assert verify(events[12:], head=events[11].chain, last_seq=12).checked == 8
    assert verify(events[12:], head=events[10].chain, last_seq=12).fault == "chain"


def test_erased_bodies_leave_the_chain_checkable() -> None:
    events = [replace(event, salt=None, body=None) if event.seq % 2 else event for event in journal(10)]
    assert verify(events).sound


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda event: replace(event, body={**event.body, "number": 99}), "commitment"),
        (lambda event: replace(event, salt=bytes(16)), "commitment"),
        (lambda event: replace(event, salt=None), "commitment"),
        (lambda event: replace(event, at=event.at + timedelta(microseconds=1)), "chain"),
        (lambda event: replace(event, commitment=bytes(32), body=None, salt=None), "chain"),
        (lambda event: replace(event, chain=bytes(32)), "chain"),
        (lambda event: replace(event, seq=event.seq + 1), "sequence"),
        (lambda event: replace(event, at=datetime(1969, 1, 1, tzinfo=UTC)), "time"),
    ],
)
def test_one_changed_event_is_found_where_it_is(change, fault: str) -> None:  # type: ignore[no-untyped-def]
    events = journal(9)
    events[4] = change(events[4])
    verdict = verify(events)
    assert not verdict.sound
    assert (verdict.checked, verdict.fault) == (4, fault)
    assert verdict.broken_at == events[4].seq


def test_a_removed_added_or_moved_event_is_found() -> None:
    events = journal(9)
    assert verify(events[:4] + events[5:]).fault == "sequence"
    assert verify([*events[:5], events[4], *events[5:]]).fault == "sequence"
    renumbered = [*events[:4], *(replace(event, seq=event.seq - 1) for event in events[5:])]
    assert verify(renumbered).fault == "chain"


def test_one_body_has_one_spelling() -> None:
    assert canonical({"b": 1, "a": "é"}) == canonical({"a": "é", "b": 1}) == '{"a":"é","b":1}'.encode()
    for body in ({"a": 1.5}, {"a": [1, 2.0]}, {"a": {"b": float("nan")}}):
        with pytest.raises(ValueError):
            canonical(body)  # type: ignore[arg-type]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(body=st.dictionaries(st.text(max_size=8), json_values, max_size=5))
def test_a_body_read_back_from_its_spelling_commits_to_the_same(body: dict[str, Value]) -> None:
    salt = bytes(16)
    assert commit(salt, json.loads(canonical(body))) == commit(salt, body)


def test_tags_are_subject_and_action_and_fit_their_column() -> None:
    for tag in Tag:
        subject, _, action = tag.value.partition(":")
        assert subject.isidentifier()
        assert action.isidentifier()
        assert len(tag.value) <= 40
