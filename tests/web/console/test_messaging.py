"""The pages of texts, replies, consents and rules, as people use them."""

import re
import time
from typing import Any
from uuid import uuid4

import pytest

from app.carriers.base import Inbound
from app.db.queries import consents, rules, templates
from app.messaging.permission.consent import is_stopped
from app.messaging.rule_rows import RuleKind
from app.messaging.sending.senders import Kind
from app.usecases.messages.record_inbound import record_inbound
from tests.senders import add_sender
from tests.web.console.office import Office, words

ZOE, ADAM, LOU, EVE = "+33611001001", "+33611001002", "+33611001003", "+33611001004"


def _hears(office: Office, number: str, text: str, to: str = "EPI") -> None:
    answer = Inbound(office.house.organisation.id, number, to, text, office.clock(), uuid4().hex)
    record_inbound(office.rt, answer)


def _stopped(office: Office, number: str) -> bool:
    organisation_id = office.house.organisation.id
    with office.rt.read() as session:
        ledger = consents.ledger(
            session, organisation_id, office.rt.vault.phone_index(organisation_id, number)
        )
    return is_stopped(ledger, "", office.clock())


def _text(office: Office, key: str) -> str:
    with office.rt.read() as session:
        found = templates.one(session, office.house.organisation.id, key, "sms", "fr")
    return found.text if found else ""


OFFER = {
    "fresh": "yes",
    "key": "soldes",
    "channel": "sms",
    "language": "fr",
    "kind": "offer",
    "category": "",
    "title": "",
}


def test_the_counter_follows_the_typing(office: Office) -> None:
    owner = office.browser("owner")
    owner.get("/app/templates/new")
    answer = owner.post(
        "/app/templates/count",
        **OFFER,
        text="Boulangerie Épi : {prénom}, l’été arrive ! {stop}",
        **{"list.prénom": "Li\nMaximilienne\nFrançoise"},
    )
    assert answer.status_code == 200
    assert "<html" not in answer.text
    said = words(answer)
    assert "Maximilienne, l'été arrive !" in said
    assert "/o/XXXXXXXXXX" in said
    assert "right single quotation mark" in said
    assert re.search(r"1 <span|<span class=\"stat__value\">1</span>", answer.text)
    assert 'name="list.prénom"' in answer.text


NOTICE = {"key": "payslip_notice", "channel": "sms", "language": "fr", "title": ""}


def test_a_text_of_pli_is_offered_no_field_that_it_refuses(office: Office) -> None:
    owner = office.browser("owner")
    text = {"text": "{sender}: votre bulletin {lien} {prénom}"}
    owner.get("/app/templates/payslip_notice/sms/fr")
    for path, said in (
        ("/app/templates/count", "Pli ne remplit pas {lien}, {prénom} dans ce texte."),
        ("/app/templates", "Pli ne remplit pas {lien}, {prénom} dans ce texte."),
        ("/app/templates?lang=en", "Pli does not fill in {lien}, {prénom} in this text."),
    ):
        answer = owner.post(path, **NOTICE, **text)
        shown = words(answer)
        assert said in shown
        assert "{hint}, {link}, {period}, {sender}, {until}" in shown
        assert "list.lien" not in answer.text
        assert "dans votre liste" not in shown
        assert "in your list" not in shown
    assert "{link}" in _text(office, "payslip_notice")


def test_a_text_of_ones_own_is_offered_the_values_it_takes(office: Office) -> None:
    owner = office.browser("owner")
    owner.get("/app/templates/new")
    text = {"text": "Boulangerie Épi : {prénom}, votre commande est prête."}
    answer = owner.post("/app/templates/count", **(OFFER | {"kind": "notice"}), **text)
    assert "Valeurs de {prénom} dans votre liste" in words(answer)
    assert "ne remplit pas" not in words(answer)


