"""What a clerk meets in a month of work: wrong columns, a wrong month, answers, numbers that are gone, roles."""

import csv
import io
import zipfile
from datetime import date, timedelta
from uuid import UUID

import pytest

from app.carriers.base import Inbound
from app.db.models import Document
from app.db.payroll.faces import read_face
from app.db.queries import journal, messages
from app.documents.sample_payroll import make_sample
from app.evidence.tags import Tag
from app.usecases.messages.record_inbound import record_inbound
from links import lifecycle
from rcs.cards import POSTBACK_PREFIX
from tests.web.console.office import Browser, Office, files_of, payroll, words

SHEET = "Matricule;Nom;Prénom;Portable;Sésame\n00004200;EXEMPLE;Aïcha;0612345678;7K3M9QXF\n"


def upload(office: Office, people: str, month: int, **fields: str) -> str:
    clerk = office.browser()
    clerk.get("/app/batches/new")
    files = [files_of(payroll(month))[0], ("people", ("effectif.csv", people.encode()))]
    address = str(clerk.upload(files, **fields).url.path)
    office.house.run()
    return address


def answer(office: Office, line: Document, text: str, postback: str = "") -> None:
    phone = read_face(office.rt.vault, line).phone
    key = f"{line.id}{text}{postback}"[-60:]
    record_inbound(
        office.rt, Inbound(line.organisation_id, phone, "EPI", text, office.clock(), key, postback)
    )


def test_codes_from_the_sheet_need_their_column_and_a_wrong_choice_can_be_taken_back(office: Office) -> None:
    clerk = office.browser()
    address = upload(office, SHEET, 3)
    asked = clerk.get(address)
    assert asked.url.path == f"{address}/mapping"
    assert "dites quelle colonne les contient" in words(asked)
    assert "Code d’accès (facultatif)" not in words(asked)
    sheet = asked.text.partition('name="sheet" value="')[2].partition('"')[0]
    chosen = {
        "sheet": sheet,
        "header_row": "1",
        "staff_number": "0",
        "last_name": "1",
        "first_name": "2",
        "phone": "3",
    }
    refused = clerk.post(f"{address}/mapping", **chosen)
    assert refused.status_code == 422
    assert "Indiquez la colonne des codes d’accès" in words(refused)
    clerk.post(f"{address}/mapping", **chosen, access_code="4")
    office.house.run()
    assert "Revoir les colonnes" in words(clerk.get(f"{address}/review"))
    again = clerk.post(f"{address}/columns")
    assert again.url.path == f"{address}/mapping"
    assert office.lines(address) == []
    clerk.post(f"{address}/mapping", **chosen, access_code="4")
    office.house.run()
    assert clerk.get(address).url.path == f"{address}/review"
    assert office.lines(address)
    with office.rt.read() as session:
        about = journal.about(session, office.rt.vault, office.house.organisation.id, [UUID(address[-36:])])
    assert [event.tag for event in about].count(Tag.BATCH_REOPENED) == 1


def test_a_list_without_codes_gets_them_from_pli_without_a_second_upload(office: Office) -> None:
    clerk = office.browser()
    address = upload(office, SHEET.replace("Sésame", "Service"), 3)
    asked = clerk.get(address)
    assert "Ma liste n’a pas de codes" in words(asked)
    clerk.post(
        f"{address}/mapping",
        sheet=asked.text.partition('name="sheet" value="')[2].partition('"')[0],
        header_row="1",
        staff_number="0",
        last_name="1",
        first_name="2",
        phone="3",
        codes="create",
    )
    office.house.run()
    assert clerk.get(address).url.path == f"{address}/review"
    assert office.house.batch(UUID(address[-36:])).password_policy == "generated"


def test_a_tap_on_a_card_is_no_answer_to_read(office: Office) -> None:
    """It once stopped the page of all answers."""
    address = upload(office, SHEET, 3)
    clerk = office.browser()
    clerk.post(
        f"{address}/mapping",
        sheet=clerk.get(address).text.partition('name="sheet" value="')[2].partition('"')[0],
        header_row="1",
        staff_number="0",
        last_name="1",
        first_name="2",
        phone="3",
        access_code="4",
    )
    office.house.run()
    (line, *_) = office.lines(address)
    answer(office, line, "Ouvrir le document", POSTBACK_PREFIX["open"] + "7K3M9QXF")
    answer(office, line, "Ce n’est pas pour moi", POSTBACK_PREFIX["not_for_me"] + "7K3M9QXF")
    page = clerk.get("/app/inbox?show=all")
    assert page.status_code == 200
    assert "Ce n’est pas pour moi" in words(page)
    assert "Ouvrir le document" not in words(page)


