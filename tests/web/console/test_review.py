import re
from datetime import timedelta
from uuid import UUID

import pytest

from app.db.payroll.faces import read_face
from app.db.payroll.lines import read_details
from app.db.queries import journal
from app.evidence.tags import Tag
from tests.web.console.office import Office, payroll, words


@pytest.fixture(scope="module")
def address(office: Office) -> str:
    """One batch in review; no test releases it."""
    return office.in_review()


def tags(office: Office, subject: object) -> list[str]:
    with office.rt.read() as session:
        return [
            event.tag
            for event in journal.about(session, office.rt.vault, office.house.organisation.id, [subject])  # type: ignore[list-item]
        ]


def test_every_finding_of_the_sample_is_told_in_both_languages(office: Office, address: str) -> None:
    clerk = office.browser()
    french = words(clerk.get(f"{address}/review"))
    assert "Ce numéro ne reçoit pas de SMS : c’est une ligne fixe." in french
    assert "Corrigez le mobile, ou excluez cette personne." in french
    english = words(clerk.get(f"{address}/review", lang="en"))
    assert "This number takes no text messages: it is a landline." in english
    assert "Something to check (code" not in english


@pytest.mark.parametrize(
    ("show", "rows"), [("all", 9), ("blocking", 2), ("warning", 2), ("ready", 3), ("unsent", 2)]
)
def test_filters_show_the_lines_of_one_status(office: Office, address: str, show: str, rows: int) -> None:
    page = office.browser().get(f"{address}/review", show=show).text
    assert page.count("<article") == rows


def test_a_search_finds_names_without_accents_and_numbers_as_people_write_them(
    office: Office, address: str
) -> None:
    faces = [read_face(office.rt.vault, line) for line in office.lines(address)]
    face = next(face for face in faces if face.phone and not face.name.isascii())
    plain = face.name.split()[0]
    for typed in (plain.casefold(), face.staff_number, "0" + face.phone.removeprefix("+33")):
        page = office.browser().get(f"{address}/review", q=typed).text
        assert face.name in page
    assert office.browser().get(f"{address}/review", q="nobody of that name").text.count("<article") == 0


