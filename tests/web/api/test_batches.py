"""The way of a batch through the API: upload, review, exclusions, release, what became of each document."""

import json
from collections import Counter
from typing import Any

from tests.web.api.house import FILES, HERE, PDF, SHEET, House, upload
from tests.web.client import TestClient


def reviewed(house: House, client: TestClient, **options: Any) -> str:
    """The id of a batch in review."""
    answer = upload(client, **options)
    assert answer.status_code == 202, answer.text
    house.work("split_batch")
    return str(answer.json()["id"])


def exclude_what_blocks(client: TestClient, batch: str) -> None:
    for finding in client.get(f"/v1/batches/{batch}/review").json()["findings"]:
        if finding["standing"]:
            assert client.post(f"/v1/documents/{finding['document']}/exclude").status_code == 204


def test_an_upload_answers_at_once_with_the_batch_and_where_to_look_at_it(client: TestClient) -> None:
    answer = upload(client, title="Paie de septembre", period="2025-09", expires_on="2027-01-31")

    batch = answer.json()
    assert answer.status_code == 202
    assert batch["state"] == "received"
    assert (batch["title"], batch["period"], batch["expires_on"]) == (
        "Paie de septembre",
        "2025-09",
        "2027-01-31",
    )
    assert batch["review_url"] == f"{HERE}/app/batches/{batch['id']}/review"


def test_the_review_tells_every_finding_with_its_line_and_what_to_do(
    house: House, client: TestClient
) -> None:
    batch = reviewed(house, client)

    review = client.get(f"/v1/batches/{batch}/review").json()

    assert review["state"] == "in_review"
    standing = {finding["code"]: finding for finding in review["findings"] if finding["standing"]}
    assert set(standing) == {"phone_unreachable", "phone_empty", "phone_invalid", "payslip_without_person"}
    assert review["blocking"] == 4
    assert review["batch_blockers"] == []
    assert standing["phone_empty"]["subject"] == "00100042, row 7"
    assert standing["phone_empty"]["message"].startswith("No mobile number.")
    assert all(finding["severity"] == "blocking" for finding in standing.values())
    assert review["counts"]["no_person"] == 1


def test_the_review_speaks_french_to_whoever_asks_for_it(house: House, client: TestClient) -> None:
    batch = reviewed(house, client)

    review = client.get(f"/v1/batches/{batch}/review", headers={"Accept-Language": "fr"}).json()

    finding = next(finding for finding in review["findings"] if finding["code"] == "phone_empty")
    assert finding["subject"] == "00100042, ligne 7"
    assert finding["message"].startswith("Aucun numéro de mobile.")


def test_a_file_that_is_refused_among_others_is_named_with_the_reason(
    house: House, client: TestClient
) -> None:
    files = [FILES[0], ("documents", ("zoe.pdf", b"MZ no PDF")), FILES[1]]
    batch = str(upload(client, files).json()["id"])
    house.work("split_batch")

    for answer, language in (
        ("“zoe.pdf”: this is not a PDF.", "en"),
        ("« zoe.pdf » : ce n’est pas un PDF.", "fr"),
    ):
        headers = {"Accept-Language": language}
        review = client.get(f"/v1/batches/{batch}/review", headers=headers).json()
        (refused,) = [each for each in review["findings"] if "zoe.pdf" in each["message"]]
        assert " ".join(refused["message"].split()) == answer
        assert (refused["code"], refused["standing"]) == ("unmatched_page", True)
    reasons = client.post(f"/v1/batches/{batch}/release").json()["errors"]
    assert "unmatched_page: “zoe.pdf”: this is not a PDF." in [each["detail"] for each in reasons]


def test_a_release_is_refused_with_the_reasons_while_something_blocks(
    house: House, client: TestClient
) -> None:
    batch = reviewed(house, client)

    answer = client.post(f"/v1/batches/{batch}/release")

    problem = answer.json()
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["code"] == "still_blocked"
    reasons = {entry["pointer"]: entry["detail"] for entry in problem["errors"]}
    assert len(reasons) == 4
    assert reasons["lines/s5r7"].startswith("phone_empty: No mobile number.")
    assert house.jobs.jobs == []


def test_a_released_batch_tells_what_became_of_each_document(house: House, client: TestClient) -> None:
    batch = reviewed(house, client)
    exclude_what_blocks(client, batch)
    assert client.get(f"/v1/batches/{batch}/review").json()["blocking"] == 0

    released = client.post(f"/v1/batches/{batch}/release")
    house.work("announce_block")

    assert released.status_code == 202
    assert released.json()["state"] == "releasing"
    details = client.get(f"/v1/batches/{batch}").json()
    documents = client.get(f"/v1/batches/{batch}/documents", params={"limit": 500}).json()["data"]
    states = Counter(document["state"] for document in documents)
    assert details["state"] == "released"
    assert details["progress"]["documents"] == states
    sealed = [document for document in documents if document["state"] == "sealed"]
    assert sealed
    assert details["progress"]["messages"] == {"queued": len(sealed)}
    assert all(len(document["ref"]) == 8 for document in sealed)
    assert all(document["message"]["state"] == "queued" for document in sealed)
    assert all(document["ref"] is None for document in documents if document["state"] != "sealed")


def test_releasing_twice_sends_once(house: House, client: TestClient) -> None:
    batch = reviewed(house, client)
    exclude_what_blocks(client, batch)
    assert client.post(f"/v1/batches/{batch}/release").status_code == 202
    waiting = len(house.jobs.jobs)

    again = client.post(f"/v1/batches/{batch}/release")

    assert again.status_code == 202
    assert len(house.jobs.jobs) == waiting
    house.work()


