"""What a tired clerk gets wrong, and sees before or after it hurt."""

import csv
import io
import re
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from app.db.models import Document
from app.db.payroll.faces import read_face
from app.db.queries import documents
from app.documents.sample_payslips import draw_payslips
from links import lifecycle
from tests.web.console.office import Browser, Office, files_of, payroll, words
from tests.web.console.test_clerk import answer

FIRST_NAMES = ("Anaïs", "Basile", "Cécile", "Didier", "Émile", "Fanny", "Gilles", "Hélène")


def others_in_review(office: Office, month: int) -> str:
    """Other people under the same staff numbers, as another establishment has them."""
    people = [
        replace(person, first_name=first, last_name="AUTRE", phone=f"06 12 40 {at:02d} 10", objects=False)
        for at, (person, first) in enumerate(zip(payroll(month).people, FIRST_NAMES, strict=True))
    ]
    rows = ["Matricule;Nom;Prénom;Portable;Code d'accès"]
    rows += [
        f"{one.staff_number};{one.last_name};{one.first_name};{one.phone};{one.access_code}" for one in people
    ]
    clerk = office.browser()
    clerk.get("/app/batches/new")
    files = [
        ("documents", ("autres.pdf", draw_payslips(people, date(2026, month, 1)))),
        ("people", ("autres.csv", "\n".join(rows).encode())),
    ]
    address = str(clerk.upload(files).url.path)
    office.house.run()
    return address


def confirm_all(office: Office, address: str, code: str) -> None:
    clerk = office.browser()
    for line in office.lines(address):
        if any(each["code"] == code for each in line.findings):
            clerk.post(f"/app/documents/{line.id}/confirm", finding=code, back=f"{address}/review")


def table(answer_: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer_.content.decode("utf-8-sig")), delimiter=";"))


def test_a_wrong_list_under_known_staff_numbers_names_the_earlier_people(office: Office) -> None:
    office.released(payroll(3))
    address = others_in_review(office, 3)
    clerk = office.browser()
    page = words(clerk.get(f"{address}/review"))
    assert "Lors du dernier envoi, ce matricule était celui de " in page
    assert "a déjà un bulletin de ce mois sous ce matricule." in page
    assert "Son lien reste ouvert." in page
    assert "Ce bulletin remplace" not in page
    assert clerk.post(f"{address}/confirm", finding="person_changed").status_code == 422
    english = words(clerk.get(f"{address}/review", lang="en"))
    assert "In the last batch this staff number was " in english
    assert "Their link stays open." in english


def test_the_recall_page_names_whose_earlier_link_does_not_come_back(office: Office) -> None:
    first = office.released(payroll(4))
    address = others_in_review(office, 4)
    clerk = office.browser()
    clerk.get(f"{address}/review")
    for code in ("person_changed", "number_changed", "link_of_other"):
        confirm_all(office, address, code)
    assert "Confirmé : son ancien lien se fermera à l’envoi." in words(clerk.get(f"{address}/review"))
    clerk.exclude_blocking(address)
    assert clerk.post(f"{address}/release", confirm="yes").url.path == address
    office.house.run()
    closed = [line for line in office.lines(first) if line.state == "revoked"]
    assert closed
    page = words(clerk.get(f"{address}/recall"))
    assert f"{len(closed)} lien" in page
    assert "ne se rouvri" in page
    clerk.post(f"{address}/recall", confirm="yes", reason="Mauvaise liste")
    again = office.in_review(payroll(5))
    assert "Lors du dernier envoi, ce matricule" not in words(clerk.get(f"{again}/review"))


def test_who_was_left_out_stays_on_the_page_in_the_export_and_on_paper(office: Office) -> None:
    address = office.released(payroll(6))
    clerk = office.browser()
    page = clerk.get(address)
    chip = re.search(r'\?state=left_out"[^>]*>Hors envoi <span class="chip__n">(\d+)<', page.text)
    assert chip is not None
    shown = clerk.get(address, state="left_out")
    assert shown.text.count('class="cell-main"') == int(chip[1]) == 4
    for reason in ("Numéro injoignable", "Bulletin sans personne", "Personne sans bulletin"):
        assert reason in words(shown)
    rows = table(clerk.get(f"{address}/export.csv"))
    assert [row[4] for row in rows].count("Hors envoi") == 4
    assert "Numéro injoignable" in [row[5] for row in rows]
    assert "Bulletin sans personne" in {row[-1] for row in table(clerk.get(f"{address}/paper.csv"))}
    left_out = next(line for line in office.lines(address) if line.state == "excluded")
    assert "Hors envoi" in words(clerk.get(f"/app/documents/{left_out.id}"))