def test_columns_that_are_not_used_are_named_and_kept_sealed(office: Office) -> None:
    people = (
        "Matricule;Nom;Prénom;Portable;Code d'accès;Cantine du lundi\n00004200;E;A;0612345678;7K3M9QXF;oui\n"
    )
    address = upload(office, people, 4)
    assert "Cantine du lundi" in words(office.browser().get(f"{address}/review"))
    stored = office.house.batch(UUID(address[-36:])).sheet_warnings
    assert "Cantine" not in repr(stored)


def test_another_month_than_chosen_is_confirmed_before_the_release(office: Office) -> None:
    address = office.in_review(payroll(5), period="2026-11")
    clerk = office.browser()
    clerk.get(f"{address}/review")
    clerk.exclude_blocking(address)
    assert "Les bulletins sont de mai 2026, pas de novembre 2026" in words(clerk.get(f"{address}/review"))
    held = clerk.post(f"{address}/release", confirm="yes")
    assert "pas du mois de paie choisi" in words(held)
    clerk.post(f"{address}/confirm", problem="period_differs", back=f"{address}/review")
    assert clerk.post(f"{address}/release", confirm="yes").url.path == address


def test_what_people_answer_is_told_beside_their_document(office: Office) -> None:
    address = office.released(payroll(6))
    office.deliver()
    clerk = office.browser()
    first, second, *_ = [line for line in office.lines(address) if line.state == "sealed"]
    with office.rt.read() as session:
        ref = lifecycle.of_documents(session, [first.id])[first.id][0].ref
    answer(office, first, "Ce n’est pas pour moi", f"nope{ref}")
    answer(office, second, "STOP")
    assert "La personne dit que ce n’est pas pour elle" in words(clerk.get(f"/app/documents/{first.id}"))
    assert "la publicité est arrêtée, les bulletins continuent" in words(
        clerk.get(f"/app/documents/{second.id}")
    )
    answered = clerk.get(address, state="answered")
    assert answered.text.count('class="cell-main"') == 2
    assert "Pas pour cette personne" in words(answered)


def test_a_number_that_is_gone_is_not_offered_again(office: Office) -> None:
    address = office.in_review(payroll(7, ["06 12 00 00 01"]))
    clerk = office.browser()
    clerk.get(f"{address}/review")
    clerk.post(f"{address}/confirm", finding="number_changed", back=f"{address}/review")
    clerk.exclude_blocking(address)
    clerk.post(f"{address}/release", confirm="yes")
    office.house.run()
    office.deliver()
    with office.rt.read() as session:
        line = next(
            line
            for line in office.lines(address)
            if (sent := messages.of_document(session, line.id)) and sent[-1].reason == "unknown_number"
        )
    page = words(clerk.get(f"/app/documents/{line.id}"))
    assert "Ce numéro ne recevra pas ce message" in page
    assert "numéro non attribué · définitif" in page
    assert f"/app/documents/{line.id}/resend" not in page
    assert f"{address}/resend" not in clerk.get(address).text
    assert "Rien à r" in words(clerk.post(f"/app/documents/{line.id}/resend"))


def test_numbers_that_took_no_text_are_proposed_for_exclusion(office: Office) -> None:
    gone = ["06 12 00 00 01"]
    first = office.in_review(payroll(1, gone))
    clerk = office.browser()
    clerk.get(f"{first}/review")
    clerk.post(f"{first}/confirm", finding="number_changed", back=f"{first}/review")
    clerk.exclude_blocking(first)
    clerk.post(f"{first}/release", confirm="yes")
    office.house.run()
    office.deliver()
    address = office.in_review(payroll(2, gone))
    page = clerk.get(f"{address}/review")
    assert "1 personne a un mobile hors service." in words(page)
    assert clerk.get(f"{address}/review", kind="phone_dead").text.count("<article") == 1
    assert "1 ligne exclue de l’envoi." in words(clerk.post(f"{address}/exclude-dead"))
    assert "mobile hors service" not in words(clerk.get(f"{address}/review"))


