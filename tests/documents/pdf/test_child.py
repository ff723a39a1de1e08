"""The bounded child: what it answers, what it may not do, and how it ends."""

import io
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader

from app.core.errors import InvalidInput
from app.documents.pdf.limits import PdfLimits, Refused
from app.documents.pdf.split import Part, PartRefused, PdfChild, Plan, Reading, Single
from tests.documents.pdf.adversarial import PEOPLE, shared_inherited_resources
from tests.documents.pdf.files import (
    active,
    heavy_fonts,
    inflating,
    many_pages,
    one_page,
    sample,
    saved,
    with_content,
)
from tests.documents.pdf.readers import people_in

_MIB = 1024 * 1024


@pytest.fixture(scope="module")
def shared_child() -> Iterator[PdfChild]:
    with PdfChild(PdfLimits()) as child:
        yield child


def pid_of(child: PdfChild) -> int:
    assert child._process is not None
    return child._process.pid


def resident_mib(child: PdfChild) -> int:
    status = Path(f"/proc/{pid_of(child)}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


def test_what_a_file_made_its_readers_remember_is_given_back() -> None:
    """All fonts of this file together are 320 MiB for a reader, and the check has to see them all."""
    with PdfChild(PdfLimits()) as child:
        _plan, *parts = child.split_merged(heavy_fonts(400))
        numbers = [part.slip.staff_number for part in parts if isinstance(part, Part)]
        assert numbers == [f"{100_000 + number:08d}" for number in range(400)]
        assert resident_mib(child) < 200


@pytest.mark.parametrize(("name", "payslips"), [("reportlab", 20), ("ghostscript", 19), ("libreoffice", 6)])
def test_a_merged_file_comes_back_as_a_plan_and_its_parts(
    shared_child: PdfChild, name: str, payslips: int
) -> None:
    plan, *parts = shared_child.split_merged(sample(name))
    assert isinstance(plan, Plan)
    assert len(plan.slips) == len(parts) == payslips
    for index, part in enumerate(parts):
        assert isinstance(part, Part)
        assert part.index == index
        assert part.slip == plan.slips[index]
        assert len(PdfReader(io.BytesIO(part.pdf)).pages) == len(part.slip.pages)
        assert len(part.text.split("\f")) == len(part.slip.pages)
        assert all(number in part.text for number in part.slip.numbers_seen)
        assert part.pdf[: part.shared_length].startswith(b"%PDF-")


def test_a_long_file_tells_how_far_it_is_read(shared_child: PdfChild) -> None:
    data = saved(many_pages([["Matricule : 00004200"]] * 120))
    events = list(shared_child.split_merged(data))
    assert [event for event in events if isinstance(event, Reading)] == [Reading(50, 120), Reading(100, 120)]
    assert [isinstance(event, Plan) for event in events[:3]] == [False, False, True]


def test_a_file_may_come_in_pieces(shared_child: PdfChild) -> None:
    data = sample("reportlab")
    pieces = (data[start : start + 1000] for start in range(0, len(data), 1000))
    assert list(shared_child.split_merged(pieces)) == list(shared_child.split_merged(data))


def test_parts_that_pass_through_the_child_leak_nothing(shared_child: PdfChild) -> None:
    events = list(shared_child.split_merged(shared_inherited_resources(), pattern=r"TEXT-OF-(\d{3})-ONLY"))
    parts = [event for event in events if isinstance(event, Part)]
    assert [people_in(part.pdf) for part in parts] == [{person} for person in range(PEOPLE)]


def test_an_organisations_own_pattern_is_used(shared_child: PdfChild) -> None:
    data = saved(many_pages([["Ref AB-1"], ["Ref AB-2"]]))
    plan = next(iter(shared_child.split_merged(data, pattern=r"Ref (\S+)")))
    assert isinstance(plan, Plan)
    assert [slip.staff_number for slip in plan.slips] == ["AB-1", "AB-2"]
    with pytest.raises(InvalidInput):
        next(iter(shared_child.split_merged(data, pattern="(")))


def test_one_page_that_cannot_be_written_does_not_stop_the_others(shared_child: PdfChild) -> None:
    pdf = many_pages([["Matricule : 1"], ["Matricule : 2"]])
    pdf.pages[1].obj.Contents = pdf.make_stream(
        bytes(pdf.pages[1].obj.Contents.read_bytes()) + b" /Missing Do"
    )
    _, first, second = shared_child.split_merged(saved(pdf))
    assert isinstance(first, Part)
    assert isinstance(second, PartRefused)
    assert second.refusal.code == "resource_missing"
    assert second.slip.staff_number == "2"
    assert "Matricule : 2" in second.text


def test_a_refused_file_is_one_answer_and_the_child_goes_on(shared_child: PdfChild) -> None:
    list(shared_child.split_merged(saved(one_page())))
    before = pid_of(shared_child)
    assert [
        event.code for event in shared_child.split_merged(active("Launch")) if isinstance(event, Refused)
    ] == ["launch"]
    assert isinstance(shared_child.inspect_single(saved(one_page())), Single)
    assert pid_of(shared_child) == before


def test_a_single_is_accepted_with_its_number_and_texts(shared_child: PdfChild) -> None:
    single = shared_child.inspect_single(
        saved(many_pages([["Matricule : 9", "Période : mai 2025"], ["suite"]]))
    )
    assert isinstance(single, Single)
    assert (single.page_count, single.slip.staff_number, single.slip.period) == (2, "9", "2025-05")
    assert single.texts == ("Matricule : 9\nPériode : mai 2025", "suite")


@pytest.mark.parametrize("kind", ["script in an object stream", "opens a web page", "embedded file"])
def test_a_single_that_breaks_the_rules_is_refused_not_rewritten(shared_child: PdfChild, kind: str) -> None:
    assert isinstance(shared_child.inspect_single(active(kind)), Refused)


def test_many_singles_use_one_process(shared_child: PdfChild) -> None:
    shared_child.inspect_single(saved(one_page()))
    first = pid_of(shared_child)
    for _ in range(5):
        assert isinstance(shared_child.inspect_single(saved(one_page())), Single)
    assert pid_of(shared_child) == first


@pytest.mark.parametrize("width", [200, 900])
def test_a_page_becomes_a_small_picture(shared_child: PdfChild, width: int) -> None:
    png = shared_child.render_page(sample("reportlab"), 3, width=width)
    assert isinstance(png, bytes)
    picture = Image.open(io.BytesIO(png))
    assert picture.format == "PNG"
    assert abs(picture.width - width) <= 1
    assert len(picture.getcolors() or ()) <= 64
    assert len(png) < 200_000


@pytest.mark.parametrize(
    ("page", "width", "code"),
    [(24, 200, "no_such_page"), (-1, 200, "no_such_page"), (0, 50_000, "image_too_large")],
)
def test_a_page_that_cannot_be_drawn_is_named(
    shared_child: PdfChild, page: int, width: int, code: str
) -> None:
    refused = shared_child.render_page(sample("reportlab"), page, width=width)
    assert isinstance(refused, Refused)
    assert refused.code == code


def test_an_endlessly_long_page_is_not_drawn(shared_child: PdfChild) -> None:
    pdf = one_page()
    pdf.pages[0].obj.MediaBox = [0, 0, 10, 14000]
    refused = shared_child.render_page(saved(pdf), 0, width=1000)
    assert isinstance(refused, Refused)
    assert refused.code == "image_too_large"


def test_a_small_file_that_inflates_to_300_mib_is_refused_and_the_next_job_works() -> None:
    bomb = inflating(300)
    assert len(bomb) < _MIB
    with PdfChild(PdfLimits(memory_bytes=600 * _MIB, cpu_seconds=20, wall_seconds=60)) as child:
        outcomes = list(child.split_merged(bomb))
        last = outcomes[-1]
        refused = last.refusal if isinstance(last, PartRefused) else last
        assert isinstance(refused, Refused)
        assert refused.code in {"too_heavy", "too_slow", "content_too_large"}
        assert isinstance(child.inspect_single(saved(one_page())), Single)


def test_too_many_bytes_are_refused_while_they_come() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 1000

    with PdfChild(PdfLimits(max_bytes=10_000)) as child:
        refused = child.inspect_single(endless())
        assert isinstance(refused, Refused)
        assert refused.code == "too_large"
        assert isinstance(child.inspect_single(saved(one_page())), Single)


def test_memory_is_bounded() -> None:
    with PdfChild(PdfLimits(memory_bytes=60 * _MIB)) as child:
        refused = child.inspect_single(sample("reportlab") + bytes(60 * _MIB))
        assert isinstance(refused, Refused)
        assert refused.code in {"too_heavy", "reader_failed"}


def test_processor_time_is_bounded() -> None:
    nested = "(?:a+)+" * 8
    data = saved(many_pages([["a" * 60 + "!"]]))
    with PdfChild(PdfLimits(cpu_seconds=1, wall_seconds=60)) as child:
        started = time.monotonic()
        refused = child.inspect_single(data, pattern=f"({nested})$")
        assert isinstance(refused, Refused)
        assert refused.code == "too_slow"
        assert time.monotonic() - started < 30
        assert isinstance(child.inspect_single(saved(one_page())), Single)


def test_waiting_time_is_bounded_and_the_child_is_killed() -> None:
    nested = "(?:a+)+" * 8
    data = saved(many_pages([["a" * 60 + "!"]]))
    with PdfChild(PdfLimits(cpu_seconds=60, wall_seconds=1)) as child:
        child.inspect_single(saved(one_page()))
        process = child._process
        refused = child.inspect_single(data, pattern=f"({nested})$")
        assert isinstance(refused, Refused)
        assert refused.code == "too_slow"
        assert process is not None
        assert process.poll() is not None


def test_leaving_a_split_midway_ends_the_child() -> None:
    with PdfChild(PdfLimits()) as child:
        events = child.split_merged(sample("reportlab"))
        next(events)
        process = child._process
        events.close()
        assert process is not None
        assert process.poll() is not None
        assert isinstance(child.inspect_single(saved(one_page())), Single)


def test_a_killed_child_is_a_refusal_not_an_exception() -> None:
    with PdfChild(PdfLimits()) as child:
        # 2.4 MB of parts: more than the pipe holds, so that the child cannot have ended before it is killed.
        events = child.split_merged(heavy_fonts(150))
        next(events)
        os.kill(pid_of(child), 9)
        assert [event for event in events if isinstance(event, Refused)]


def test_the_child_gets_nothing_of_our_environment_and_may_write_no_file(shared_child: PdfChild) -> None:
    shared_child.inspect_single(saved(one_page()))
    process = Path("/proc") / str(pid_of(shared_child))
    allocator = b"GLIBC_TUNABLES=glibc.malloc.tcache_count=60000"
    assert (process / "environ").read_bytes().strip(b"\0") == allocator
    limits = {
        line[:26].strip(): line[26:].split() for line in (process / "limits").read_text().splitlines()[1:]
    }
    assert limits["Max file size"][:2] == ["0", "0"]
    assert limits["Max core file size"][:2] == ["0", "0"]
    assert int(limits["Max address space"][0]) == PdfLimits().memory_bytes
    assert (process / "cwd").readlink() == Path("/")


def test_nothing_is_left_open_or_running_after_closing() -> None:
    child = PdfChild(PdfLimits())
    child.inspect_single(saved(with_content(b"q Q")))
    process = child._process
    child.close()
    assert process is not None
    assert process.returncode is not None
    assert process.stdin is not None
    assert process.stdin.closed
    child.close()