def test_the_counter_answers_at_once_whatever_is_typed(office: Office) -> None:
    """One form of somebody who may only look must not hold up everybody else."""
    auditor = office.browser("auditor")
    auditor.get("/app/templates/payslip_notice/sms/fr")
    begun = time.perf_counter()
    answer = auditor.post("/app/templates/count", **OFFER, text="{a}", **{"list.a": "a-" * 19_000})
    assert answer.status_code == 200
    assert "Une valeur a 200 caractères au plus" in words(answer)
    assert auditor.post("/app/templates/count", **OFFER, text="{" * 60_000).status_code == 200
    assert time.perf_counter() - begun < 5


def test_a_card_that_advertises_says_which_button_it_gets(office: Office) -> None:
    owner = office.browser("owner")
    owner.get("/app/templates/new")
    card = {**OFFER, "channel": "rcs", "title": "Boulangerie Épi"}
    answer = owner.post("/app/templates/count", **card, text="Boulangerie Épi : 2 tartes pour 1.")
    assert "un bouton « Ne plus en recevoir »" in words(answer).replace("\u202f", " ").replace("\xa0", " ")


def test_a_text_is_kept_and_offered_again(office: Office) -> None:
    owner = office.browser("owner")
    owner.get("/app/templates/new")
    answer = owner.post("/app/templates", **OFFER, text="Boulangerie Épi : 2 tartes pour 1 samedi. {stop}")
    assert answer.url.path == "/app/templates/soldes/sms/fr", words(answer)
    assert "Texte enregistré." in words(answer)
    with office.rt.read() as session:
        kept = templates.one(session, office.house.organisation.id, "soldes", "sms", "fr")
    assert kept is not None
    assert (kept.category, kept.kind) == ("marketing", "offer")
    assert "soldes" in words(owner.get("/app/templates"))


def test_marketing_that_hides_its_sender_is_refused_with_the_reason(office: Office) -> None:
    owner = office.browser("owner")
    owner.get("/app/templates/new")
    answer = owner.post("/app/templates", **{**OFFER, "key": "anonyme"}, text="2 tartes pour 1. {stop}")
    assert answer.status_code == 422
    assert "Le texte ne dit pas qui l’envoie" in words(answer)
    assert _text(office, "anonyme") == ""


def test_counting_again_without_script_keeps_nothing(office: Office) -> None:
    owner = office.browser("owner")
    owner.get("/app/templates/new")
    answer = owner.post(
        "/app/templates", **{**OFFER, "key": "essai"}, text="Boulangerie Épi : à demain", then="count"
    )
    assert answer.status_code == 200
    assert "Segments à l’envoi" in words(answer)
    assert _text(office, "essai") == ""


def test_the_notice_keeps_its_link(office: Office) -> None:
    owner = office.browser("owner")
    before = _text(office, "payslip_notice")
    owner.get("/app/templates/payslip_notice/sms/fr")
    answer = owner.post(
        "/app/templates", key="payslip_notice", channel="sms", language="fr", text="{sender}: bulletin prêt"
    )
    assert answer.status_code == 422
    assert "personne ne peut ouvrir son document" in words(answer)
    assert _text(office, "payslip_notice") == before
    assert owner.get("/app/templates/payslip_notice/fax/fr").status_code == 404


def test_hours_are_those_of_the_recipient(office: Office) -> None:
    """Hours with an offset were taken, and the page of rules was broken for good."""
    owner = office.browser("owner")
    owner.get("/app/rules?edit=new")
    rule = {"id": "ailleurs", "name": "Ailleurs", "category": "marketing", "days": "0", "enabled": "on"}
    answer = owner.post("/app/rules/windows", **rule, opens="09:00+05:00", closes="18:00+05:00")
    assert answer.status_code == 422
    assert owner.get("/app/rules").status_code == 200


def test_a_text_without_a_channel_is_refused_with_the_reason(office: Office) -> None:
    owner = office.browser("owner")
    owner.get("/app/templates/new")
    for channel in ("", "fax"):
        answer = owner.post("/app/templates", key="essai", channel=channel, text="Boulangerie Épi : à demain")
        assert answer.status_code == 422
        assert "Choisissez un canal." in words(answer)


