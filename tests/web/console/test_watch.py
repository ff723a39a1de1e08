import csv
import io
import re
from datetime import timedelta

import openpyxl
import pytest

from app.db.models import Document
from app.db.queries import documents, messages
from links import lifecycle
from tests.web.console.office import Office, payroll, words

FAILS = "06 12 00 00 02"


@pytest.fixture(scope="module")
def address(office: Office) -> str:
    """A delivered batch in which one message failed."""
    released = office.released(payroll(9, [FAILS]))
    office.deliver()
    return released


def one(office: Office, address: str, state: str) -> Document:
    """A document whose message is in a state."""
    with office.rt.read() as session:
        return next(
            line
            for line in office.lines(address)
            if (sent := messages.of_document(session, line.id)) and sent[-1].state == state
        )


def test_filter_and_search_of_the_recipients(office: Office, address: str) -> None:
    clerk = office.browser()
    everybody = clerk.get(address).text
    assert everybody.count('class="cell-main"') == 5
    failed = clerk.get(address, state="failed").text
    assert failed.count('class="cell-main"') == 1
    name = re.findall(r'class="cell-main"[^>]*>([^<]+)<', failed)[0]
    assert clerk.get(address, q=name.lower()).text.count('class="cell-main"') == 1
    assert "Personne ici" in clerk.get(address, q="nobody of that name").text
    assert clerk.get(address, state="no_such_state").text.count('class="cell-main"') == 5


def test_each_figure_of_a_batch_leads_to_as_many_people(office: Office, address: str) -> None:
    clerk = office.browser()
    page = clerk.get(address).text
    figures = re.findall(
        rf'href="{address}\?state=(all_\w+)#people".*?stat__value">(\d+)<', page, flags=re.DOTALL
    )
    assert [state for state, _ in figures] == [
        "all_submitted",
        "all_delivered",
        "all_opened",
        "all_downloaded",
        "all_failed",
    ]
    for state, figure in figures:
        assert clerk.get(address, state=state).text.count('class="cell-main"') == int(figure)
    assert {figure for _, figure in figures} > {"0", "1"}


@pytest.mark.parametrize(
    ("lang", "sent", "failed"),
    [
        ("fr", "Partis 5 100 % des documents", "Échecs 1 20 % des documents"),
        ("en", "Sent 5 100% of documents", "Failed 1 20% of documents"),
    ],
)
def test_what_failed_on_its_way_is_counted_as_sent(
    office: Office, address: str, lang: str, sent: str, failed: str
) -> None:
    clerk = office.browser()
    said = " ".join(re.sub(r"<[^>]*>", " ", words(clerk.get(address, lang=lang))).split())
    assert sent in said
    assert failed in said
    clerk.get(address, lang="fr")


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        (
            "fr",
            [
                "envois ; rien ne part avant votre accord",
                "personne non jointe, sur 30 jours",
                "des remis, sur 30 jours",
            ],
        ),
        (
            "en",
            [
                "batches; nothing leaves before you agree",
                "person not reached, in 30 days",
                "of those delivered, in 30 days",
            ],
        ),
    ],
)
def test_figures_of_the_first_page_say_what_they_count(
    office: Office, address: str, lang: str, said: list[str]
) -> None:
    for month in (4, 5):
        office.in_review(payroll(month))
    page = words(office.browser().get("/app/batches", lang=lang))
    assert [each for each in said if each not in page] == []


def test_each_figure_of_the_first_page_leads_to_the_batches_it_counts(office: Office, address: str) -> None:
    office.in_review(payroll(3))
    clerk = office.browser()
    page = clerk.get("/app/batches").text
    links = dict(re.findall(r'href="/app/batches\?show=(\w+)".*?stat__value">(\d+)<', page, flags=re.DOTALL))
    assert list(links) == ["to_review", "sending", "failed", "opened"]
    for show in ("to_review", "sending"):
        assert clerk.get("/app/batches", show=show).text.count('class="cell-main"') == int(links[show])
    assert int(links["to_review"]) > 0
    assert int(links["failed"]) > 0
    failed = clerk.get("/app/batches", show="failed").text
    inside = re.findall(r'class="cell-main" href="([^"]+)"', failed)
    assert f"{address}?state=all_failed#people" in inside
    people = sum(
        clerk.get(each.partition("?")[0], state="all_failed").text.count('class="cell-main"')
        for each in inside
    )
    assert people == int(links["failed"])
    assert links["opened"] == "0"
    assert "Personne n’a encore ouvert de document" in words(clerk.get("/app/batches", show="opened"))
    everything = clerk.get("/app/batches", show="no_such_figure").text.count('class="cell-main"')
    assert everything == clerk.get("/app/batches").text.count('class="cell-main"')