def test_what_another_batch_sent_meanwhile_is_seen_in_the_review(office: Office) -> None:
    sample = payroll(8)
    waiting = office.in_review(sample)
    clerk = office.browser()
    clerk.get(f"{waiting}/review")
    clerk.exclude_blocking(waiting)
    sent = office.in_review(sample)
    clerk.get(f"{sent}/review")
    assert "déposé par Clerk Exemple" in words(clerk.get(f"{sent}/review"))
    clerk.exclude_blocking(sent)
    clerk.post(f"{sent}/confirm", problem="same_files", back=f"{sent}/review")
    assert clerk.post(f"{sent}/release", confirm="yes").url.path == sent
    office.house.run()
    blocked = clerk.post(f"{waiting}/release", confirm="yes")
    assert blocked.url.path == f"{waiting}/review"
    leaving = sum(line.state == "in_review" and line.match == "matched" for line in office.lines(waiting))
    page = clerk.get(f"{waiting}/review", kind="already_sent")
    assert f"Confirmer les {leaving}" in words(page)
    done = clerk.post(f"{waiting}/confirm", finding="already_sent", back=f"{waiting}/review")
    assert f"{leaving} lignes confirmées." in words(done)
    assert clerk.post(f"{waiting}/release", confirm="yes").url.path == waiting


def test_files_confirmed_again_need_no_confirmation_line_by_line(office: Office) -> None:
    sample = payroll(9)
    office.released(sample)
    again = office.in_review(sample)
    clerk = office.browser()
    clerk.get(f"{again}/review")
    clerk.post(f"{again}/confirm", problem="same_files", back=f"{again}/review")
    clerk.exclude_blocking(again)
    assert clerk.post(f"{again}/release", confirm="yes").url.path == again


def test_a_name_that_differs_is_never_confirmed_in_bulk(office: Office) -> None:
    address = office.in_review(payroll(10))
    office.browser().get(f"{address}/review")
    assert office.browser().post(f"{address}/confirm", finding="name_differs").status_code == 422


@pytest.mark.parametrize(
    "inside", [("[Content_Types].xml", "word/document.xml"), ("mimetype", "content.xml")]
)
def test_an_office_document_is_refused_by_name(office: Office, inside: tuple[str, ...]) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in inside:
            archive.writestr(name, "x")
    clerk = office.browser()
    clerk.get("/app/batches/new")
    files = [("documents", ("paie.pdf", made.getvalue())), files_of(payroll())[1]]
    address = clerk.upload(
        files, title="Paie d’avril", period="2026-04", password_policy="generated"
    ).url.path
    office.house.run()
    page = clerk.get(address)
    assert "exportez ce document en PDF" in words(page)
    form = clerk.get("/app/batches/new", again=address.rpartition("/")[2]).text
    assert 'value="Paie d’avril"' in form
    assert 'value="2026-04"' in form
    assert 'value="generated" checked' in form


def test_a_new_batch_proposes_the_last_day_of_the_organisation(office: Office) -> None:
    last = (office.clock() + timedelta(days=office.house.organisation.link_days)).date()
    form = office.browser().get("/app/batches/new").text
    assert any(f'value="{last + timedelta(days=shift)}"' in form for shift in (-1, 0, 1))


def test_an_auditor_is_offered_nothing_they_may_not_do(office: Office) -> None:
    sample = payroll(11)
    office.in_review(sample)
    address = office.in_review(sample)
    auditor = office.browser("auditor")
    review = auditor.get(f"{address}/review")
    assert "Ces fichiers ont déjà été déposés" in words(review)
    assert "/app/batches/new" not in review.text
    assert 'method="post" action="/app/batches/' not in review.text
    assert "/app/batches/new" not in auditor.get("/app/batches").text
    assert "/app/batches/new" in office.browser().get("/app/batches").text


def test_who_was_left_out_for_their_number_is_on_the_paper_list_with_the_reason(office: Office) -> None:
    address = office.released(payroll(12))
    clerk = office.browser()
    assert f"{address}/paper.xlsx" in clerk.get(address).text
    table = clerk.get(f"{address}/paper.csv").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(table), delimiter=";"))
    assert rows[0][-1] == "Motif"
    assert {row[-1] for row in rows[1:]} >= {
        "Refus du numérique",
        "Numéro injoignable",
        "Bulletin sans personne",
    }


def test_the_figures_of_a_review_add_up(office: Office) -> None:
    address = office.in_review(make_sample(3, date(2026, 2, 1), people=30))
    clerk = office.browser()
    totals = {
        show: clerk.get(f"{address}/review", show=show).text.count("<article")
        for show in ("blocking", "warning", "ready", "unsent")
    }
    everything = len(office.lines(address))
    assert sum(min(count, 25) for count in totals.values()) == everything


def test_a_session_that_is_over_is_told_at_the_login(office: Office) -> None:
    browser = Browser(office.app).log_in("clerk@example.com")
    name = next(cookie for cookie in browser.client.cookies if "console" in cookie)
    browser.client.cookies.set(name, "x" * 43)
    said = words(browser.get("/app/batches"))
    assert "Votre session est terminée" in said
    assert "Votre session est terminée" not in words(Browser(office.app).get("/app/login"))
