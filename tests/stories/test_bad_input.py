"""Files that are damaged, hostile or too big: each ends in a code that screens can say, and the next batch goes on."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest

from app.core.errors import InvalidInput, TooLarge
from app.db.blob_mark import MARK
from app.db.models import Batch
from app.db.payroll.lines import read_details
from app.db.payroll.openings import open_part
from app.db.queries import batches
from app.db.sending.failures import read_failure
from app.usecases.batches.finish_batches import finish_batches
from tests.databases import SqliteDatabases
from tests.documents.pdf.files import active, inflating, one_page, saved
from tests.documents.people.builders import csv_bytes, workbook, xlsx, zip_of
from tests.pipeline import pipeline
from tests.stories.payroll import COLUMNS, NOEL, TEAM, ZOE, list_of, pdf_of
from tests.stories.story import Clock, Story

ERRORS = json.loads((Path(__file__).parents[2] / "templates/texts/errors.json").read_text())
GOOD_LIST = ("salaries.csv", list_of(TEAM))
HEADINGS = tuple(COLUMNS)
ROW = tuple(read(ZOE) for read in COLUMNS.values())


@pytest.fixture
def story(sqlite_databases: SqliteDatabases, tmp_path: Path) -> Iterator[Story]:
    """On SQLite alone: nothing here depends on the database."""
    clock = Clock()
    with (
        sqlite_databases.migrated() as url,
        pipeline(tmp_path / "data", database_url=url, now=clock, pdf_max_pages=50) as made,
    ):
        played = Story(made, clock, tmp_path / "data")
        yield played
        played.check_journal()


def encrypted() -> bytes:
    pdf = one_page()
    return saved(pdf, encryption=pikepdf.Encryption(owner="o", user="u"))


def assert_said_and_wiped(story: Story, batch: Batch) -> str:
    """A failed batch says why, in both languages, and keeps no file."""
    assert batch.state == "failed"
    code = str(batch.failure["code"])
    assert ERRORS[code]["fr"]
    assert ERRORS[code]["en"]
    with story.rt.read() as session:
        before = [
            *batches.uploads(session, batch.id, "documents"),
            *batches.uploads(session, batch.id, "people"),
        ]
    finish_batches(story.rt)
    with story.rt.read() as session:
        after = [
            *batches.uploads(session, batch.id, "documents"),
            *batches.uploads(session, batch.id, "people"),
        ]
    assert [upload.key_wrapped for upload in after] == [None] * len(before)
    assert not any((story.folder / "blobs" / upload.blob_key).exists() for upload in before)
    assert not story.review(batch)
    assert "batch:refused" in story.journal_tags(batch.id)
    return code


def assert_good_batch_passes(story: Story) -> None:
    batch = story.upload(TEAM)
    story.send(batch)
    assert set(story.states(batch).values()) == {"delivered"}


BAD_PDFS: Mapping[str, tuple[bytes, str]] = {
    "encrypted": (encrypted(), "pdf_encrypted"),
    "truncated": (pdf_of(TEAM)[:9000], "pdf_damaged"),
    "half a page": (pdf_of(TEAM)[:-400], "pdf_damaged"),
    "no PDF": (b"Bonjour, voici la paie.", "pdf_not_pdf"),
    "an image": (b"\x89PNG\r\n\x1a\n" + bytes(5000), "pdf_not_pdf"),
    "a header and nothing more": (b"%PDF-1.7\n", "pdf_damaged"),
    "more pages than allowed": (pdf_of([replace(ZOE, pages=2)] * 26), "pdf_too_many_pages"),
    "a script": (active("script in OpenAction"), "pdf_script"),
    "a hidden script": (active("script in an object stream"), "pdf_script"),
    "a program to start": (active("Launch"), "pdf_launch"),
    "an attachment": (active("embedded file"), "pdf_attachment"),
    "an XFA form": (active("XFA"), "pdf_xfa"),
    "a film": (active("RichMedia"), "pdf_rich_media"),
    "a form that is sent": (active("submit action"), "pdf_submit_form"),
    "300 MB when inflated": (inflating(300), "pdf_too_heavy"),
}  # fmt: skip
BAD_ZIPS: Mapping[str, tuple[bytes, str]] = {
    "a way out": (zip_of({"../bulletin.pdf": saved(one_page())}), "pdf_unsafe_path"),
    "an absolute path": (zip_of({"/etc/bulletin.pdf": saved(one_page())}), "pdf_unsafe_path"),
    "a ZIP in the ZIP": (zip_of({"a.zip": zip_of({"a.pdf": saved(one_page())})}), "pdf_nested_archive"),
    "a bomb": (zip_of({"a.pdf": b"%PDF-1.7\n" + bytes(24_000_000)}), "pdf_ratio"),
    "nothing": (zip_of({}), "pdf_no_documents"),
    "cut off": (zip_of({"a.pdf": saved(one_page())})[:-30], "pdf_not_a_zip"),
}
BAD_SHEETS: Mapping[str, tuple[bytes, str]] = {
    "no sheet": (b"\x89PNG\r\n\x1a\n" + bytes(5000), "sheet_not_a_sheet"),
    "a PDF": (saved(one_page()), "sheet_not_a_sheet"),
    "cut off": (xlsx([HEADINGS, ROW])[:-400], "sheet_damaged"),
    "headings alone": (csv_bytes([HEADINGS]), "sheet_no_people"),
    "one row too many": (csv_bytes([HEADINGS, *[ROW] * 100_001]), "sheet_too_many_rows"),
    "300 columns": (csv_bytes([tuple(f"Colonne {at}" for at in range(300)), ROW]), "sheet_too_many_columns"),
    "only spaces": (b" \r\n \r\n", "sheet_empty"),
}


def codes_of(story: Story, files: Mapping[str, tuple[bytes, str]]) -> dict[str, str]:
    """What each file ends in when it is the only one of its batch."""
    return {
        name: assert_said_and_wiped(story, story.upload_files({"paie": data}, GOOD_LIST))
        for name, (data, _) in files.items()
    }


def test_a_bad_pdf_fails_its_batch_with_its_reason_and_the_next_one_goes_on(story: Story) -> None:
    assert codes_of(story, BAD_PDFS) == {name: code for name, (_, code) in BAD_PDFS.items()}
    assert_good_batch_passes(story)


def test_a_bad_zip_fails_its_batch_with_its_reason_and_the_next_one_goes_on(story: Story) -> None:
    assert codes_of(story, BAD_ZIPS) == {name: code for name, (_, code) in BAD_ZIPS.items()}
    assert_good_batch_passes(story)


def test_a_bad_list_fails_its_batch_with_its_reason_and_the_next_one_goes_on(story: Story) -> None:
    ended = {
        name: assert_said_and_wiped(story, story.upload_files({"paie.pdf": pdf_of(TEAM)}, ("salaries", data)))
        for name, (data, _) in BAD_SHEETS.items()
    }
    assert ended == {name: code for name, (_, code) in BAD_SHEETS.items()}
    assert_good_batch_passes(story)


def test_the_failure_names_the_file(story: Story) -> None:
    bad = zip_of({"../a.pdf": saved(one_page())})
    batch = story.upload_files({"zoe.pdf": pdf_of([ZOE]), "paie.zip": bad}, GOOD_LIST)
    assert read_failure(story.rt.vault, batch) == {"code": "pdf_unsafe_path", "detail": "paie.zip"}
    assert b"paie.zip" not in story.everything_stored()


def test_one_bad_file_among_many_blocks_its_line_and_not_the_others(story: Story) -> None:
    files = {f"{one.staff}.pdf": pdf_of([one]) for one in TEAM}
    bad = {name: data for name, (data, code) in BAD_PDFS.items() if "pages" not in name}
    batch = story.upload_files({**files, **bad}, GOOD_LIST)
    assert batch.state == "in_review"
    problems = {}
    for line in story.review(batch):
        details = read_details(story.rt.vault, line.document)
        if details.problem:
            assert line.blocking == {"unmatched_page"}
            assert line.document.blob_size == 0
            problems[details.source] = f"pdf_{details.problem}"
            assert ERRORS[problems[details.source]]["fr"]
            assert ERRORS[problems[details.source]]["en"]
    assert problems == {name: BAD_PDFS[name][1] for name in bad}
    for line in story.review(batch):
        if line.blocking:
            story.exclude(line)
    story.send(batch)
    assert [len(story.phone(one.phone)) for one in TEAM] == [1, 1, 1]


def test_a_web_page_that_is_a_pdf_too_reaches_nobody_as_a_web_page(story: Story) -> None:
    page = b"<html><script>alert(1)</script><!--" + bytes(900)
    merged = story.upload_files({"paie.pdf": page + pdf_of(TEAM)}, GOOD_LIST)
    for line in story.review(merged):
        part = open_part(story.rt.vault, merged, line.document, story.rt.blobs.get_range)
        assert part.startswith(b"%PDF-")
        assert b"<script>" not in part
    single = story.upload_files({"zoe.pdf": page + pdf_of([ZOE]), "noel.pdf": pdf_of([NOEL])}, GOOD_LIST)
    (refused, *_) = story.review(single)
    assert read_details(story.rt.vault, refused.document).problem == "not_pdf"


def test_what_in_a_zip_is_no_pdf_is_shown(story: Story) -> None:
    archive = zip_of({"zoe.pdf": pdf_of([ZOE]), "vide.pdf": b"", "liste.xlsx": xlsx([HEADINGS, ROW])})
    batch = story.upload_files({"paie.zip": archive}, ("salaries.csv", list_of([ZOE])))
    shown = {
        details.source: details.problem
        for line in story.review(batch)
        if (details := read_details(story.rt.vault, line.document)).problem
    }
    assert shown == {"vide.pdf": "empty", "liste.xlsx": "office_file"}
    assert all(ERRORS[f"pdf_{problem}"]["fr"] for problem in shown.values())


def refused_upload(story: Story, files: Mapping[str, bytes], people: tuple[str, bytes] = GOOD_LIST) -> str:
    """The code of an upload that makes no batch, and leaves nothing behind."""
    with pytest.raises(InvalidInput) as refusal:
        story.upload_files(files, people)
    code = refusal.value.code
    assert ERRORS[code]["fr"]
    assert ERRORS[code]["en"]
    with story.rt.read() as session:
        assert batches.recent(session, story.id, limit=1) == []
    assert [path.name for path in (story.folder / "blobs").rglob("*") if path.is_file()] == [MARK]
    return code


def test_an_upload_that_cannot_be_anything_is_refused_at_the_door(story: Story) -> None:
    assert refused_upload(story, {"paie.pdf": b""}) == "file_empty"
    assert refused_upload(story, {"paie.pdf": pdf_of([ZOE])}, ("salaries.csv", b"")) == "file_empty"
    assert refused_upload(story, {}) == "documents_missing"
    assert_good_batch_passes(story)


def test_an_upload_over_the_limit_is_refused_while_it_arrives(story: Story) -> None:
    small = replace(story.rt, policies=replace(story.rt.policies, upload_bytes=100_000))
    story.rt = story.pipeline.rt = small
    with pytest.raises(TooLarge) as refusal:
        story.upload_files({"paie.pdf": pdf_of([ZOE]) + bytes(200_000)}, GOOD_LIST)
    assert refusal.value.code == "upload_too_large"
    assert ERRORS["upload_too_large"]["fr"]
    assert ERRORS["upload_too_large"]["en"]
    assert [path.name for path in (story.folder / "blobs").rglob("*") if path.is_file()] == [MARK]


@pytest.mark.parametrize(
    "data",
    [
        csv_bytes([ROW]),
        csv_bytes([("Colonne 1", "Colonne 2", "Colonne 3", "Colonne 4"), ROW[:4]]),
        workbook({"Siège": [HEADINGS, ROW], "Usine": [HEADINGS, ROW]}),
    ],
    ids=["no header", "unknown headings", "two sheets with people"],
)
def test_a_list_that_pli_cannot_read_alone_asks_the_clerk(data: bytes, story: Story) -> None:
    batch = story.upload_files({"paie.pdf": pdf_of([ZOE])}, ("salaries", data))
    assert (batch.state, batch.failure) == ("needs_mapping", {})
    assert story.review(batch) == []


def test_merged_cells_and_failed_formulas_block_their_rows_only(story: Story) -> None:
    rows = [tuple(read(one) for read in COLUMNS.values()) for one in TEAM]
    sheet = workbook(
        {"Effectif": [HEADINGS, rows[0], (*rows[1][:3], "", *rows[1][4:]), rows[2]]},
        merged=[(3, 1, 3, 2, "GIRARD")],
        errors={(2, 3): "#N/A"},
    )
    batch = story.upload_files({"paie.pdf": pdf_of(TEAM)}, ("salaries.xlsx", sheet))
    lines = {line.staff: line for line in story.review(batch)}
    assert lines[TEAM[0].staff].blocking == set()
    assert lines[TEAM[1].staff].blocking == {"cell_unreadable"}
    assert lines[TEAM[2].staff].blocking == {"cell_unreadable"}


def test_a_list_of_100_000_rows_is_read(story: Story) -> None:
    strangers = [(f"7{at:07d}", "EXEMPLE", "Zoé", "", "", "", "") for at in range(100_000 - len(TEAM))]
    people = [tuple(read(one) for read in COLUMNS.values()) for one in TEAM]
    batch = story.upload_files(
        {"paie.pdf": pdf_of(TEAM)}, ("salaries.csv", csv_bytes([HEADINGS, *strangers, *people]))
    )
    assert batch.state == "in_review"
    assert story.progress(batch).matches == {"matched": 3, "no_payslip": 99_997}
