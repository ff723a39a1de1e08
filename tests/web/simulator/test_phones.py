"""The simulated phones over a real port: who may look, what they show, and what they do."""

import re
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from app.carriers.simulated.phones import PhoneSummary
from app.db.payroll.faces import read_face
from app.db.queries import documents
from app.usecases.accounts import identify_session
from app.usecases.accounts.identify_session import Account
from app.usecases.messages.name_phones import name_phones
from tests.web.live import Live


@pytest.fixture
def clerk(live: Live) -> httpx.Client:
    return live.clerk()


@pytest.fixture
def phone(live: Live) -> PhoneSummary:
    """The phone that was active last."""
    return live.house.application.phones.recent(live.house.organisation.id, limit=1, offset=0)[0]


def shown(live: Live, phone: PhoneSummary) -> PhoneSummary:
    found = live.house.application.phones.find(live.house.organisation.id, phone.number)
    assert found is not None
    return found


def said(live: Live, phone: PhoneSummary) -> list[str]:
    messages = live.house.application.phones.show(live.house.organisation.id, phone.id).messages
    return [message.text for message in messages if not message.incoming]


# Who


@pytest.mark.parametrize("path", ["/simulator", "/simulator/handsets/{id}"])
def test_the_door_asks_for_the_console_login(live: Live, phone: PhoneSummary, path: str) -> None:
    answer = live.client().get(path.format(id=phone.id))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/app/login?next=%2Fsimulator")