def test_a_line_in_review_has_a_page_of_its_own(office: Office) -> None:
    address = office.in_review(payroll(7))
    assert office.browser().get(f"/app/documents/{office.lines(address)[0].id}").status_code == 200


def test_whoever_was_left_out_by_hand_is_said_to_be_so_before_the_release(office: Office) -> None:
    """A number that was read in spite of its form is no reason: the line was ready."""
    address = office.in_review(payroll(7))
    clerk = office.browser()
    clerk.exclude_blocking(address)
    ready = next(
        line for line in office.lines(address) if line.state == "in_review" and line.match == "matched"
    )
    with office.rt.begin() as session:
        told = documents.get(session, ready.organisation_id, ready.id)
        assert told is not None
        told.findings = [{"code": "phone_repaired", "severity": "info", "subject": "person"}]
        session.add(told)
    clerk.post(f"/app/documents/{ready.id}/exclude", back=f"{address}/review")
    page = words(clerk.get(f"{address}/release"))
    assert "Exclu à la relecture" in page
    assert "Numéro réparé" not in page


def test_blocked_lines_are_named_before_they_are_left_out_and_come_back_together(office: Office) -> None:
    address = office.in_review(payroll(8))
    clerk = office.browser()
    bar = clerk.get(f"{address}/review", show="blocking").text
    assert f'href="{address}/exclude"' in bar
    shown = clerk.get(f"{address}/exclude")
    assert "Exclure 2 lignes ?" in words(shown)
    assert "Numéro injoignable" in words(shown)
    assert all(line.state == "in_review" for line in office.lines(address))

    # What begins to block after the look is not swept out with the rest.
    seen = clerk.get(f"{address}/exclude").text.partition('name="lines" value="')[2].partition('"')[0]
    late = next(
        line
        for line in office.lines(address)
        if line.match == "matched" and "blocking" not in str(line.findings)
    )
    block(office, late)
    done = clerk.post(f"{address}/exclude", lines=seen)
    assert "2 lignes exclues de l’envoi." in words(done)
    assert states(office, address)[late.id] == "in_review"

    undo = re.search(r'action="(/app/batches/[0-9a-f-]{36}/include/[0-9a-f-]{36})"', done.text)
    assert undo is not None
    by_hand = next(line for line in office.lines(address) if line.state == "excluded")
    clerk.post(f"/app/documents/{by_hand.id}/include", back=f"{address}/review")
    clerk.post(f"/app/documents/{by_hand.id}/exclude", back=f"{address}/review")
    back = clerk.post(undo[1])
    assert "1 ligne remise dans l’envoi." in words(back)
    left = [key for key, state in states(office, address).items() if state == "excluded"]
    assert left == [by_hand.id]
    assert undo[1] not in back.text


def block(office: Office, line: Document) -> None:
    with office.rt.begin() as session:
        held = documents.get(session, line.organisation_id, line.id)
        assert held is not None
        held.findings = [{"code": "objection_unclear", "severity": "blocking", "subject": "objection"}]
        held.details_sealed = office.rt.vault.columns.seal_column(
            line.organisation_id,
            "document",
            "details",
            line.id,
            '{"findings": [""], "phone_typed": "", "source": "", "first_page": 0, "problem": ""}',
        )
        session.add(held)


def states(office: Office, address: str) -> dict[UUID, str]:
    return {line.id: line.state for line in office.lines(address)}


def test_the_warning_about_the_same_files_names_the_batch_that_was_sent(office: Office) -> None:
    sample = payroll(9)
    sent = office.released(sample)
    office.in_review(sample)
    address = office.in_review(sample)
    clerk = office.browser()
    page = clerk.get(f"{address}/review")
    assert "envoyé à 5 personnes le " in words(page)
    assert f'href="{sent}"' in page.text
    assert "Renvoyer et fermer l’ancien lien" in words(page)


def test_a_password_that_would_be_lost_holds_the_batch(office: Office) -> None:
    sample = payroll(10)
    office.released(sample)
    address = office.in_review(sample, password_policy="none", expires_on="2026-12-31")
    page = words(office.browser().get(f"{address}/review"))
    assert "Le bulletin déjà envoyé s’ouvre avec un mot de passe ; celui-ci s’ouvrirait sans." in page


