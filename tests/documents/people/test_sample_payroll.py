"""The sample payroll, and the samples of real producers, through splitting by page text, names and the review."""

from datetime import date
from pathlib import Path

import phonenumbers
import pypdfium2
import pytest

from app.documents.match.findings import Known, NameCheck, Slip, review
from app.documents.match.names import name_on_page
from app.documents.match.pages import PageFacts, group_pages
from app.documents.match.people import PersonRow, read_people
from app.documents.match.release import ReviewRow, State, blocks_release, paper_list, rows_to_send
from app.documents.people.model import SheetRead
from app.documents.people.sheets import read_people_sheet
from app.documents.sample_payroll import FEWEST_PEOPLE, make_sample

SAMPLES = Path(__file__).parents[2] / "samples"
PERIOD = date(2025, 9, 1)


def _review(pdf: bytes, sheet: bytes) -> dict[str, ReviewRow]:
    document = pypdfium2.PdfDocument(pdf)
    # pdfium writes U+FFFE, or nothing at all, for a glyph it cannot name.
    texts = [
        page.get_textpage().get_text_range().replace("\r\n", "\n").replace("\ufffe", "\ufffd")
        for page in document
    ]
    document.close()
    outcome = read_people_sheet(sheet)
    assert isinstance(outcome, SheetRead)

    def check(slip: Slip, row: PersonRow) -> NameCheck:
        return name_on_page("\n".join(texts[page] for page in slip.pages), row.name)

    slips = group_pages([PageFacts(at, text) for at, text in enumerate(texts)])
    rows = review(
        slips, read_people(outcome.people, "FR"), check, Known(needs_access_code=True), outcome.row_errors
    )
    return {row.id: row for row in rows}


def _codes(rows: dict[str, ReviewRow]) -> dict[tuple[str, str], set[str]]:
    """Loud findings by staff number and state."""
    return {
        (row.staff_number, str(row.state)): {
            finding.code for finding in row.findings if finding.severity != "info"
        }
        for row in rows.values()
        if any(finding.severity != "info" for finding in row.findings)
    }


def test_a_sample_shows_a_clerk_one_mistake_of_each_kind() -> None:
    sample = make_sample(7, PERIOD)
    rows = _review(sample.pdf, sample.sheet_xlsx)
    numbers = [person.staff_number for person in sample.people]
    newcomer = next(row.staff_number for row in rows.values() if row.state is State.NO_PAYSLIP)
    assert _codes(rows) == {
        (numbers[2], "matched"): {"phone_repaired"},
        (numbers[3], "matched"): {"phone_unreachable"},
        (numbers[5], "matched"): {"staff_number_repaired"},
        (numbers[7], "no_person"): {"payslip_without_person"},
        (newcomer, "no_payslip"): {"person_without_payslip"},
    }
    everything = tuple(rows.values())
    assert [row.staff_number for row in paper_list(everything, ())] == [numbers[4]]
    assert [len(row.pages) for row in everything if row.pages].count(2) == 2
    blockers = blocks_release(everything, (), ())
    assert len(blockers) == 2
    excluded = {blocker.row_id for blocker in blockers}
    assert blocks_release(everything, excluded, ()) == ()
    assert len(rows_to_send(everything, excluded)) == 9


def test_a_sample_is_the_same_each_time_and_another_with_another_seed() -> None:
    assert make_sample(7, PERIOD) == make_sample(7, PERIOD)
    assert make_sample(7, PERIOD).pdf != make_sample(8, PERIOD).pdf
    assert make_sample(7, PERIOD).pdf != make_sample(7, date(2025, 10, 1)).pdf


@pytest.mark.parametrize("people", [FEWEST_PEOPLE, 200])
def test_people_of_a_sample_are_all_different(people: int) -> None:
    sample = make_sample(7, PERIOD, people)
    assert len({(person.first_name, person.last_name) for person in sample.people}) == people
    assert len({person.staff_number for person in sample.people}) == people
    assert len({person.access_code for person in sample.people}) == people
    assert len({person.phone for person in sample.people}) == people


def test_phones_of_a_sample_are_well_formed_french_mobiles() -> None:
    sample = make_sample(7, PERIOD, 200)
    kinds = [phonenumbers.number_type(phonenumbers.parse(person.phone, "FR")) for person in sample.people]
    assert kinds.count(phonenumbers.PhoneNumberType.MOBILE) == 199


def test_magic_numbers_go_to_people_without_another_mistake() -> None:
    magic = ["06 99 00 00 01", "06 99 00 00 02"]
    sample = make_sample(7, PERIOD, magic_phones=magic)
    assert [sample.people[at].phone for at in (0, 1)] == magic


def test_a_sample_too_small_for_its_mistakes_is_refused() -> None:
    with pytest.raises(ValueError, match="8 to 200"):
        make_sample(7, PERIOD, FEWEST_PEOPLE - 1)


def test_the_reportlab_payroll_tells_what_its_sheet_has_wrong() -> None:
    pdf = (SAMPLES / "payroll-reportlab.pdf").read_bytes()
    rows = _review(pdf, (SAMPLES / "people-reportlab.xlsx").read_bytes())
    assert _codes(rows) == {
        ("00100014", "matched"): {"phone_repaired"},
        ("00100021", "matched"): {"person_twice_same"},
        ("00100028", "matched"): {"phone_unreachable"},
        ("00100035", "matched"): {"phone_repaired"},
        ("00100042", "matched"): {"phone_empty"},
        ("00100056", "matched"): {"phone_invalid"},
        ("00100084", "matched"): {"staff_number_repaired"},
        ("00100091", "matched"): {"phone_repaired"},
        ("00100105", "no_person"): {"payslip_without_person"},
        ("00999999", "no_payslip"): {"person_without_payslip"},
    }
    everything = tuple(rows.values())
    assert [row.staff_number for row in paper_list(everything, ())] == ["00100070"]
    excluded = {blocker.row_id for blocker in blocks_release(everything, (), ())}
    assert len(rows_to_send(everything, excluded)) == 15


def test_only_the_whole_payslip_of_the_libreoffice_payroll_may_be_sent() -> None:
    pdf = (SAMPLES / "payroll-libreoffice.pdf").read_bytes()
    rows = tuple(_review(pdf, (SAMPLES / "people-libreoffice.csv").read_bytes()).values())
    excluded = {blocker.row_id for blocker in blocks_release(rows, (), ())}
    assert [row.staff_number for row in rows_to_send(rows, excluded)] == ["00100056"]
    refused = [row for row in rows if row.state is State.UNMATCHED]
    assert [row.pages for row in refused] == [(0,), (1,), (2,), (3,), (4,)]
    assert {finding.code for row in refused for finding in row.findings} == {"two_people_on_page"}
