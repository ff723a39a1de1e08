import pytest

from app.db.models import Organisation
from app.db.queries import journal, organisations
from app.evidence.tags import Tag
from tests.web.console.office import Office, words

GOOD = {
    "name": "Boulangerie Épi",
    "timezone": "Indian/Reunion",
    "staff_pattern": r"Mat\. (\d+)",
    "profile": "strict",
    "sender_name": "EPI974",
    "contact": "Service paie, 02 62 12 34 56",
    "contact_phone": "01 44 55 66 77",
    "brand_colour": "#8a4b00",
    "password_policy": "sheet",
    "link_days": "400",
    "rcs_enabled": "on",
}


def organisation(office: Office) -> Organisation:
    with office.rt.read() as session:
        found = organisations.get(session, office.house.organisation.id)
    assert found is not None
    return found


def test_settings_are_saved_and_written_down(office: Office) -> None:
    owner = office.browser("owner")
    owner.get("/app/settings")
    answer = owner.post("/app/settings", **GOOD)
    assert "Réglages enregistrés." in words(answer)
    saved = organisation(office)
    assert (saved.timezone, saved.profile, saved.link_days) == ("Indian/Reunion", "strict", 400)
    assert saved.contact_phone == "+33144556677"
    with office.rt.read() as session:
        assert [sender.address for sender in organisations.every_sender(session, saved.id)][:1] == ["EPI974"]
        events = journal.about(session, office.rt.vault, saved.id, [saved.id])
    assert events[-1].tag == Tag.ORGANISATION_CHANGED
    assert "profile" in (events[-1].body or {})["fields"]


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("sender_name", "É", "1 à 11 lettres"),
        ("sender_name", "12345", "1 à 11 lettres"),
        ("staff_pattern", "(", "Ce motif ne peut pas être utilisé."),
        ("staff_pattern", r"\d+", "Ce motif ne peut pas être utilisé."),
        ("link_days", "401", "Les liens vivent de 1 à 400 jours."),
        ("link_days", "000000001999", "Les liens vivent de 1 à 400 jours."),
        ("link_days", "000000001" + "9" * 5_000, "Les liens vivent de 1 à 400 jours."),
        ("link_days", "-1", "Les liens vivent de 1 à 400 jours."),
        ("brand_colour", "red", "Choisissez une couleur"),
        ("timezone", "Mars/Olympus", "Choisissez un fuseau"),
        ("timezone", "../etc/passwd", "Choisissez un fuseau"),
        ("contact_phone", "12", "Ce numéro ne peut pas être composé."),
        ("contact", " ", "Donnez un contact"),
        ("name", "", "Donnez un nom"),
        ("password_policy", "usual", "(profil strict), Pli ne garde aucun mot de passe"),
    ],
)
def test_what_cannot_be_used_changes_nothing(office: Office, field: str, typed: str, said: str) -> None:
    before = organisation(office).model_dump()
    owner = office.browser("owner")
    owner.get("/app/settings")
    answer = owner.post("/app/settings", **{**GOOD, field: typed})
    assert answer.status_code == 422
    assert said in words(answer)
    assert "Rien n’a été enregistré" in words(answer)
    assert organisation(office).model_dump() == before


def test_only_an_administrator_changes_settings(office: Office) -> None:
    clerk = office.browser()
    assert "Lecture seule" in words(clerk.get("/app/settings"))
    assert clerk.post("/app/settings", **GOOD).status_code == 403