def test_the_letter_names_the_payslip_and_never_the_clerk_s_own_title(office: Office) -> None:
    from pypdf import PdfReader

    address = office.in_review(payroll(11), password_policy="generated", title="Paie secrète n° 3")
    clerk = office.browser()
    clerk.get(f"{address}/review")
    clerk.exclude_blocking(address)
    pdf = PdfReader(io.BytesIO(clerk.post(f"{address}/letters.pdf").content))
    said = " ".join(" ".join(page.extract_text().split()) for page in pdf.pages)
    assert "Bulletin de paie, novembre 2026" in said
    assert "secrète" not in said + str(pdf.metadata)


def links_to_close(clerk: Browser, address: str) -> int:
    """What the page of the recall counts: a link that is closed already is none."""
    found = re.search(
        r"Liens à fermer.*?stat__value\">(\d+)<", clerk.get(f"{address}/recall").text, re.DOTALL
    )
    assert found is not None
    return int(found[1])


def test_a_document_for_somebody_else_is_withdrawn_from_the_inbox(office: Office) -> None:
    address = office.released(payroll(12))
    office.deliver()
    clerk = office.browser()
    line = next(line for line in office.lines(address) if line.state == "sealed")
    with office.rt.read() as session:
        ref = lifecycle.of_documents(session, [line.id])[line.id][0].ref
    answer(office, line, "Ce n’est pas pour moi", f"nope{ref}")
    page = clerk.get("/app/inbox")
    waiting = int(re.findall(r'class="nav__n num">.*?</span>(\d+)<', page.text)[0])
    assert waiting >= 1
    shown = read_face(office.rt.vault, line).name
    assert f"Le lien envoyé pour {shown} se ferme" in words(page)
    talk = re.search(r'href="(/app/inbox/[0-9a-f-]{36})"', page.text)
    assert talk is not None
    assert f"{shown}, 0" in words(clerk.get(talk[1])).replace("\N{NO-BREAK SPACE}", " ")
    action = re.search(r'action="(/app/inbox/[0-9a-f-]{36}/withdraw)"', page.text)
    assert action is not None
    clerk.post(action[1])
    assert states(office, address)[line.id] == "sealed"  # not ticked
    to_close = links_to_close(clerk, address)
    done = clerk.post(action[1], confirm="yes", back="/app/inbox")
    assert links_to_close(clerk, address) == to_close - 1
    assert "Document retiré : son lien est fermé." in words(done)
    assert states(office, address)[line.id] == "revoked"
    assert action[1] not in done.text
    assert "Document retiré" in words(clerk.get("/app/inbox", show="all"))
    assert clerk.post(action[1], confirm="yes").status_code == 409
    assert office.browser("auditor").post(action[1], confirm="yes").status_code == 403


def test_refused_and_cancelled_batches_can_be_hidden(office: Office) -> None:
    address = office.in_review(payroll(2))
    browser = Browser(office.app).log_in("clerk@example.com")
    browser.get(f"{address}/review")
    browser.post(f"{address}/cancel", confirm="yes")
    browser.get("/app/batches/new")
    refused = browser.upload([("documents", ("paie.pdf", b"%PDF-1.7 cut")), files_of(payroll())[1]])
    office.house.run()
    page = browser.get("/app/batches")
    assert address in page.text
    assert str(refused.url.path) in page.text
    hidden = browser.post("/app/batches/given-up", hide="yes")
    assert address not in hidden.text
    assert str(refused.url.path) not in hidden.text
    assert re.search(r"\d+ envois refusés ou annulés sont masqués", words(hidden))
    assert address in browser.post("/app/batches/given-up", hide="no").text


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_page_of_several_people_says_when_only_one_number_can_be_read(office: Office, lang: str) -> None:
    address = office.in_review(payroll(1))
    line = next(line for line in office.lines(address) if line.blob_size)
    with office.rt.begin() as session:
        held = documents.get(session, line.organisation_id, line.id)
        assert held is not None
        held.match = "unmatched"
        held.findings = [{"code": "two_people_on_page", "severity": "blocking", "subject": "pages"}]
        held.details_sealed = office.rt.vault.columns.seal_column(
            line.organisation_id,
            "document",
            "details",
            line.id,
            '{"findings": ["00100021"], "phone_typed": "", "source": "", "first_page": 0, "problem": ""}',
        )
        session.add(held)
    page = words(office.browser().get(f"{address}/review", lang=lang))
    only = (
        "seul le matricule 00100021 se lit" if lang == "fr" else "only the staff number 00100021 can be read"
    )
    assert only in page