def test_what_failed_is_sent_again_with_the_same_link(office: Office, address: str) -> None:
    line = one(office, address, "failed")
    clerk = office.browser()
    assert "échec du réseau" in words(clerk.get(f"/app/documents/{line.id}"))
    with office.rt.read() as session:
        before = lifecycle.of_documents(session, [line.id])[line.id]
    answer = clerk.post(f"{address}/resend")
    assert "1 message repart." in words(answer)
    office.house.run()
    office.deliver()
    with office.rt.read() as session:
        (message,) = messages.of_document(session, line.id)
        tried = messages.attempts_of(session, message.id)
        after = lifecycle.of_documents(session, [line.id])[line.id]
    assert len(tried) > 1
    assert [link.ref for link in after] == [link.ref for link in before]
    assert "Renvoyé" in words(clerk.get(f"/app/documents/{line.id}"))


def test_a_text_that_is_gone_is_not_sent_again(office: Office, address: str) -> None:
    line = one(office, address, "failed")
    with office.rt.begin() as session:
        (message,) = messages.of_document(session, line.id)
        message.expires_at = office.clock() - timedelta(seconds=1)
        session.add(message)
    answer = office.browser().post(f"/app/documents/{line.id}/resend")
    assert "déposez les documents dans un nouvel envoi" in words(answer)
    assert "Le texte du message n’est plus conservé" in words(answer)


def test_one_link_is_closed_for_good(office: Office, address: str) -> None:
    line = one(office, address, "delivered")
    clerk = office.browser()
    clerk.post(f"/app/documents/{line.id}/revoke")
    with office.rt.read() as session:
        assert lifecycle.of_documents(session, [line.id])[line.id][0].revoked_at is None  # not ticked
    answer = clerk.post(f"/app/documents/{line.id}/revoke", confirm="yes")
    assert "Retiré le" in words(answer)
    with office.rt.read() as session:
        assert lifecycle.of_documents(session, [line.id])[line.id][0].revoked_reason == "revoked"
        changed = documents.get(session, line.organisation_id, line.id)
    assert changed is not None
    assert changed.state == "revoked"


def test_a_whole_batch_is_taken_back(office: Office) -> None:
    address = office.released(payroll(8, [FAILS]))
    clerk = office.browser()
    assert "Donnez un motif" in words(clerk.post(f"{address}/recall", confirm="yes"))
    answer = clerk.post(f"{address}/recall", confirm="yes", reason="Mauvais mois")
    assert "Retiré par Clerk Exemple," in words(answer)
    assert "Mauvais mois" in answer.text
    lines = [line for line in office.lines(address) if line.state == "revoked"]
    assert len(lines) == 5
    with office.rt.read() as session:
        links = lifecycle.of_documents(session, [line.id for line in lines])
    assert {link.revoked_reason for each in links.values() for link in each} == {"recalled"}
    assert "Mauvais mois" not in clerk.get(f"/app/documents/{lines[0].id}").text


def test_a_recall_stops_what_has_not_left(office: Office) -> None:
    address = office.in_review(payroll(7, [FAILS]))
    clerk = office.browser()
    clerk.get(f"{address}/review")
    clerk.exclude_blocking(address)
    clerk.post(f"{address}/release", confirm="yes")
    office.house.run("announce_block")
    clerk.post(f"{address}/recall", confirm="yes", reason="Erreur")
    office.house.run()
    with office.rt.read() as session:
        sent = [
            message.state
            for line in office.lines(address)
            for message in messages.of_document(session, line.id)
        ]
    assert sent == ["cancelled"] * 5


def test_exports_hold_every_recipient_and_no_formula(office: Office) -> None:
    evil = '=HYPERLINK("http://evil.example")'
    address = office.released(payroll(6, [FAILS]))
    line = next(line for line in office.lines(address) if line.state == "sealed")
    with office.rt.begin() as session:
        held = documents.get(session, line.organisation_id, line.id)
        assert held is not None
        held.name_sealed = office.rt.vault.columns.seal_column(
            line.organisation_id, "document", "name", line.id, evil
        )
        session.add(held)
    clerk = office.browser()
    table = clerk.get(f"{address}/export.csv")
    rows = list(csv.reader(io.StringIO(table.content.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 1 + 5 + 4  # who left, then who was left out
    assert f"'{evil}" in {row[1] for row in rows}
    workbook = openpyxl.load_workbook(io.BytesIO(clerk.get(f"{address}/export.xlsx").content))
    cells = [cell for row in workbook.active.iter_rows() for cell in row]
    assert f"'{evil}" in {cell.value for cell in cells}
    assert all(cell.data_type != "f" for cell in cells)
    assert clerk.get(f"{address}/report.pdf").content.startswith(b"%PDF-")
    assert clerk.get(f"{address}/export.exe").status_code == 404
