"""What a link says when it does not open, and when we are at fault."""

import secrets
from typing import Any

import httpx
import pytest

from app.crypto.epochs import EpochName
from app.crypto.tokens import new_link_secret
from app.db.queries import messages
from app.usecases.operations.destroy_past import destroy_past
from links.lifecycle import revoke_documents
from tests.web.live import Letter, Live
from tests.web.recipient.acting import hello, unlock


def test_a_revoked_link_says_so_to_its_holder_only(live: Live, phone: httpx.Client, letter: Letter) -> None:
    assert unlock(phone, letter).status_code == 303
    with live.rt.begin() as session:
        revoke_documents(session, [letter.document_id], "revoked", live.rt.now())
    page = unlock(phone, letter)
    assert page.status_code == 410
    assert "L’expéditeur a retiré ce document" in page.text
    assert "paie@exemple.test" in page.text
    assert hello(phone, letter.ref, letter.secret).json()["state"] == "revoked"
    assert hello(phone, letter.ref, new_link_secret(16)).json() == {"state": "unknown"}
    assert phone.get(f"/{letter.ref}/view.pdf", headers={"Sec-Fetch-Dest": "empty"}).status_code == 401


def test_an_expired_link_stays_expired_when_its_keys_are_destroyed(live: Live) -> None:
    letter = live.send(people=8, expires_on=live.rt.now().date().isoformat())[0]
    phone = live.client()
    assert hello(phone, letter.ref, letter.secret).json()["state"] == "live"
    live.clock.push(days=1)
    page = unlock(phone, letter)
    assert page.status_code == 410
    assert "Ce lien a expiré" in page.text
    live.clock.push(days=1)
    destroy_past(live.rt)
    row = live.link_row(letter)
    assert row["wrapped_link"] is None
    organisation = live.house.organisation.id
    assert live.rt.vault.epochs.get(EpochName.link(organisation, row["hard_day"])) is None
    again = unlock(phone, letter)
    assert (again.status_code, "Ce lien a expiré" in again.text) == (410, True)
    assert hello(phone, letter.ref, letter.secret).json()["state"] == "expired"
    assert live.link_row(letter)["bad"] == 0


def test_a_missing_epoch_key_is_a_503_and_counts_nothing(
    live: Live, phone: httpx.Client, letter: Letter
) -> None:
    day = live.link_row(letter)["hard_day"]
    key = live.folder / "epochs" / f"{EpochName.link(live.house.organisation.id, day)}.key"
    before = live.rows()
    key.rename(key.with_suffix(".away"))
    try:
        page = unlock(phone, letter)
    finally:
        key.with_suffix(".away").rename(key)
    assert page.status_code == 503
    assert "Momentanément indisponible" in page.text
    assert live.rows() == before
    assert unlock(phone, letter).status_code == 303


def test_no_journal_no_session(
    live: Live, phone: httpx.Client, letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("disk full")

    before = live.rows()
    with monkeypatch.context() as patched:
        patched.setattr("app.db.queries.journal.append", full)
        page = unlock(phone, letter)
    assert page.status_code == 500
    assert "set-cookie" not in page.headers
    assert live.rows()["link_session"] == before["link_session"]
    assert unlock(phone, letter).status_code == 303
    with monkeypatch.context() as patched:
        patched.setattr("app.db.queries.journal.append", full)
        assert phone.get(f"/{letter.ref}/view.pdf").status_code == 500


def test_neither_secret_nor_password_is_written_anywhere(
    live: Live, phone: httpx.Client, letter: Letter, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    canary = "canari-" + secrets.token_hex(8)
    bodies = [
        unlock(phone, letter, canary),
        unlock(phone, letter, canary, s=letter.secret + "x"),
        phone.post(f"/{letter.ref}/unlock", files={"password": (None, canary), "s": (None, letter.secret)}),
        phone.post(f"/{letter.ref}/unlock", json={"password": canary, "s": letter.secret}),
        phone.post(f"/{letter.ref}/unlock", files={"link": ("a.txt", canary.encode())}),
        phone.post(f"/{letter.ref}/hello", json={"s": canary}),
        phone.post(f"/{letter.ref}/hello", content=f'{{"s": "{canary}'.encode()),
        phone.get(f"/{letter.ref}%23{letter.secret}"),
        phone.get(f"/{letter.ref}/{letter.secret}?password={canary}"),
        phone.put(f"/{letter.ref}/{letter.secret}", content=canary.encode()),
        unlock(phone, letter),
    ]
    assert all(canary not in each.text for each in bodies)
    holding = [each for each in bodies if letter.secret in each.text]
    assert [each.status_code for each in holding] == [403] * len(holding), (
        "given back after a failed try only"
    )
    lines = "\n".join(live.logs.lines)
    assert "/{ref}/unlock" in lines
    for secret in (canary, letter.secret, letter.password):
        assert secret not in lines
    assert list(tmp_path.iterdir()) == []
    for file in live.folder.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert letter.secret.encode() not in data, file.name
            assert canary.encode() not in data, file.name
            assert letter.password.encode() not in data, file.name


def test_delivered_texts_are_wiped_from_the_outbox(live: Live, letter: Letter) -> None:
    with live.rt.read() as session:
        (message,) = messages.of_document(session, letter.document_id)
    assert message.state == "delivered"
    assert (message.text_sealed, message.card_sealed) == (None, None)
    assert message.wiped_at is not None