def test_lines_are_shown_in_pages(office: Office, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.web.console.review.PAGE_SIZE", 4)
    first = office.browser().get(f"{address}/review").text
    assert first.count("<article") == 4
    assert f'href="{address}/review?show=all&amp;page=2" rel="next"' in first
    last = office.browser().get(f"{address}/review", page="3").text
    assert last.count("<article") == 1


def test_the_page_is_shown_as_an_image_that_no_browser_keeps(office: Office, address: str) -> None:
    line = next(line for line in office.lines(address) if line.blob_size)
    image = office.browser().get(f"/app/documents/{line.id}/pages/1.png", size="small")
    assert image.content.startswith(b"\x89PNG")
    assert int.from_bytes(image.content[16:20], "big") == 320
    assert image.headers["cache-control"] == "no-store"
    beyond = office.browser().get(f"/app/documents/{line.id}/pages/{len(line.pages) + 1}.png")
    assert beyond.status_code == 404


def test_a_line_is_left_out_and_put_back(office: Office, address: str) -> None:
    clerk = office.browser()
    line = office.line(address, "payslip_without_person")
    back = f"{address}/review?show=blocking#d-{line.id}"
    answer = clerk.post(f"/app/documents/{line.id}/exclude", back=back)
    assert answer.url.path == f"{address}/review"
    assert answer.url.query == b"show=blocking"
    assert "Ligne exclue de l’envoi." in words(answer)
    assert office.line(address, "payslip_without_person").state == "excluded"
    clerk.post(f"/app/documents/{line.id}/include", back=back)
    assert office.line(address, "payslip_without_person").state == "in_review"
    assert tags(office, line.id)[-2:] == [Tag.DOCUMENT_EXCLUDED, Tag.DOCUMENT_INCLUDED]
    assert "Ligne exclue" not in clerk.get(f"{address}/review").text  # said once


def rows(page: str) -> list[str]:
    """The lines a review shows, in their order."""
    return re.findall(r'<article [^>]*id="d-([0-9a-f-]{36})"', page)


def place(page: str, row: str) -> str:
    """The status among which a line says that it stands."""
    found = re.search(rf'action="/app/documents/{row}/[^>]*>.*?name="was" value="([a-z]*)"', page, re.DOTALL)
    return found[1] if found else ""


def heir(page: str) -> tuple[str, str]:
    """The line just worked on that is not shown any more, and the one that the page comes back to instead."""
    found = re.search(
        r'<article [^>]*id="d-([0-9a-f-]{36})"[^>]*>\s*<span class="slip__place" id="d-([0-9a-f-]{36})">',
        page,
    )
    return (found[2], found[1]) if found else ("", "")


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_whoever_settles_blocked_lines_comes_back_to_the_next_one(office: Office, lang: str) -> None:
    address = office.in_review(payroll(5 if lang == "fr" else 6))
    clerk = office.browser()
    back = f"{address}/review?show=blocking"
    first, last = rows(clerk.get(f"{address}/review", show="blocking").text)
    answer = clerk.post(f"/app/documents/{first}/exclude", back=back, was="blocking")
    assert answer.url.fragment == f"d-{first}"
    assert rows(answer.text) == [last]
    assert heir(answer.text) == (first, last)
    clerk.post(f"/app/documents/{first}/include", back=back, was="excluded")
    # After the last one, the one before it.
    assert heir(clerk.post(f"/app/documents/{last}/exclude", back=back, was="blocking").text) == (last, first)
    clerk.post(f"/app/documents/{first}/exclude", back=back, was="blocking")
    settled = words(clerk.get(f"{address}/review", show="blocking", lang=lang))
    assert {"fr": "Plus aucune ligne bloquante", "en": "No row blocks any more"}[lang] in settled
    clerk.get(f"{address}/review", lang="fr")


@pytest.mark.parametrize("batch", ["-" * 36, "0" * 36, "nonsense"])
def test_a_form_that_names_no_batch_is_refused_and_not_an_error_of_ours(office: Office, batch: str) -> None:
    address = office.in_review(payroll(7))
    clerk = office.browser()
    line = office.line(address, "phone_unreachable")
    review = f"/app/batches/{batch}/review"
    assert clerk.post(f"/app/documents/{line.id}/phone", back=review, phone="12").status_code == 422
    excluded = clerk.post(f"{address}/exclude", back=address, lines=batch)
    assert excluded.status_code < 500


def test_among_all_lines_the_one_just_worked_on_keeps_its_place(office: Office) -> None:
    address = office.in_review(payroll(7))
    clerk = office.browser()
    back = f"{address}/review?show=all"
    before = rows(clerk.get(f"{address}/review").text)
    unreachable = str(office.line(address, "phone_unreachable").id)
    other = next(each for each in before if each != unreachable)
    for verb, was, more in (
        ("exclude", "blocking", {}),
        ("include", "blocking", {}),
        ("phone", "blocking", {"phone": "06 12 34 56 79"}),
    ):
        answer = clerk.post(f"/app/documents/{unreachable}/{verb}", back=back, was=was, **more)
        assert answer.url.fragment == f"d-{unreachable}"
        assert rows(answer.text) == before, verb
        assert place(answer.text, unreachable) == "blocking"
        assert heir(answer.text) == ("", "")
    # The next line that is worked on frees it: what needs a person stands first again.
    freed = rows(clerk.post(f"/app/documents/{other}/exclude", back=back, was="blocking").text)
    assert freed.index(other) < freed.index(unreachable)
    assert freed != before


def test_a_last_page_whose_only_line_is_settled_gives_way_to_the_page_before(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.console.review.PAGE_SIZE", 1)
    address = office.in_review(payroll(8))
    clerk = office.browser()
    first = rows(clerk.get(f"{address}/review", show="blocking").text)[0]
    last = rows(clerk.get(f"{address}/review", show="blocking", page="2").text)[0]
    answer = clerk.post(
        f"/app/documents/{last}/exclude", back=f"{address}/review?show=blocking&page=2", was="blocking"
    )
    assert rows(answer.text) == [first]
    assert heir(answer.text) == (last, first)


def test_what_a_form_says_of_a_status_is_checked(office: Office, address: str) -> None:
    line = office.lines(address)[0]
    clerk = office.browser()
    answer = clerk.post(f"/app/documents/{line.id}/include", back=f"{address}/review", was="<b>")
    assert "was=" not in str(answer.url)
    assert clerk.get(f"{address}/review", done=str(line.id), was="nonsense").status_code == 200
    assert clerk.get(f"{address}/review", done=str(UUID(int=1)), was="blocking").status_code == 200


def test_a_form_leads_back_to_our_own_pages_only(office: Office, address: str) -> None:
    line = office.lines(address)[0]
    answer = office.browser().post(f"/app/documents/{line.id}/include", back="https://evil.example/app")
    assert answer.url.host == "localhost"
    assert answer.url.path == "/app/batches"


def test_a_phone_is_corrected_and_looked_at_again(office: Office, address: str) -> None:
    clerk = office.browser()
    line = office.line(address, "phone_unreachable")
    refused = clerk.post(f"/app/documents/{line.id}/phone", phone="01 44 55 66 77", back=f"{address}/review")
    assert refused.status_code == 422
    assert "ne peut pas être utilisé : c’est une ligne fixe." in words(refused)
    assert 'value="01 44 55 66 77"' in refused.text
    assert refused.text.count('<details class="fold" open>') == 1
    anew = clerk.client.get(f"/app/documents/{line.id}/phone", follow_redirects=False)
    assert anew.status_code == 303
    back = clerk.get(anew.headers["location"])
    assert back.url.path == f"{address}/review"
    assert anew.headers["location"].endswith(f"#d-{line.id}")
    assert f'id="d-{line.id}"' in back.text
    other = next(each for each in office.lines(address) if each.phone_sealed and each.id != line.id)
    taken = read_face(office.rt.vault, other).phone
    clerk.post(f"/app/documents/{line.id}/phone", phone=taken, back=f"{address}/review")
    both = [each for each in office.lines(address) if each.id in (line.id, other.id)]
    assert all("same_phone" in [finding["code"] for finding in each.findings] for each in both)
    clerk.post(f"/app/documents/{line.id}/phone", phone="06 12 34 56 78", back=f"{address}/review")
    assert not any(
        finding["code"] in ("same_phone", "phone_unreachable")
        for each in office.lines(address)
        for finding in each.findings
    )
    changed = next(each for each in office.lines(address) if each.id == line.id)
    assert read_face(office.rt.vault, changed).phone == "+33612345678"
    assert read_details(office.rt.vault, changed).phone_typed == "06 12 34 56 78"
    assert len(read_details(office.rt.vault, changed).findings) == len(changed.findings)
    assert tags(office, line.id)[-1] == Tag.DOCUMENT_PHONE_CHANGED


def test_what_must_be_repaired_cannot_be_confirmed(office: Office, address: str) -> None:
    line = office.line(address, "payslip_without_person")
    for finding in ("payslip_without_person", "name_differs", ""):
        answer = office.browser().post(f"/app/documents/{line.id}/confirm", finding=finding)
        assert answer.status_code == 422
        assert "ne peut pas être confirmé" in words(answer)


def test_a_changed_number_holds_the_batch_until_somebody_confirms_it(office: Office) -> None:
    first = office.released(payroll(3))
    clerk = office.browser()
    address = office.in_review(payroll(4))
    known = next(line for line in office.lines(first) if line.state == "sealed")
    line = next(line for line in office.lines(address) if line.staff_index == known.staff_index)
    clerk.post(f"/app/documents/{line.id}/phone", phone="06 98 76 54 32", back=f"{address}/review")
    page = clerk.get(f"{address}/review", show="blocking", kind="number_changed").text
    assert "Confirmer ce numéro" in page
    clerk.post(f"/app/documents/{line.id}/confirm", finding="number_changed", back=f"{address}/review")
    assert office.line(address, "number_changed").confirmed == ["number_changed"]
    assert clerk.get(f"{address}/review", show="blocking", kind="number_changed").text.count("<article") == 0
    # Another number is another decision.
    clerk.post(f"/app/documents/{line.id}/phone", phone="06 98 76 54 33", back=f"{address}/review")
    assert office.line(address, "number_changed").confirmed == []


def test_files_that_came_before_are_not_sent_again_in_silence(office: Office) -> None:
    sample = payroll(2)
    office.in_review(sample)
    address = office.in_review(sample)
    clerk = office.browser()
    clerk.get(f"{address}/review")
    clerk.exclude_blocking(address)
    assert "Ces fichiers ont déjà été déposés" in words(clerk.get(f"{address}/review"))
    assert "confirmez qu’ils doivent" in words(clerk.post(f"{address}/release", confirm="yes"))
    clerk.post(f"{address}/confirm", problem="same_files", back=f"{address}/review")
    assert clerk.post(f"{address}/release", confirm="yes").url.path == address
    assert office.house.batch(office.lines(address)[0].batch_id).state == "releasing"


def test_codes_made_by_pli_are_printed_before_the_release(office: Office) -> None:
    import io

    from pypdf import PdfReader

    address = office.in_review(payroll(1), password_policy="generated")
    clerk = office.browser()
    clerk.get(f"{address}/review")
    clerk.exclude_blocking(address)
    assert "Imprimez d’abord les lettres" in words(clerk.post(f"{address}/release", confirm="yes"))
    letters = clerk.post(f"{address}/letters.pdf")
    assert letters.headers["content-disposition"] == 'attachment; filename="paie-de-septembre-codes.pdf"'
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(letters.content)).pages]
    leaving = [
        line for line in office.lines(address) if line.access_code_review and line.state == "in_review"
    ]
    assert len(pages) == len(leaving)
    box = office.rt.vault.envelope.review_box(
        leaving[0].organisation_id, leaving[0].batch_id, office.house.batch(leaving[0].batch_id).review_day
    )
    for page, line in zip(pages, leaving, strict=True):
        assert box.open(line.id, "access-code", line.access_code_review or b"").decode() in page
        assert "http" not in page
    assert tags(office, leaving[0].batch_id)[-1] == Tag.CODES_EXPORTED
    assert clerk.post(f"{address}/release", confirm="yes").url.path == address


