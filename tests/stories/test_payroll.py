"""What Pli promises a pay office, from the upload to the payslip on a phone, on SQLite and on PostgreSQL."""

import io
import zipfile

import pytest

from app.core.errors import NotFound
from app.crypto.epochs import EpochName
from app.db.payroll.openings import open_part, open_upload
from app.db.queries import batches, documents, people
from app.documents.people.model import SheetRead
from app.documents.people.sheets import read_people_sheet
from app.usecases.batches.cancel_overdue import cancel_overdue
from app.usecases.batches.confirm_batch import confirm_batch
from app.usecases.batches.finish_batches import finish_batches
from app.usecases.batches.list_paper import list_paper
from app.usecases.documents.show_page import show_page
from app.usecases.opening.unlock_document import NotOpen, Unlocked
from app.usecases.operations.destroy_past import destroy_past
from links.lifecycle import of_documents
from links.state import LinkState
from tests.stories.payroll import (
    INES,
    NOEL,
    NOVEMBER,
    OCTOBER,
    TEAM,
    ZOE,
    Employee,
    e164,
    list_of,
    pdf_of,
    sample_file,
)
from tests.stories.story import CLERK, Story


def codes_of(sheet: bytes) -> dict[str, str]:
    """Access code by staff number, zeros completed, as the list says."""
    read = read_people_sheet(sheet)
    assert isinstance(read, SheetRead)
    return {person.staff_number.zfill(8): person.access_code for person in read.people}


def test_the_reportlab_sample_leaves_but_for_the_rows_that_block(story: Story) -> None:
    sheet = sample_file("people-reportlab.xlsx")
    batch = story.upload_files({"payroll.pdf": sample_file("payroll-reportlab.pdf")}, ("people.xlsx", sheet))
    assert (batch.state, batch.page_count, batch.period) == ("in_review", 24, "2025-09")
    lines = story.review(batch)
    assert {line.staff: line.blocking for line in lines if line.blocking} == {
        "00100028": {"phone_unreachable"},
        "00100042": {"phone_empty"},
        "00100056": {"phone_invalid"},
        "00100105": {"payslip_without_person"},
    }
    by_staff = {line.staff: line for line in lines}
    assert by_staff["00100070"].match == "paper"
    assert by_staff["00999999"].match == "no_payslip"
    assert "person_twice_same" in by_staff["00100021"].findings
    assert "staff_number_repaired" in by_staff["00100084"].findings
    assert story.phone_of(by_staff["00100014"]) == "+262692123456"

    assert story.refused_release(batch) == "still_blocked"
    assert story.pipeline.application.phones.count(story.id) == 0

    assert story.exclude_blocking(batch) == 4
    story.send(batch)
    left = story.assert_each_phone_opens_its_own(batch, codes_of(sheet))
    assert left == [line.staff for line in lines if line.match == "matched" and not line.blocking]
    assert len(left) == 15
    assert story.pipeline.application.phones.count(story.id) == 15


def test_the_ghostscript_sample_blocks_on_two_phones_only(story: Story) -> None:
    sheet = sample_file("people-ghostscript.csv")
    batch = story.upload_files({"payroll.pdf": sample_file("payroll-ghostscript.pdf")}, ("people.csv", sheet))
    lines = story.review(batch)
    assert len(lines) == 19
    assert {line.staff: line.blocking for line in lines if line.blocking} == {
        "00100035": {"phone_invalid"},
        "00100049": {"phone_invalid"},
    }
    assert story.exclude_blocking(batch) == 2
    story.send(batch)
    assert len(story.assert_each_phone_opens_its_own(batch, codes_of(sheet))) == 17


def test_of_the_libreoffice_sample_only_one_payslip_may_leave(story: Story) -> None:
    sheet = sample_file("people-libreoffice.csv")
    batch = story.upload_files({"payroll.pdf": sample_file("payroll-libreoffice.pdf")}, ("people.csv", sheet))
    lines = story.review(batch)
    assert [line.pages for line in lines if line.blocking == {"two_people_on_page"}] == [
        (0,), (1,), (2,), (3,), (4,),
    ]  # fmt: skip
    assert [(line.staff, line.pages) for line in lines if line.match == "matched"] == [("00100056", (5,))]
    assert story.refused_release(batch) == "still_blocked"
    story.exclude_blocking(batch)
    story.send(batch)
    assert story.assert_each_phone_opens_its_own(batch, codes_of(sheet)) == ["00100056"]
    assert story.pipeline.application.phones.count(story.id) == 1


@pytest.mark.parametrize("packed", [False, True], ids=["several files", "a ZIP"])
def test_one_file_per_person_arrives_as_the_employer_made_it(story: Story, packed: bool) -> None:
    files = {f"{one.staff}.pdf": pdf_of([one]) for one in TEAM}
    if packed:
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w") as archive:
            for name, data in files.items():
                archive.writestr(f"octobre/{name}", data)
        batch = story.upload_files({"paie.zip": written.getvalue()}, ("salaries.csv", list_of(TEAM)))
    else:
        batch = story.upload_files(files, ("salaries.csv", list_of(TEAM)))
    assert [line.staff for line in story.review(batch)] == [one.staff for one in TEAM]
    for line in story.review(batch):
        assert (
            open_part(story.rt.vault, batch, line.document, story.rt.blobs.get_range)
            == (files[f"{line.staff}.pdf"])
        )
    story.send(batch)
    assert len(story.assert_each_phone_opens_its_own(batch, {one.staff: one.code for one in TEAM})) == 3


