"""Work that stopped: what the clerk reads, and the button that sets it going again."""

from uuid import UUID

from app.core.jobs import DeadJob
from app.db.queries import stalls
from tests.web.console.office import Office, files_of, payroll, words

TITLE = "Le travail sur cet envoi s’est arrêté"
BUTTON = "Reprendre"


def stop_work(office: Office, address: str) -> None:
    """The engine gives up the jobs of the batch that wait."""
    now = office.rt.now()
    while office.house.jobs.waiting:
        job = office.house.jobs.waiting.popleft()
        with office.rt.begin() as session:
            dead = DeadJob(f"{job.kind}:{job.key}", job.kind, job.ids, job.partition, "ConnectionError")
            assert stalls.note(session, dead, now).batch_id == UUID(address.rpartition("/")[2])


def test_a_clerk_reads_that_reading_stopped_and_sets_it_going(office: Office) -> None:
    clerk = office.browser()
    address = str(clerk.upload(files_of(payroll(3))).url.path)
    stop_work(office, address)

    page = words(clerk.get(address))
    assert TITLE in page
    assert "Vos fichiers sont gardés, scellés, et rien n’est parti." in page
    assert "code ConnectionError" in page
    assert "Annuler" in page
    assert "Arrêté" in words(clerk.get("/app/batches"))

    answer = clerk.post(f"{address}/retry")
    assert "Le travail a repris là où il en était." in words(answer)
    assert TITLE not in words(clerk.get(address))
    assert "Rien n’était arrêté sur cet envoi." in words(clerk.post(f"{address}/retry"))
    office.house.run()
    assert clerk.get(address).url.path == f"{address}/review"


def test_whoever_may_only_look_is_told_whom_to_ask(office: Office) -> None:
    address = office.in_review(payroll(4))
    clerk = office.browser()
    clerk.get(f"{address}/review")
    clerk.exclude_blocking(address)
    clerk.post(f"{address}/release", confirm="yes")
    stop_work(office, address)

    auditor = office.browser("auditor")
    page = words(auditor.get(address))
    assert "personne ne recevra deux messages" in page
    assert "Demandez à une personne qui peut valider les envois" in page
    assert f"{address}/retry" not in page
    assert auditor.post(f"{address}/retry").status_code == 403

    office.browser("releaser").get(address)
    assert "Le travail a repris" in words(office.browser("releaser").post(f"{address}/retry"))


def test_sending_that_stopped_is_told_on_the_page_of_the_batch(office: Office) -> None:
    address = office.in_review(payroll(5))
    clerk = office.browser()
    clerk.get(f"{address}/review")
    clerk.exclude_blocking(address)
    clerk.post(f"{address}/release", confirm="yes")
    office.house.run("announce_block")
    stop_work(office, address)

    page = words(clerk.get(address))
    assert "Ceux qui sont partis ne repartiront pas" in page
    assert BUTTON in page
    clerk.post(f"{address}/retry")
    office.house.run()
    office.deliver()
    assert TITLE not in words(clerk.get(address))
