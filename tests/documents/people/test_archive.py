import io
import random
import stat
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.documents.archive import (
    Archive,
    ArchivedDocument,
    ArchiveLimits,
    ArchiveRefused,
    SkippedEntry,
    entry_name,
    read_archive,
)
from tests.documents.people.builders import HEADER, PERSON, xlsx, zip_of

PDF = b"%PDF-1.7\n1 0 obj\n"


def read_all(data: bytes, limits: ArchiveLimits) -> list[ArchivedDocument | SkippedEntry]:
    return list(read_archive(data, limits))


def refused(data: bytes, limits: ArchiveLimits | None = None) -> ArchiveRefused:
    with pytest.raises(ArchiveRefused) as caught:
        read_all(data, limits or ArchiveLimits())
    return caught.value


def test_documents_come_in_order_and_folders_and_clutter_are_passed_over() -> None:
    data = zip_of(
        {
            "paie/": b"",
            "paie/b.pdf": PDF + b"b",
            "__MACOSX/paie/._b.pdf": b"x",
            ".DS_Store": b"x",
            "paie/Thumbs.db": b"x",
            "a.PDF": PDF + b"a",
        }
    )
    archive = Archive(data, ArchiveLimits())
    assert len(archive) == 2
    assert list(archive.documents()) == [
        ArchivedDocument("paie/b.pdf", PDF + b"b"),
        ArchivedDocument("a.PDF", PDF + b"a"),
    ]


def test_what_is_no_pdf_is_reported_and_not_lost_in_silence() -> None:
    data = zip_of(
        {"lisez-moi.txt": b"bonjour", "vide.pdf": b"", "people.xlsx": xlsx([HEADER, PERSON]), "a.pdf": PDF}
    )
    assert read_all(data, ArchiveLimits()) == [
        SkippedEntry("lisez-moi.txt", "not_a_pdf"),
        SkippedEntry("vide.pdf", "empty"),
        SkippedEntry("people.xlsx", "office_file"),
        ArchivedDocument("a.pdf", PDF),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "../a.pdf",
        "a/../../b.pdf",
        "/etc/a.pdf",
        "..\\a.pdf",
        "C:\\a.pdf",
        "\\\\server\\a.pdf",
        "a/..",
        "c:a.pdf",
    ],
)
def test_a_path_that_leaves_the_archive_is_refused(name: str) -> None:
    error = refused(zip_of({"ok.pdf": PDF, name: PDF}))
    assert (error.code, error.position) == ("unsafe_path", 2)
    assert name not in error.message


def test_dots_inside_a_name_are_no_way_out() -> None:
    assert len(read_all(zip_of({"a..b/c...pdf": PDF}), ArchiveLimits())) == 1


def test_a_symlink_is_refused() -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        link = zipfile.ZipInfo("a.pdf")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert refused(written.getvalue()).code == "symlink"


@pytest.mark.parametrize(
    "entries",
    [
        {"inner.zip": zip_of({"a.pdf": PDF})},
        {"inner.pdf": zip_of({"a.pdf": PDF})},
        {"inner.pdf": b"7z\xbc\xaf\x27\x1c rest"},
        {"a.pdf.gz": b"\x1f\x8b rest"},
        {"polyglot.pdf": b"PK\x03\x04" + PDF},
    ],
)
def test_an_archive_inside_is_refused_whatever_its_name(entries: dict[str, bytes]) -> None:
    assert refused(zip_of(entries)).code == "nested_archive"


def _patch(data: bytes, local: int, central: int, form: str, value: int) -> bytes:
    """Overwrite a field of the first entry in its local header and in the directory."""
    patched = bytearray(data)
    for signature, offset in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        struct.pack_into(form, patched, patched.find(signature) + offset, value)
    return bytes(patched)


def test_a_password_is_named() -> None:
    assert refused(_patch(zip_of({"a.pdf": PDF}), 6, 8, "<H", 1)).code == "encrypted"


