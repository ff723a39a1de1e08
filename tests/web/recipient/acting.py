"""What the page of a link sends."""

import httpx

from tests.web.live import Letter, unlock_form


def unlock(
    phone: httpx.Client, letter: Letter, password: str | None = None, **changed: str
) -> httpx.Response:
    return phone.post(f"/{letter.ref}/unlock", data=dict(unlock_form(letter, password, **changed)))


def hello(phone: httpx.Client, ref: str, secret: str, **headers: str) -> httpx.Response:
    return phone.post(f"/{ref}/hello", json={"s": secret}, headers=headers)
