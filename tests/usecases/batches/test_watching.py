from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.db.payroll.faces import Face, Search
from app.db.payroll.watch import FAILED, RELEASED, STAGES, count, stage
from app.db.queries.watching import Tally
from app.messaging.sending.status import State

FACE = Face("Éloïse D’ÉCHANTILLON", "A-00042", "+33612345678")
DOCUMENT_STATES = ("in_review", "excluded", "releasing", "sealed", "revoked", "expired", "cancelled")
tallies = st.builds(
    Tally,
    batch_id=st.just(UUID(int=0)),
    document_state=st.sampled_from(DOCUMENT_STATES),
    message_state=st.none() | st.sampled_from([state.value for state in State]),
    opened=st.booleans(),
    downloaded=st.booleans(),
    handed=st.booleans(),
    documents=st.integers(0, 10_000),
)


@pytest.mark.parametrize(
    "typed",
    ["eloise", "ÉCHANTILLON", "ech elo", "a-00042", "42", "0612345678", "06 12 34", "+33 6 12 34 56 78"],
)
def test_a_line_is_found_the_way_people_type(typed: str) -> None:
    assert Search(typed).finds(FACE)


@pytest.mark.parametrize("typed", ["dupont", "0699", "43"])
def test_another_line_is_not(typed: str) -> None:
    assert not Search(typed).finds(FACE)


def test_nothing_typed_is_no_search() -> None:
    assert not Search("  ")


@pytest.mark.parametrize(
    ("document", "message", "opened", "downloaded", "shown"),
    [
        ("releasing", None, False, False, "releasing"),
        ("sealed", "queued", False, False, "queued"),
        ("sealed", "read", False, False, "delivered"),
        ("sealed", "cancelled", False, False, "refused"),
        ("sealed", "failed", True, False, "opened"),
        ("sealed", "unknown", True, True, "downloaded"),
        ("revoked", "delivered", True, True, "revoked"),
    ],
)
def test_where_a_document_stands(
    document: str, message: str | None, opened: bool, downloaded: bool, shown: str
) -> None:
    assert stage(document, message, opened=opened, downloaded=downloaded) == shown


@given(st.lists(tallies, max_size=8))
def test_figures_add_up(groups: list[Tally]) -> None:
    counts = count(groups)
    assert set(counts.by_stage) <= set(STAGES)
    assert sum(counts.by_stage.values()) == counts.total
    assert counts.downloaded <= counts.opened <= counts.delivered <= counts.submitted <= counts.total
    assert sum(counts.parts.values()) == counts.total
    if not counts.revoked:
        never_left = sum(group.documents for group in groups if _failed(group) and not group.handed)
        assert counts.submitted + counts.waiting + never_left + counts.unknown == counts.total


def _failed(group: Tally) -> bool:
    at = stage(group.document_state, group.message_state, opened=group.opened, downloaded=group.downloaded)
    return group.document_state in RELEASED and at in FAILED


def test_what_failed_on_its_way_has_left_and_what_was_refused_here_has_not() -> None:
    alike = Tally(UUID(int=0), "sealed", "delivered", False, False, False, 7)
    on_its_way = alike._replace(message_state="failed", handed=True, documents=1)
    refused = alike._replace(message_state="cancelled", documents=2)
    counts = count([alike, on_its_way, refused])
    assert (counts.total, counts.submitted, counts.delivered, counts.failed) == (10, 8, 7, 3)


def test_what_happened_stays_counted_when_a_document_is_revoked() -> None:
    before = Tally(UUID(int=0), "sealed", "delivered", True, False, False, 3)
    counts = count([before._replace(document_state="revoked"), before._replace(document_state="in_review")])
    assert (counts.submitted, counts.delivered, counts.opened, counts.downloaded) == (3, 3, 3, 0)
    assert (counts.revoked, counts.parts["opened"], counts.excluded) == (3, 0, 3)
