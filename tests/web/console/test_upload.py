import re
from uuid import UUID

import pytest

from tests.web.console.office import Office, files_of, payroll, words

SHEET = "Numéro interne;Nom;Prénom;Coordonnées;Sésame\n00004200;EXEMPLE;Aïcha;0612345678;7K3M9QXF\n"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"expires_on": "2020-01-01"}, "Cette date est passée."),
        ({"expires_on": "2030-01-01"}, "Cette date est trop lointaine"),
        ({"period": "septembre"}, "Choisissez un mois"),
        ({"password_policy": "none"}, "Il faut un mot de passe ou une date limite."),
    ],
)
def test_a_mistake_is_told_beside_what_was_typed(office: Office, fields: dict[str, str], said: str) -> None:
    clerk = office.browser()
    clerk.get("/app/batches/new")
    answer = clerk.upload(files_of(payroll()), **{"title": "Paie & primes", "channels": "sms", **fields})
    assert answer.status_code == 422
    assert said in words(answer)
    assert 'value="Paie &amp; primes"' in answer.text
    assert 'value="sms" checked' in answer.text


@pytest.mark.parametrize(
    ("lang", "typed", "period", "title"),
    [
        ("fr", "", "2026-09", "Paie septembre 2026"),
        ("en", "  ", "2026-09", "Payroll September 2026"),
        ("fr", "Primes d’été", "2026-09", "Primes d’été"),
        ("fr", "", "", "Envoi du 25 novembre 2026"),
        ("en", "", "", "Batch of 25 November 2026"),
    ],
)
def test_a_batch_without_a_title_is_named_after_its_month(
    office: Office, lang: str, typed: str, period: str, title: str
) -> None:
    clerk = office.browser()
    clerk.post("/app/language", lang=lang, back="/app/batches/new")
    form = clerk.get("/app/batches/new").text
    assert "required" not in re.findall(r'<input [^>]*name="title"[^>]*>', form)[0]
    answer = clerk.upload(files_of(payroll()), title=typed, period=period)
    batch = office.house.batch(UUID(answer.url.path.rpartition("/")[2]))
    assert batch.title == title
    clerk.post("/app/language", lang="fr", back="/app/batches/new")


@pytest.mark.parametrize(
    ("left", "said"),
    [("documents", "Ajoutez la liste des salariés."), ("people", "Ajoutez au moins un PDF")],
)
def test_a_missing_file_is_named(office: Office, left: str, said: str) -> None:
    clerk = office.browser()
    clerk.get("/app/batches/new")
    answer = clerk.upload([file for file in files_of(payroll()) if file[0] == left])
    assert answer.status_code == 422
    assert said in words(answer)


@pytest.mark.parametrize("field", ["documents", "people"])
def test_an_empty_file_is_named_under_its_own_box(office: Office, field: str) -> None:
    clerk = office.browser()
    clerk.get("/app/batches/new")
    name = {"documents": "vide.pdf", "people": "vide.csv"}[field]
    files = [each for each in files_of(payroll()) if each[0] != field]
    answer = clerk.upload([*files, (field, (name, b""))])
    assert answer.status_code == 422
    beside = re.findall(r'id="f-(\w+)-error">(.*?)</p>', answer.text, re.DOTALL)
    assert [place for place, _ in beside] == [field]
    assert f"Fichier vide\u202f: {name}" in beside[0][1]
    english = clerk.client.post(
        "/app/batches?lang=en", data={"csrf": clerk.csrf}, files=[*files, (field, (name, b""))]
    )
    assert f"Empty file: {name}." in words(english)


@pytest.mark.parametrize(
    "sheet",
    [
        "Matricule;Nom;Prénom;Mobile\n",
        "Matricule;Nom;Prénom;Mobile;Code d’accès\n",
        "Numéro interne;Coordonnées\n",
    ],
)
def test_a_list_of_headings_alone_says_that_nobody_is_in_it(office: Office, sheet: str) -> None:
    clerk = office.browser()
    clerk.get("/app/batches/new")
    answer = clerk.upload([files_of(payroll())[0], ("people", ("effectif.csv", sheet.encode()))])
    office.house.run()
    page = clerk.get(answer.url.path)
    assert "Aucune personne dans la liste" in words(page)
    assert "Ajoutez les salariés, puis déposez de nouveau." in words(page)
    assert "/mapping" not in page.text
    assert "Nobody in the list" in words(clerk.get(answer.url.path, lang="en"))


def test_too_much_is_refused_and_leaves_nothing(office: Office) -> None:
    clerk = office.browser()
    clerk.get("/app/batches/new")
    answer = clerk.upload([("documents", ("b.pdf", bytes(2_200_000))), files_of(payroll())[1]])
    assert answer.status_code == 422
    assert "trop volumineux ensemble" in words(answer)
    assert 'value="Paie de septembre"' in answer.text
    far_too_much = clerk.upload([("documents", ("b.pdf", bytes(4_000_000)))])
    assert far_too_much.status_code == 413
    assert "Le fichier est trop volumineux" in words(far_too_much)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("b.pdf", b"this is no PDF at all", "« b.pdf » : ce n’est pas un PDF"),
        ("b.zip", b"PK\x05\x06" + bytes(18), "« b.zip » : aucun PDF n’a été trouvé"),
    ],
)
def test_a_file_that_cannot_be_read_is_explained(
    office: Office, name: str, content: bytes, said: str
) -> None:
    clerk = office.browser()
    clerk.get("/app/batches/new")
    address = clerk.upload([("documents", (name, content)), files_of(payroll())[1]]).url.path
    office.house.run()
    page = words(clerk.get(address))
    assert said in page
    assert "Rien n’est parti." in page


def test_unknown_headings_are_asked_once_and_remembered(office: Office) -> None:
    clerk = office.browser()
    clerk.get("/app/batches/new")
    files = [files_of(payroll())[0], ("people", ("effectif.csv", SHEET.encode()))]
    address = clerk.upload(files).url.path
    office.house.run()
    asked = clerk.get(address)
    assert asked.url.path == f"{address}/mapping"
    assert "0612345678" in asked.text
    answer = {"sheet": _sheet(asked.text), "header_row": "1", "last_name": "1", "first_name": "2"}
    wrong = clerk.post(f"{address}/mapping", **answer, staff_number="0", phone="0")
    assert wrong.status_code == 422
    assert "chacune une seule fois" in words(wrong)
    for nonsense in ("9" * 5000, "-1", "²", "1e3"):
        refused = clerk.post(f"{address}/mapping", **answer, staff_number=nonsense, phone="3")
        assert refused.status_code == 422
        assert clerk.post(f"{address}/mapping", **{**answer, "header_row": nonsense}).status_code == 422
    clerk.post(f"{address}/mapping", **answer, staff_number="0", phone="3", access_code="4")
    office.house.run()
    assert clerk.get(address).url.path == f"{address}/review"
    assert clerk.get(f"{address}/mapping").status_code == 409

    next_month = [files_of(payroll(10))[0], ("people", ("effectif.csv", SHEET.encode()))]
    again = clerk.upload(next_month).url.path
    office.house.run()
    assert clerk.get(again).url.path == f"{again}/review"


def _sheet(page: str) -> str:
    return page.partition('name="sheet" value="')[2].partition('"')[0]