def test_a_clerk_reads_texts_and_rules_but_does_not_change_them(office: Office) -> None:
    clerk = office.browser()
    assert "Seule une personne qui administre" in words(clerk.get("/app/templates/payslip_notice/sms/fr"))
    assert clerk.post("/app/templates", **OFFER, text="Boulangerie Épi").status_code == 403
    assert clerk.get("/app/templates/new").status_code == 403
    clerk.get("/app/rules")
    assert clerk.post("/app/rules/words", words="basta", intent="opt_out", enabled="yes").status_code == 403


def test_a_doubtful_reply_waits_for_a_person_who_decides_once(office: Office) -> None:
    _hears(office, ADAM, "laissez-moi tranquille")
    office.clock.push(seconds=2)
    clerk = office.browser()
    page = clerk.get("/app/inbox")
    assert "1 réponse douteuse attend une décision" in words(page)
    assert "laissez-moi tranquille" in words(page)
    action = re.search(r'action="(/app/inbox/[0-9a-f-]{36})"', page.text)
    assert action is not None
    done = clerk.post(action[1], decision="opt_out")
    assert "Décision enregistrée." in words(done)
    assert _stopped(office, ADAM)
    assert "attend une décision" not in words(done)
    assert clerk.post(action[1], decision="keep").status_code == 409
    assert "STOP enregistré" in words(clerk.get("/app/inbox", show="all"))


def test_an_ordinary_reply_is_read_and_put_away(office: Office) -> None:
    _hears(office, LOU, "Merci, bien reçu")
    clerk = office.browser()
    page = clerk.get("/app/inbox")
    assert "Merci, bien reçu" in words(page)
    action = re.search(r'action="(/app/inbox/[0-9a-f-]{36})"', page.text)
    assert action is not None
    assert clerk.post(action[1], decision="nonsense").status_code == 422
    clerk.post(action[1], decision="done")
    assert "Merci, bien reçu" not in words(clerk.get("/app/inbox"))
    assert not _stopped(office, LOU)


def test_an_auditor_reads_the_inbox_only(office: Office) -> None:
    _hears(office, LOU, "Un mot")
    page = office.browser("auditor").get("/app/inbox")
    assert "Un mot" in words(page)
    assert 'name="decision"' not in page.text


def _conversation(office: Office, page: Any, number: str) -> str:
    """The address behind the first answer of the list."""
    link = re.search(r'href="(/app/inbox/[0-9a-f-]{36})"', page.text)
    assert link is not None
    assert number in words(page)
    return link[1]


def test_a_clerk_writes_back_and_sees_how_it_went(office: Office) -> None:
    add_sender(office.rt, office.house.organisation.id, Kind.LONG_CODE_09, "+33937000009")
    _hears(office, EVE, "À quelle heure ouvrez-vous ?", to="33937000009")
    office.clock.push(seconds=2)
    clerk = office.browser()
    address = _conversation(office, clerk.get("/app/inbox"), "06 11 00 10 04")
    page = clerk.get(address)
    assert "À quelle heure ouvrez-vous ?" in words(page)
    assert "Part de 09 37 00 00 09 (SMS)." in words(page)
    form = re.search(r'name="key" value="([0-9a-f-]{36})"', page.text)
    assert form is not None

    empty = clerk.post(f"{address}/reply", text=" ", key=form[1])
    assert (empty.status_code, "Écrivez quelque chose avant d’envoyer." in words(empty)) == (422, True)
    long = clerk.post(f"{address}/reply", text="a" * 1_600, key=form[1])
    assert (long.status_code, "Texte trop long : 11/10 segments" in words(long).replace("\xa0", " ")) == (
        422,
        True,
    )
    assert "a" * 1_600 in long.text
    for _ in range(2):
        done = clerk.post(f"{address}/reply", text="Dès 9 h, bonne journée.", key=form[1])
        assert "La réponse part dans un instant." in words(done)
    office.house.run()
    office.deliver()

    page = clerk.get(address)
    assert words(page).count("Dès 9 h, bonne journée.") == 1
    assert "Remis" in words(page)
    assert "ouvrez-vous" not in words(clerk.get("/app/inbox"))
    assert "Vous avez répondu" in words(clerk.get("/app/inbox", show="all"))
    english = clerk.get(address, lang="en")
    assert "Leaves from 09 37 00 00 09 (SMS)." in words(english)


