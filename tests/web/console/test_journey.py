import re

from tests.web.console.office import Office, payroll


def test_from_the_upload_to_the_phones(office: Office) -> None:
    clerk = office.browser()
    address = office.in_review()
    review = clerk.get(address)
    assert review.url.path == f"{address}/review"
    assert "Ce matricule n’est pas dans votre liste." in review.text
    assert re.search(r"<button[^>]*disabled>.*?Valider l’envoi", review.text, re.DOTALL)

    clerk.exclude_blocking(address)
    last_look = clerk.get(f"{address}/release")
    assert "Envoyer 5 bulletins" in last_look.text
    assert "Boulangerie Épi: bulletin de paie septembre 2026" in last_look.text
    clerk.post(f"{address}/release", confirm="yes")
    office.house.run()
    office.deliver()

    page = clerk.get(address)
    assert "5 remis et 0 ouverts sur 5" in page.text
    assert page.text.count('class="cell-main"') == 5
    document = clerk.get(re.findall(r"/app/documents/[0-9a-f-]{36}", page.text)[0])
    story = re.findall(r"<strong>([^<]+)</strong>", document.text)
    assert story[-3:] == ["Message en attente", "Confié à l’opérateur", "Remis au téléphone"]
    assert "Clerk Exemple" in document.text  # who released it


def test_a_release_is_a_decision(office: Office) -> None:
    address = office.in_review(payroll(8))
    clerk = office.browser()
    clerk.exclude_blocking(address)
    answer = clerk.post(f"{address}/release")
    assert answer.status_code == 409
    assert "Cochez la case" in answer.text
    assert office.house.batch(office.lines(address)[0].batch_id).state == "in_review"


def test_a_batch_that_still_blocks_does_not_leave(office: Office) -> None:
    address = office.in_review(payroll(7))
    answer = office.browser().post(f"{address}/release", confirm="yes")
    assert answer.url.path == f"{address}/review"
    assert office.house.batch(office.lines(address)[0].batch_id).state == "in_review"


def test_the_page_follows_the_work_until_another_page_takes_over(office: Office) -> None:
    clerk = office.browser()
    answer = clerk.upload(
        [("documents", ("b.pdf", payroll(6).pdf)), ("people", ("p.xlsx", payroll(6).sheet_xlsx))]
    )
    address = answer.url.path
    assert "Vos fichiers sont bien arrivés" in answer.text
    assert f'hx-sse:connect="{address}/events"' in answer.text
    office.house.run()
    stream = clerk.get(f"{address}/events")
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.text.strip() == "event: done\ndata: done"


def test_the_figures_come_with_the_stream(office: Office) -> None:
    address = office.released(payroll(5))
    office.deliver()
    batch_id = office.lines(address)[0].batch_id
    with office.rt.begin() as session:
        from app.db.queries import batches

        batches.set_state(session, batch_id, "finished")
    events = office.browser().get(f"{address}/events").text.split("\n\n")
    assert "5 remis et 0 ouverts sur 5" in events[0]
    assert events[1] == "event: done\ndata: done"


def test_the_list_shows_every_batch_with_its_figures(office: Office) -> None:
    office.in_review(payroll(3))
    home = office.browser().get("/app/batches")
    assert home.status_code == 200
    assert "Paie de septembre" in home.text
    assert "bloquée" in home.text  # of those that wait for a review
