"""Writing, revoking and wiping links."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from app.crypto import tokens
from links import lifecycle
from links.opening import Refused
from links.state import LinkState, decide
from tests.links.conftest import NOW, House


def test_refs_that_exist_are_known_before_sealing(house: House) -> None:
    sent = house.send()
    with house.database.read() as session:
        assert lifecycle.taken_refs(session, [sent.ref, tokens.new_ref()]) == {sent.ref}
        assert lifecycle.taken_refs(session, [tokens.new_ref() for _ in range(1_200)] + [sent.ref]) == {
            sent.ref
        }
        assert lifecycle.taken_refs(session, []) == set()


def test_a_ref_exists_once_and_the_error_shows_no_key_material(house: House) -> None:
    sent = house.send()
    row = house.row(sent).model_dump() | {"id": uuid4()}
    with pytest.raises(IntegrityError) as caught, house.database.begin() as session:
        lifecycle.insert_all(session, [row])
    for value in (row["proof"], row["wrapped_link"], row["salt"]):
        assert value.hex() not in str(caught.value)
        assert repr(value) not in str(caught.value)


def test_links_are_found_by_document(house: House) -> None:
    one, two = house.send(), house.send()
    with house.database.read() as session:
        found = lifecycle.of_documents(session, [one.document_id, two.document_id, uuid4()])
    assert {document: [facts.id for facts in links] for document, links in found.items()} == {
        one.document_id: [one.id],
        two.document_id: [two.id],
    }


@pytest.mark.parametrize("reason", ["revoked", "recalled", "replaced"])
def test_revoking_deletes_the_wraps_now_and_keeps_the_row(
    house: House, reason: lifecycle.RevokeReason
) -> None:
    sent, other = house.send(), house.send()
    with house.database.begin() as session:
        ended = lifecycle.revoke_documents(session, [sent.document_id], reason, NOW)
        again = lifecycle.revoke_documents(session, [sent.document_id], "revoked", NOW)
    assert [(facts.id, facts.revoked_reason) for facts in ended] == [(sent.id, reason)]
    assert again == []
    row = house.row(sent)
    assert (row.wrapped_link, row.wrapped_org, row.wiped_at, row.revoked_at) == (None, None, NOW, NOW)
    outcome = house.try_password(sent)
    assert isinstance(outcome, Refused)
    assert (outcome.state, outcome.facts.revoked_reason) == (LinkState.REVOKED, reason)
    assert house.row(other).wrapped_link is not None


def test_wiping_takes_links_whose_day_is_over_and_leaves_a_tombstone(house: House) -> None:
    sent = house.send()
    live = house.send(until=None)
    after = NOW + timedelta(days=61)
    with house.database.begin() as session:
        assert lifecycle.wipe_past(session, sent.terms.hard_day, after, 10) == []
        wiped = lifecycle.wipe_past(session, sent.terms.hard_day + 1, after, 10)
        assert lifecycle.wipe_past(session, sent.terms.hard_day + 1, after, 10) == []
    assert [facts.id for facts in wiped] == [sent.id]
    row = house.row(sent)
    assert (row.wrapped_link, row.wiped_at) == (None, after)
    proven = house.prove(sent, now=after)
    assert proven is not None
    assert decide(proven.facts, after) is LinkState.EXPIRED
    assert house.row(live).wrapped_link is not None


def test_wiping_goes_in_portions(house: House) -> None:
    sent = [house.send() for _ in range(5)]
    with house.database.begin() as session:
        portions = [len(lifecycle.wipe_past(session, sent[0].terms.hard_day + 1, NOW, 2)) for _ in range(4)]
    assert portions == [2, 2, 1, 0]
