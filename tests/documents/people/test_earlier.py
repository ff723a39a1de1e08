import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.documents.match.earlier import EarlierDocument, earlier_findings, is_replaced
from app.documents.match.release import TOGETHER, Severity
from app.documents.match.same_name import same_name

ZOE = EarlierDocument("Zoé MARTIN", same_content=False, with_password=True)
NOEL = EarlierDocument("Noël DUPRÉ", same_content=False, with_password=True)


def told(name: str, last: str, *received: EarlierDocument, with_password: bool = True) -> dict[str, str]:
    found = earlier_findings(name, last, received, with_password=with_password)
    return {finding.code: finding.detail for finding in found}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Océane BENOÎT", "BENOIT Oceane"),
        ("Mme Océane Benoît", "océane benoît"),
        ("Zoé MARTIN", "Zoé Anne MARTIN-DURAND"),
        ("C. Châtelain", "Chloé CHÂTELAIN"),
        ("Jean-Paul DE LA TOUR", "JEAN PAUL DELATOUR"),
        ("Mme", "Mme"),
        ("MARTIN", "Zoé MARTIN"),
        ("", "Zoé MARTIN"),
        ("Ægir Œuvrard", "AEGIR OEUVRARD"),
    ],
)
def test_two_spellings_of_one_name(one: str, other: str) -> None:
    assert same_name(one, other)
    assert same_name(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Océane BENOÎT", "Chloé CHÂTELAIN"),
        ("Zoé MARTIN", "Noël MARTIN"),
        ("Zoé MARTIN", "Zoé DURAND"),
        ("C. CHÂTELAIN", "Océane CHÂTELAIN"),
        ("Anne ANNE", "Anne MARTIN"),
    ],
)
def test_two_people(one: str, other: str) -> None:
    assert not same_name(one, other)
    assert not same_name(other, one)


@given(st.text(max_size=30), st.text(max_size=30))
def test_the_order_of_two_names_does_not_matter(one: str, other: str) -> None:
    assert same_name(one, other) == same_name(other, one)
    assert same_name(one, one)


def test_a_staff_number_of_somebody_else_blocks_and_replaces_nothing() -> None:
    assert told("Zoé MARTIN", "Noël DUPRÉ", NOEL) == {
        "person_changed": "Noël DUPRÉ",
        "link_of_other": "Noël DUPRÉ",
    }
    assert not is_replaced("Zoé MARTIN", "Noël DUPRÉ", ["person_changed", "already_sent"])
    assert is_replaced("Zoé MARTIN", "Noël DUPRÉ", ["link_of_other"])
    assert TOGETHER.isdisjoint({"person_changed", "link_of_other"})


def test_a_correction_for_the_same_person_names_them() -> None:
    assert told("Zoé MARTIN", "MARTIN Zoe", ZOE) == {"replaces_earlier": "Zoé MARTIN"}
    assert is_replaced("Zoé MARTIN", "MARTIN Zoe", [])


def test_a_number_that_changed_hands_is_asked_about_once() -> None:
    assert told("Zoé MARTIN", "Zoé MARTIN", NOEL, ZOE) == {
        "replaces_earlier": "Zoé MARTIN",
        "link_of_other": "Noël DUPRÉ",
    }


def test_somebody_elses_payslip_that_is_leaving_now_blocks_too() -> None:
    assert "person_changed" in told("Zoé MARTIN", "", NOEL)


def test_a_password_is_not_lost_in_silence() -> None:
    (dropped,) = [
        finding
        for finding in earlier_findings("Zoé MARTIN", "", [ZOE], with_password=False)
        if finding.code == "password_dropped"
    ]
    assert dropped.severity is Severity.BLOCKING
    open_before = ZOE._replace(with_password=False)
    assert "password_dropped" not in told("Zoé MARTIN", "", open_before, with_password=False)
    assert "password_dropped" not in told("Zoé MARTIN", "", ZOE)


def test_without_names_nobody_is_told_apart() -> None:
    assert told("", "Noël DUPRÉ", NOEL) == {"replaces_earlier": "Noël DUPRÉ"}