def test_two_months_in_one_batch_are_two_links_for_one_person(story: Story) -> None:
    files = {"octobre.pdf": pdf_of(TEAM, OCTOBER), "novembre.pdf": pdf_of(TEAM, NOVEMBER)}
    batch = story.upload_files(files, ("salaries.csv", list_of(TEAM)), password_policy="sheet")
    story.send(batch)
    for one in TEAM:
        texts = [story.read(message, one.code) for message in story.phone(one.phone)]
        assert sorted("octobre" in text for text in texts) == [False, True]
    people = [line.document.person_id for line in story.review(batch)]
    assert len(people) == 2 * len(TEAM)
    assert len(set(people)) == len(TEAM)


def test_a_corrected_payslip_takes_the_place_of_the_first(story: Story) -> None:
    first = story.upload(TEAM)
    story.send(first)
    wrong_link = story.link_in(story.phone(ZOE.phone)[0])

    corrected = Employee(**{**ZOE.__dict__, "pay": "16.50"})
    second = story.upload([corrected])
    assert "replaces_earlier" in story.line(second, ZOE.staff).findings
    assert isinstance(story.try_to_open(wrong_link, ZOE.code), Unlocked)
    story.send(second)

    outcome = story.try_to_open(wrong_link, ZOE.code)
    assert isinstance(outcome, NotOpen)
    assert outcome.state is LinkState.REVOKED
    assert story.line(first, ZOE.staff).state == "revoked"
    assert story.line(first, NOEL.staff).state == "sealed"
    newest = story.phone(ZOE.phone)[-1]
    assert "16,50" in story.read(newest, ZOE.code)
    assert len(story.phone(ZOE.phone)) == 2
    with story.rt.read() as session:
        (link,) = of_documents(session, [story.line(first, ZOE.staff).id])[story.line(first, ZOE.staff).id]
    assert link.revoked_reason == "replaced"


def test_a_correction_stops_the_first_notice_that_has_not_left(story: Story) -> None:
    first = story.upload([ZOE])
    story.release(first)
    second = story.upload([Employee(**{**ZOE.__dict__, "pay": "16.50"})])
    story.send(second)
    assert story.states(first) == {ZOE.staff: "cancelled"}
    assert len(story.phone(ZOE.phone)) == 1


def test_the_same_file_twice_is_never_sent_again_in_silence(story: Story) -> None:
    first = story.upload(TEAM)
    story.send(first)
    again = story.upload(TEAM)
    assert again.same_files_as == first.id
    assert {line.staff: line.blocking for line in story.review(again)} == {
        one.staff: {"already_sent"} for one in TEAM
    }
    assert story.refused_release(again) == "still_blocked"
    for line in story.review(again):
        story.confirm(line, "already_sent")
    assert story.refused_release(again) == "same_files"
    confirm_batch(story.rt, story.id, again.id, "same_files", CLERK)
    story.send(again)
    assert [len(story.phone(one.phone)) for one in TEAM] == [2, 2, 2]


def test_a_file_that_was_given_up_may_come_again(story: Story) -> None:
    first = story.upload(TEAM)
    story.clock.forward(days=8)
    cancel_overdue(story.rt)
    again = story.upload(TEAM)
    assert story.pipeline.batch(first.id).state == "cancelled"
    assert again.same_files_as is None
    story.send(again)
    assert set(story.states(again).values()) == {"delivered"}


def test_a_changed_number_needs_a_confirmation(story: Story) -> None:
    story.send(story.upload(TEAM))
    moved = Employee(**{**ZOE.__dict__, "phone": "06 11 00 10 99"})
    batch = story.upload([moved, NOEL, INES], period=NOVEMBER)
    assert {line.staff: line.blocking for line in story.review(batch) if line.blocking} == {
        ZOE.staff: {"number_changed"}
    }
    assert story.refused_release(batch) == "still_blocked"
    story.confirm(story.line(batch, ZOE.staff), "number_changed")
    story.send(batch)
    assert len(story.phone(ZOE.phone)) == 1
    assert len(story.phone(moved.phone)) == 1

    december = story.upload([moved, NOEL, INES], period=NOVEMBER.replace(month=12))
    assert not any(line.blocking for line in story.review(december))