def test_after_the_release_no_page_can_be_shown_any_more(office: Office) -> None:
    address = office.released(payroll(10))
    line = next(line for line in office.lines(address) if line.blob_size)
    answer = office.browser().get(f"/app/documents/{line.id}/pages/1.png")
    assert answer.status_code == 404
    assert "leur clé est partie avec la validation" in words(answer)
    assert all(line.key_review is None and line.access_code_review is None for line in office.lines(address))


def test_a_batch_is_given_up_before_its_release(office: Office) -> None:
    address = office.in_review(payroll(11))
    clerk = office.browser()
    clerk.get(f"{address}/review")
    assert clerk.post(f"{address}/cancel").url.path == f"{address}/review"  # not ticked
    answer = clerk.post(f"{address}/cancel", confirm="yes")
    assert "Rien n’est parti et les fichiers sont effacés." in words(answer)
    assert all(line.key_review is None for line in office.lines(address))
    too_late = clerk.post(f"/app/documents/{office.lines(address)[0].id}/exclude")
    assert too_late.status_code == 409


def test_a_review_that_waited_too_long_changes_nothing_any_more(office: Office) -> None:
    address = office.in_review(payroll(12))
    clerk = office.browser()
    clerk.get(f"{address}/review")
    with office.rt.begin() as session:
        batch = office.house.batch(office.lines(address)[0].batch_id)
        batch.release_before = office.clock() - timedelta(seconds=1)
        session.add(batch)
    assert clerk.post(f"{address}/exclude").status_code == 409


def test_the_paper_list_names_the_pages_to_print(office: Office, address: str) -> None:
    paper = office.browser().get(f"{address}/paper.csv").content.decode("utf-8-sig").splitlines()
    line = office.line(address, "objection_paper")
    face = read_face(office.rt.vault, line)
    assert paper[1].split(";")[:2] == [face.staff_number, face.name]
    assert paper[1].split(";")[3] == str(line.pages[0] + 1)
    assert len(paper) == 2