def test_an_auditor_reads_a_conversation_and_writes_nothing(office: Office) -> None:
    _hears(office, EVE, "Et le dimanche ?", to="33937000009")
    auditor = office.browser("auditor")
    address = _conversation(office, auditor.get("/app/inbox"), "06 11 00 10 04")
    assert "/reply" not in auditor.get(address).text
    assert auditor.post(f"{address}/reply", text="Fermé").status_code == 403
    assert auditor.get(f"/app/inbox/{uuid4()}").status_code == 404


def test_who_objects_to_everything_is_not_written_to(office: Office) -> None:
    _hears(office, EVE, "Et le lundi ?", to="33937000009")
    clerk = office.browser()
    address = _conversation(office, clerk.get("/app/inbox"), "06 11 00 10 04")
    clerk.post("/app/consents/record", number=EVE, fact="objection_all")
    page = clerk.get(address)
    assert "Cette personne refuse tout message." in words(page)
    assert "/reply" not in page.text
    refused = clerk.post(f"{address}/reply", text="Bonjour")
    assert (refused.status_code, "Cette personne refuse tout message." in words(refused)) == (422, True)


def test_staff_look_a_number_up_and_stop_it(office: Office) -> None:
    clerk = office.browser()
    clerk.get("/app/consents")
    page = clerk.post("/app/consents", number="06 11 00 10 01")
    assert "aucun consentement" in words(page)
    assert "0611001001" not in str(page.url)
    done = clerk.post("/app/consents/record", number=ZOE, fact="stop")
    assert "elle a dit STOP" in words(done)
    assert _stopped(office, ZOE)
    refused = clerk.post("/app/consents/record", number=ZOE, fact="opt_in", purpose="offres")
    assert refused.status_code == 422
    assert "Texte montré, Ce que la personne a fait" in words(refused)
    proof = {"text_shown": "Oui", "action_trace": "case cochée"}
    long = clerk.post("/app/consents/record", number=ZOE, fact="opt_in", purpose="x" * 61, **proof)
    assert long.status_code == 422
    assert "Trop long, ou avec un caractère de commande" in words(long)
    assert "ligne fixe" in words(clerk.post("/app/consents", number="01 44 55 66 77"))
    assert clerk.post("/app/consents/record", number=ZOE, fact="carrier_block").status_code == 422
    link = clerk.post("/app/consents/link", number=ZOE)
    assert re.search(r"/o/[1-9A-Za-z]{10}", link.text)


def _record_of(office: Office, number: str) -> list[bool]:
    """Whether each line about a number still tells it."""
    organisation_id = office.house.organisation.id
    with office.rt.read() as session:
        index = office.rt.vault.phone_index(organisation_id, number)
        return [line.number_sealed is not None for line in consents.records(session, organisation_id, index)]


@pytest.mark.parametrize(
    ("lang", "said", "done"),
    [
        (
            "fr",
            "Personne ne pourra revenir en arrière, pas même Pli.",
            "son opposition reste, sous forme d’empreinte",
        ),
        ("en", "Nobody can take this back, not even Pli.", "its objection stays, as a fingerprint"),
    ],
)
def test_erasing_a_number_is_confirmed_by_whoever_knows_what_goes(
    office: Office, lang: str, said: str, done: str
) -> None:
    number = {"fr": "+33611003001", "en": "+33611003002"}[lang]
    _hears(office, number, "STOP et merci pour tout")
    clerk = office.browser()
    clerk.post("/app/language", lang=lang, back="/app/consents")
    asked = clerk.post("/app/consents/forget", number=number)
    page = words(asked)
    assert said in page
    assert {"fr": "1 réponse reçue, 0 réponse que vous", "en": "1 answer received, 0 replies that you"}[
        lang
    ] in page
    assert {"fr": "Son opposition, sous forme d’empreinte.", "en": "Its objection, as a fingerprint."}[
        lang
    ] in page
    assert "11003" not in str(asked.url)
    assert all(_record_of(office, number))
    assert "STOP et merci" in words(clerk.get("/app/inbox", show="all"))
    assert done in words(clerk.post("/app/consents/forget", number=number, confirm="yes"))
    assert not any(_record_of(office, number))
    assert "STOP et merci" not in words(clerk.get("/app/inbox", show="all"))
    clerk.post("/app/language", lang="fr", back="/app/consents")