def test_an_unknown_compression_is_named() -> None:
    assert refused(zip_of({"a.pdf": PDF}, zipfile.ZIP_LZMA)).code == "unsupported_compression"


def test_sizes_are_limited_as_declared() -> None:
    big = zip_of(
        {"a.pdf": PDF + random.Random(1).randbytes(5_000), "b.pdf": PDF + random.Random(2).randbytes(5_000)}
    )
    assert refused(big, ArchiveLimits(max_entry_bytes=4_000)).code == "entry_too_large"
    assert refused(big, ArchiveLimits(max_total_bytes=6_000)).code == "total_too_large"
    assert refused(big, ArchiveLimits(max_entries=1)).code == "too_many_entries"


def test_a_bomb_is_refused_by_its_ratio_and_an_ordinary_file_is_not() -> None:
    assert refused(zip_of({"a.pdf": PDF + bytes(5_000_000)})).code == "ratio"
    assert len(read_all(zip_of({"a.pdf": PDF + bytes(100_000)}), ArchiveLimits())) == 1


def test_an_entry_that_lies_about_its_size_is_stopped_while_it_inflates() -> None:
    lying = _patch(zip_of({"a.pdf": PDF + bytes(50_000_000)}), 22, 24, "<L", 1_000)
    assert refused(lying, ArchiveLimits(max_entry_bytes=1_000_000)).code == "entry_too_large"
    assert refused(lying, ArchiveLimits(max_entry_bytes=100_000_000)).code == "damaged"


def test_entries_that_share_bytes_are_refused() -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("a.pdf", PDF)
        archive.writestr("b.pdf", PDF)
        first = archive.getinfo("a.pdf")
        archive.getinfo("b.pdf").header_offset = first.header_offset
    assert refused(written.getvalue()).code == "overlapping_entries"


def test_a_directory_too_large_to_load_is_refused_before_it_is_loaded() -> None:
    data = bytearray(zip_of({"a.pdf": PDF}))
    struct.pack_into("<L", data, data.rfind(b"PK\x05\x06") + 12, 500_000_000)
    assert refused(bytes(data)).code == "too_many_entries"


def test_a_changed_byte_is_noticed() -> None:
    data = bytearray(zip_of({"a.pdf": PDF + bytes(range(256))}, zipfile.ZIP_STORED))
    data[60] ^= 1
    assert refused(bytes(data)).code == "damaged"


@pytest.mark.parametrize(
    ("data", "code"), [(b"", "not_a_zip"), (b"PK\x03\x04", "not_a_zip"), (PDF, "not_a_zip")]
)
def test_what_is_no_zip_says_so(data: bytes, code: str) -> None:
    assert refused(data).code == code


def test_a_zip_of_nothing_says_so() -> None:
    assert refused(zip_of({})).code == "no_documents"
    assert refused(zip_of({"__MACOSX/._a.pdf": b"x"})).code == "no_documents"


def test_names_are_read_in_utf8_with_and_without_the_flag_and_in_code_page_437() -> None:
    flagged = zipfile.ZipInfo("Zoé.pdf")
    flagged.flag_bits = 0x800
    assert entry_name(flagged) == "Zoé.pdf"
    assert entry_name(zipfile.ZipInfo("Zoé.pdf".encode().decode("cp437"))) == "Zoé.pdf"
    assert entry_name(zipfile.ZipInfo(b"Zo\x82.pdf".decode("cp437"))) == "Zoé.pdf"


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_damage_anywhere_ends_in_documents_or_a_refusal(data: st.DataObject) -> None:
    spoiled = bytearray(zip_of({"a.pdf": PDF * 3, "b/é.pdf": PDF + bytes(300), "c.txt": b"x"}))
    for _ in range(data.draw(st.integers(1, 5))):
        spoiled[data.draw(st.integers(0, len(spoiled) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read_all(bytes(spoiled), ArchiveLimits())
    except ArchiveRefused:
        return
    assert found