def test_an_organisation_that_sends_for_real_has_no_phones_to_look_at(
    live: Live, clerk: httpx.Client, phone: PhoneSummary, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Callable[..., Account | None] = identify_session.identify_session

    def sends_for_real(*given: object) -> Account:
        account = real(*given)
        assert account is not None
        return replace(account, simulator_only=False)

    monkeypatch.setattr("app.web.auth.identify_session", sends_for_real)
    assert clerk.get("/simulator").status_code == 403
    assert clerk.get(f"/simulator/handsets/{phone.id}").status_code == 403
    assert clerk.post(f"/simulator/handsets/{phone.id}/power", data={"on": "0"}).status_code == 403
    assert shown(live, phone).powered


@pytest.mark.parametrize("action", ["power", "rcs", "reply", "open"])
def test_a_post_without_the_token_of_the_session_changes_nothing(
    live: Live, clerk: httpx.Client, phone: PhoneSummary, action: str
) -> None:
    before = live.rows()
    del clerk.headers["x-csrf-token"]
    answer = clerk.post(f"/simulator/handsets/{phone.id}/{action}", data={"on": "0", "text": "STOP"})
    assert answer.status_code == 403
    assert live.rows() == before


def test_a_phone_of_nobody_is_not_found(clerk: httpx.Client) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    assert clerk.get(f"/simulator/handsets/{unknown}").status_code == 404
    assert clerk.post(f"/simulator/handsets/{unknown}/power", data={"on": "1"}).status_code == 404


# What they show


def test_the_wall_shows_a_page_of_phones_and_leads_to_the_others(live: Live, clerk: httpx.Client) -> None:
    total = live.house.application.phones.count(live.house.organisation.id)
    first, second = clerk.get("/simulator"), clerk.get("/simulator?page=2")
    ids = [set(re.findall(r'id="h-([^"]+)"', page.text)) for page in (first, second)]
    assert [len(each) for each in ids] == [12, total - 12]
    assert not ids[0] & ids[1]
    assert 'href="/simulator?page=2"' in first.text
    assert 'href="/simulator?page=1"' in second.text
    assert "no-store" in first.headers["cache-control"]
    for page in ("0", "-1", "x", "99999999999"):
        assert clerk.get("/simulator", params={"page": page}).status_code == 200


def test_a_phone_is_found_by_its_number_however_it_is_typed(clerk: httpx.Client, phone: PhoneSummary) -> None:
    national = "0" + phone.number[3:]
    for typed in (phone.number, national, " ".join(re.findall("..", national))):
        page = clerk.get("/simulator", params={"q": typed})
        assert re.findall(r'id="h-([^"]+)"', page.text) == [str(phone.id)], typed
    for typed in ("06 99 99 99 99", "abc", "<b>"):
        page = clerk.get("/simulator", params={"q": typed})
        assert page.status_code == 200
        assert "Aucun téléphone avec ce numéro" in page.text


def test_the_phone_shows_the_card_with_the_link_to_the_document(
    live: Live, clerk: httpx.Client, phone: PhoneSummary
) -> None:
    url, link = live.received()[phone.number]
    page = clerk.get(f"/simulator/handsets/{phone.id}")
    assert f'href="{url}"' in page.text
    assert live.client().post(f"/{link.ref}/hello", json={"s": link.secret}).json()["state"] == "live"


def test_a_phone_says_whose_it_is(live: Live, clerk: httpx.Client) -> None:
    letter = live.letter()
    phone = live.house.application.phones.find(live.house.organisation.id, letter.phone)
    assert phone is not None
    story = clerk.get(f"/app/documents/{letter.document_id}").text
    person = re.search(r"<h1>([^<]+)</h1>", story)
    assert person is not None
    page = clerk.get(f"/simulator/handsets/{phone.id}").text
    assert f"<h1>{person[1]}</h1>" in page
    assert f'<span class="phone__name">{person[1]}</span>' in page
    wall = clerk.get("/simulator", params={"q": letter.phone}).text
    assert f'<span class="phone__name">{person[1]}</span>' in wall


def test_a_phone_that_two_people_share_says_both_names(live: Live) -> None:
    letter, other = live.letter(), live.letter()
    organisation_id = live.house.organisation.id
    with live.rt.begin() as session:
        first = documents.get(session, organisation_id, letter.document_id)
        second = documents.get(session, organisation_id, other.document_id)
        assert first is not None
        assert second is not None
        second.phone_index = first.phone_index
        session.add(second)
        names = sorted(read_face(live.rt.vault, each).name for each in (first, second))
    named = name_phones(live.rt, organisation_id, [letter.phone, other.phone, "+33699999999"])
    assert list(named) == [letter.phone]
    assert sorted(named[letter.phone].split(", ")) == names


def test_the_legend_lists_every_magic_number_in_both_languages(clerk: httpx.Client) -> None:
    french, english = clerk.get("/simulator").text, clerk.get("/simulator?lang=en").text
    for suffix in range(1, 16):
        assert f"<code>{suffix:06d}</code>" in french
    assert "Téléphone éteint" in french
    assert "Phone switched off" in english


def test_looking_changes_nothing_until_the_phone_is_taken_in_hand(
    live: Live, clerk: httpx.Client, phone: PhoneSummary
) -> None:
    before = live.rows()
    clerk.get("/simulator")
    clerk.get(f"/simulator/handsets/{phone.id}")
    clerk.head("/simulator")
    assert live.rows() == before
    assert shown(live, phone).unread > 0
    answer = clerk.post(f"/simulator/handsets/{phone.id}/open")
    assert answer.headers["location"] == f"/simulator/handsets/{phone.id}#h-{phone.id}"
    assert shown(live, phone).unread == 0


# What they do


def test_a_phone_is_switched_off_and_on_and_out_of_rcs(
    live: Live, clerk: httpx.Client, phone: PhoneSummary
) -> None:
    def switch(what: str, on: str) -> PhoneSummary:
        assert clerk.post(f"/simulator/handsets/{phone.id}/{what}", data={"on": on}).status_code == 303
        return shown(live, phone)

    assert not switch("power", "0").powered
    page = clerk.get(f"/simulator/handsets/{phone.id}")
    assert "Éteint" in page.text
    assert (
        clerk.post(f"/simulator/handsets/{phone.id}/reply", data={"to": "EPI", "text": "STOP"}).status_code
        == 409
    )
    assert switch("power", "1").powered
    assert not switch("rcs", "0").rcs
    assert switch("rcs", "1").rcs


def test_stop_reaches_the_ledger(live: Live, clerk: httpx.Client, phone: PhoneSummary) -> None:
    page = clerk.get(f"/simulator/handsets/{phone.id}")
    sender = re.search(r'name="to" value="([^"]+)"', page.text)
    assert sender is not None
    data = {"to": sender[1], "text": "STOP", "back": "/simulator?page=2"}
    answer = clerk.post(f"/simulator/handsets/{phone.id}/reply", data=data)
    assert answer.headers["location"] == f"/simulator?page=2#h-{phone.id}"
    live.deliver()
    assert said(live, phone)[0] == "STOP"
    assert "STOP" in clerk.get(f"/simulator/handsets/{phone.id}").text
    assert any("opt_out" in row for row in live.rows()["inbound_message"])


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"to": "INCONNU", "text": "Bonjour"}, 404),
        ({"to": "Boulangerie Épi", "text": "  "}, 422),
        ({"to": "Boulangerie Épi", "text": "x" * 1001}, 413),
    ],
)
def test_an_answer_that_cannot_be_sent_is_refused(
    clerk: httpx.Client, phone: PhoneSummary, data: dict[str, str], status: int
) -> None:
    assert clerk.post(f"/simulator/handsets/{phone.id}/reply", data=data).status_code == status


