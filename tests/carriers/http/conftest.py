import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import httpx
import pytest

from app.carriers.base import Submission
from app.carriers.http.calls import CallbackRequest, Callbacks
from tests.carriers.http.double import Double, double

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
ATTEMPT = UUID("0f0e0d0c-0b0a-4908-8706-050403020100")
CALLBACKS = "https://pli.example.fr/callbacks/7d3f6a1e2f0b4b6e9a550d6a9c1f5e10"
OURS = Callbacks(CALLBACKS, "c" * 32)
OTHERS = Callbacks(CALLBACKS, "d" * 32)
VECTORS = Path(__file__).parents[2] / "vectors" / "carriers"


def vectors(name: str) -> Any:
    return json.loads((VECTORS / name).read_text("utf-8"))


def submission(text: str = "Votre document : https://d.ex.fr/7k3m", **changed: Any) -> Submission:
    given: dict[str, Any] = {
        "attempt_id": ATTEMPT,
        "organisation_id": UUID(int=1),
        "channel": "sms",
        "sender": "PLI",
        "to": "+33612345678",
        "text": text,
        "card": None,
        "ttl_seconds": 900,
    }
    return Submission(**{**given, **changed})


@pytest.fixture
def provider() -> Iterator[Double]:
    with double() as played:
        yield played


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """As the product's, but nobody waits long."""
    with httpx.Client(timeout=0.4, trust_env=False) as opened:
        yield opened


def asked(address: str, form: dict[str, str] | None = None, body: bytes = b"") -> CallbackRequest:
    """What a provider sends when it calls `address`."""
    query = dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
    return CallbackRequest(address, query, tuple((form or {}).items()), {}, body)