def test_a_number_without_a_refusal_is_not_said_to_keep_one(office: Office) -> None:
    clerk = office.browser()
    clerk.get("/app/consents")
    assert "Aucune opposition n’est enregistrée." in words(
        clerk.post("/app/consents/forget", number="06 11 00 30 03")
    )
    done = words(clerk.post("/app/consents/forget", number="06 11 00 30 03", confirm="yes"))
    assert "n’avait fait aucune opposition" in done
    assert "empreinte" not in done


def test_a_list_of_refusals_is_pasted(office: Office) -> None:
    clerk = office.browser()
    clerk.get("/app/consents")
    page = clerk.post("/app/consents/import", numbers="0611002001;Zoé\r\n0611002002\r\n\r\n01 44 55 66 77")
    assert "2 ajoutés, 0 déjà connus." in words(page)
    assert "Ligne 3 : ligne fixe, sans SMS" in words(page).replace("\u202f", " ")
    assert _stopped(office, "+33611002002")


def test_an_owner_narrows_the_hours(office: Office) -> None:
    owner = office.browser("owner")
    assert "Charte des opérateurs de 2026" in words(owner.get("/app/rules"))
    owner.get("/app/rules", edit="house-marketing")
    wrong = owner.post(
        "/app/rules/windows",
        id="house-marketing",
        name="x",
        category="marketing",
        opens="20:00",
        closes="10:00",
    )
    assert wrong.status_code == 422
    saved = owner.post(
        "/app/rules/windows",
        id="house-marketing",
        name="house window",
        category="marketing",
        opens="07:00",
        closes="19:00",
        days="1",
        enabled="on",
    )
    assert "Règles enregistrées." in words(saved)
    assert "La charte l’emporte." in words(saved)
    with office.rt.read() as session:
        (rule,) = [
            one for one in rules.windows(session, office.house.organisation.id) if one.id == "house-marketing"
        ]
    assert (rule.opens.hour if rule.opens else None, rule.days) == (7, frozenset({1}))


def test_words_kinds_and_choices_are_changed(office: Office) -> None:
    owner = office.browser("owner")
    owner.get("/app/rules")
    owner.post("/app/rules/words", words="Basta !", intent="opt_out", enabled="yes")
    owner.post("/app/rules/words", words="end", enabled="")
    assert owner.post("/app/rules/words", words="", intent="opt_out", enabled="yes").status_code == 422
    assert owner.post("/app/rules/words", words="assez", intent="shout", enabled="yes").status_code == 422
    owner.post("/app/rules/kinds", kind="reminder", category="marketing")
    assert owner.post("/app/rules/kinds", kind="joke", category="marketing").status_code == 422
    saved = owner.post(
        "/app/rules/choices",
        stop_code="36105",
        stop_scope="sender",
        one_segment_marketing="on",
        segment_price="0,048",
    )
    assert "Règles enregistrées." in words(saved)
    assert owner.post("/app/rules/choices", stop_code="12", stop_scope="sender").status_code == 422
    organisation_id = office.house.organisation.id
    with office.rt.read() as session:
        choices = rules.choices(session, organisation_id)
        lexicon = rules.lexicon(session, organisation_id, office.clock().date())
        kept = rules.rows(session, organisation_id, RuleKind.KIND)
    assert (choices.stop_code, choices.one_segment_marketing, choices.segment_micro) == (
        "36105",
        True,
        48_000,
    )
    assert [row.value["category"] for row in kept] == ["marketing"]
    assert lexicon.whole.match("basta")
    assert not lexicon.whole.match("end")
    _hears(office, "+33611003001", "basta")
    assert not _stopped(office, "+33611003001")  # of that sender only, as chosen
    answer = owner.post("/app/templates/count", **OFFER, text="Boulangerie Épi : 2 tartes pour 1")
    assert "STOP au 36105" in words(answer)
    assert "0,048" in words(answer)