def test_files_that_came_before_are_sent_again_only_when_that_is_confirmed(
    house: House, client: TestClient
) -> None:
    reviewed(house, client)
    batch = reviewed(house, client, title="Again")
    exclude_what_blocks(client, batch)

    review = client.get(f"/v1/batches/{batch}/review", headers={"Accept-Language": "fr"}).json()
    assert review["batch_blockers"] == ["same_files"]
    (held,) = review["batch_findings"]
    assert held["code"] == "same_files"
    assert held["message"].startswith("Ces fichiers ont déjà été déposés")
    refused = client.post(f"/v1/batches/{batch}/release")
    assert (refused.status_code, refused.json()["code"]) == (409, "same_files")
    assert refused.json()["errors"][0]["pointer"] == "batch"
    confirmed = client.post(f"/v1/batches/{batch}/release", json={"confirm": ["same_files"]})
    assert confirmed.status_code == 202
    house.work()


def test_a_cancelled_batch_stays_cancelled_and_a_released_one_cannot_be_cancelled(
    house: House, client: TestClient
) -> None:
    batch = reviewed(house, client)
    for _ in range(2):
        cancelled = client.post(f"/v1/batches/{batch}/cancel")
        assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert client.post(f"/v1/batches/{batch}/release").json()["code"] == "not_in_review"

    other = reviewed(house, client, title="Other")
    exclude_what_blocks(client, other)
    client.post(f"/v1/batches/{other}/release")
    house.work()
    assert client.post(f"/v1/batches/{other}/cancel").status_code == 409


def test_the_options_may_come_before_or_after_the_files(client: TestClient) -> None:
    options = ("options", (None, json.dumps({"title": "First or last"})))
    for parts in ([options, *FILES], [*FILES, options]):
        answer = client.post("/v1/batches", files=parts)
        assert answer.json()["title"] == "First or last"


def test_several_documents_make_one_batch(house: House, client: TestClient) -> None:
    files = [("documents", ("a.pdf", PDF)), ("documents", ("b.pdf", PDF)), ("people", ("p.xlsx", SHEET))]

    batch = upload(client, files).json()["id"]
    house.work("split_batch")

    read = client.get(f"/v1/batches/{batch}").json()
    assert (read["pages_read"], read["page_count"]) == (48, 48)


def test_the_same_key_and_upload_give_the_same_batch_and_leave_no_second_copy(
    house: House, client: TestClient
) -> None:
    first = upload(client, key="month-1", title="Once")
    kept = house.uploads()

    second = upload(client, key="month-1", title="Once")

    assert second.status_code == 202
    assert second.json() == first.json()
    assert house.uploads() == kept
    assert len(client.get("/v1/batches").json()["data"]) == 1


def test_the_same_key_with_another_upload_is_a_conflict(client: TestClient) -> None:
    upload(client, key="month-2", title="One thing")

    answer = upload(client, key="month-2", title="Another")

    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_reused")


def test_pages_of_batches_follow_each_other_without_gap_or_repeat(client: TestClient) -> None:
    made = [upload(client, title=str(number)).json()["id"] for number in range(5)]

    seen: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        page = client.get("/v1/batches", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [batch["id"] for batch in page["data"]]
        cursor = page["next_cursor"]

    assert cursor is None
    assert seen == made[::-1]


def test_pages_of_documents_follow_each_other_without_gap_or_repeat(house: House, client: TestClient) -> None:
    batch = reviewed(house, client)
    everything = client.get(f"/v1/batches/{batch}/documents", params={"limit": 500}).json()["data"]

    seen = []
    params: dict[str, Any] = {"limit": 7}
    while True:
        page = client.get(f"/v1/batches/{batch}/documents", params=params).json()
        seen += page["data"]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]

    assert len(everything) > 14
    assert seen == everything


def test_a_test_key_releases_only_where_nothing_but_the_simulator_can_send(house: House) -> None:
    real, simulated = house.organisation(), house.organisation(simulator_only=True)
    answers = []
    for organisation in (real, simulated):
        client = house.client(house.key(organisation, "test"))
        batch = reviewed(house, client)
        exclude_what_blocks(client, batch)
        answers.append(client.post(f"/v1/batches/{batch}/release"))
        house.work()

    assert (answers[0].status_code, answers[0].json()["code"]) == (403, "test_key_never_sends")
    assert answers[1].status_code == 202


def test_a_test_key_touches_only_what_it_uploaded_itself(house: House) -> None:
    organisation = house.organisation()
    live, test = (house.client(house.key(organisation, mode)) for mode in ("live", "test"))
    theirs, own = reviewed(house, live), reviewed(house, test)

    def answers(batch: str) -> list[int]:
        line = test.get(f"/v1/batches/{batch}/review").json()["findings"][0]["document"]
        asked = (f"/v1/documents/{line}/exclude", f"/v1/batches/{batch}/cancel")
        return [test.post(path).status_code for path in asked]

    assert answers(theirs) == [403, 403]
    assert live.get(f"/v1/batches/{theirs}").json()["state"] == "in_review"
    assert answers(own) == [204, 200]
    house.work()


def test_a_file_that_cannot_be_used_fails_its_batch_with_a_code(house: House, client: TestClient) -> None:
    files = [("documents", ("x.pdf", b"not a PDF at all")), ("people", ("p.xlsx", SHEET))]

    batch = upload(client, files).json()["id"]
    house.work("split_batch")

    details = client.get(f"/v1/batches/{batch}").json()
    assert details["state"] == "failed"
    assert details["failure"]["code"] == "pdf_not_pdf"