def test_a_tapped_button_answers_the_sender(live: Live, clerk: httpx.Client, phone: PhoneSummary) -> None:
    page = clerk.get(f"/simulator/handsets/{phone.id}")
    form = re.search(
        r'action="([^"]+/tap)">(?:(?!</form>).)*?name="position" value="(\d+)"[^>]*>(Ce n’est pas pour moi)<',
        page.text,
        re.DOTALL,
    )
    assert form is not None
    assert clerk.post(form[1], data={"position": form[2]}).status_code == 303
    assert said(live, phone)[0] == form[3]
    for position in ("9", "-1", "x", ""):
        assert clerk.post(form[1], data={"position": position}).status_code == 404


def test_a_reminder_goes_into_the_calendar_of_the_phone_and_is_told(live: Live, clerk: httpx.Client) -> None:
    letter = live.letter()
    phone = live.house.application.phones.find(live.house.organisation.id, letter.phone)
    assert phone is not None
    address = f"/simulator/handsets/{phone.id}"
    form = re.search(
        r'action="([^"]+/tap)">(?:(?!</form>).)*?name="position" value="(\d+)"[^>]*>Me le rappeler<',
        clerk.get(address).text,
        re.DOTALL,
    )
    assert form is not None
    assert "agenda" not in clerk.get(address).text
    assert clerk.post(form[1], data={"position": form[2]}).status_code == 303
    noted = re.compile(r"agenda du téléphone\s:\s«\sLire mon document\s», le 29 déc., 10:00")
    assert noted.search(clerk.get(address).text)
    assert "Put in the phone’s calendar: “Lire mon document”" in clerk.get(f"{address}?lang=en").text
    clerk.cookies.delete("pli-lang")
    live.deliver()
    story = clerk.get(f"/app/documents/{letter.document_id}").text
    assert "A touché «\u202fMe le rappeler\u202f»" in story


def test_a_tap_on_the_link_is_an_event_of_the_document_and_no_answer(live: Live, clerk: httpx.Client) -> None:
    letter = live.letter()
    story = f"/app/documents/{letter.document_id}"
    phone = live.house.application.phones.find(live.house.organisation.id, letter.phone)
    assert phone is not None
    written, answers = said(live, phone), clerk.get(story).text.count("A répondu")
    page = clerk.get(f"/simulator/handsets/{phone.id}").text
    link = re.search(rf'href="{re.escape(letter.url)}"[^>]*data-tap="([^"]+)" data-position="(\d+)"', page)
    assert link is not None
    assert clerk.post(link[1], data={"position": link[2]}).status_code == 303
    live.deliver()
    assert live.journal(letter).count("card:tapped") == 1
    assert "A touché «\u202fOuvrir le document\u202f»" in clerk.get(story).text
    assert clerk.get(story).text.count("A répondu") == answers
    assert said(live, phone) == written


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/simulator/../app", "/\\evil"])
def test_no_form_leads_to_another_site(clerk: httpx.Client, phone: PhoneSummary, back: str) -> None:
    answer = clerk.post(f"/simulator/handsets/{phone.id}/rcs", data={"on": "1", "back": back})
    assert answer.headers["location"] == f"/app#h-{phone.id}"