def test_who_refuses_the_electronic_payslip_gets_paper_and_no_text(story: Story) -> None:
    refusing = Employee(**{**ZOE.__dict__, "objects": "oui"})
    with story.rt.begin() as session:
        people.record_objection(
            session,
            story.id,
            story.rt.vault.staff_index(story.id, INES.staff),
            "electronic_payslip",
            "letter",
            story.clock(),
            withdrawn=False,
        )
    batch = story.upload([refusing, NOEL, INES])
    assert {line.staff: line.match for line in story.review(batch)} == {
        ZOE.staff: "paper", NOEL.staff: "matched", INES.staff: "paper",
    }  # fmt: skip
    story.send(batch)
    paper = list_paper(story.rt, story.id, batch.id)
    assert [(line.face.name, line.pages) for line in paper.lines] == [
        ("Zoé MARTIN", (1,)),
        ("Inès GIRARD", (4,)),
    ]
    assert story.phone(ZOE.phone) == story.phone(INES.phone) == []
    assert len(story.phone(NOEL.phone)) == 1


def test_of_a_person_who_is_there_twice_the_clerk_keeps_one(story: Story) -> None:
    other = Employee(**{**ZOE.__dict__, "phone": "06 11 00 10 98"})
    batch = story.upload_files(
        {"bulletins.pdf": pdf_of(TEAM)}, ("salaries.csv", list_of([ZOE, NOEL, INES, other, NOEL]))
    )
    twice = [line for line in story.review(batch) if line.staff == ZOE.staff]
    assert [line.blocking for line in twice] == [{"person_twice_differs"}] * 2
    assert "person_twice_same" in story.line(batch, NOEL.staff).findings
    assert story.refused_release(batch) == "still_blocked"
    (wrong,) = [line for line in twice if story.phone_of(line) == e164(other.phone)]
    story.exclude(wrong)
    story.send(batch)
    assert story.phone(other.phone) == []
    assert len(story.phone(NOEL.phone)) == 1
    (message,) = story.phone(ZOE.phone)
    assert ZOE.staff in story.read(message, ZOE.code)


def test_each_person_is_written_to_in_their_language(story: Story) -> None:
    english = Employee(**{**ZOE.__dict__, "language": "en"})
    story.send(story.upload([english, NOEL]))
    assert "payslip October 2026, readable until" in story.phone(ZOE.phone)[0].text
    assert "bulletin de paie octobre 2026, lisible jusqu'au" in story.phone(NOEL.phone)[0].text


def test_after_the_release_nobody_in_the_office_can_read_the_payslips(story: Story) -> None:
    batch = story.upload([*TEAM, Employee("00100028", "PÉREZ", "Élodie", "01 99 00 12 34")])
    assert show_page(story.rt, story.id, story.line(batch, ZOE.staff).id, 1, width=200)[:4] == b"\x89PNG"
    with story.rt.read() as session:
        (upload,) = batches.uploads(session, batch.id, "documents")
        (people_list,) = batches.uploads(session, batch.id, "people")
    assert open_upload(story.rt.vault, batch, upload, story.rt.blobs.get_range)[:5] == b"%PDF-"
    story.exclude(story.line(batch, "00100028"))
    story.send(batch)
    finish_batches(story.rt)

    for line in story.review(batch):
        assert line.document.key_review is None
        assert line.document.access_code_review is None
        with pytest.raises(NotFound):
            open_part(story.rt.vault, batch, line.document, story.rt.blobs.get_range)
        with pytest.raises(NotFound):
            show_page(story.rt, story.id, line.id, 1, width=200)
    with story.rt.read() as session:
        wiped = [
            *batches.uploads(session, batch.id, "documents"),
            *batches.uploads(session, batch.id, "people"),
        ]
    for one in wiped:
        with pytest.raises(NotFound):
            open_upload(story.rt.vault, batch, one, story.rt.blobs.get_range)
    for key in (upload.blob_key, people_list.blob_key):
        with pytest.raises(NotFound):
            story.rt.blobs.size(key)
    assert story.pipeline.batch(batch.id).state == "finished"


def test_what_nobody_released_in_seven_days_is_cancelled_and_wiped(story: Story) -> None:
    batch = story.upload(TEAM)
    story.clock.forward(days=6, hours=23)
    cancel_overdue(story.rt)
    assert story.pipeline.batch(batch.id).state == "in_review"
    story.clock.forward(hours=2)
    assert story.refused_release(batch) == "not_in_review"
    cancel_overdue(story.rt)
    finish_batches(story.rt)

    cancelled = story.pipeline.batch(batch.id)
    assert (cancelled.state, cancelled.failure["code"]) == ("cancelled", "not_released_in_time")
    with story.rt.read() as session:
        lines = documents.of_batch(session, batch.id)
        uploads = batches.uploads(session, batch.id, "documents")
    assert {line.state for line in lines} == {"cancelled"}
    assert all(line.key_review is None and line.access_code_review is None for line in lines)
    assert all(upload.key_wrapped is None for upload in uploads)
    assert "batch:cancelled" in [tag.lower() for tag in story.journal_tags(batch.id)]
    assert story.pipeline.application.phones.count(story.id) == 0

    review_key = EpochName.out(batch.review_day)
    assert story.rt.vault.epochs.get(review_key) is not None
    story.clock.forward(days=4)
    destroy_past(story.rt)
    assert story.rt.vault.epochs.get(review_key) is None
