"""The self-signed certificate of `pli demo --lan`."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.crypto.certificate import LEAST_LEFT, LIFE, make_certificate, still_good

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
HOSTS = ("localhost", "192.168.1.20")


def test_certificate_and_key_belong_together(tmp_path: Path) -> None:
    made = make_certificate(HOSTS, NOW)
    for name, content in (("certificate", made.certificate), ("key", made.private_key)):
        (tmp_path / name).write_bytes(content)

    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tmp_path / "certificate", tmp_path / "key")

    assert b"PRIVATE" not in made.certificate
    assert "PRIVATE" not in repr(made)


@pytest.mark.parametrize(
    ("hosts", "at", "good"),
    [
        (HOSTS, NOW, True),
        (("localhost",), NOW, True),
        (("192.168.1.21",), NOW, False),
        (("other.example",), NOW, False),
        (HOSTS, NOW + LIFE - LEAST_LEFT, True),
        (HOSTS, NOW + LIFE, False),
        (HOSTS, NOW - timedelta(days=1), False),
    ],
)
def test_it_is_used_again_while_it_fits(hosts: tuple[str, ...], at: datetime, good: bool) -> None:
    assert still_good(make_certificate(HOSTS, NOW).certificate, hosts, at) is good


@pytest.mark.parametrize(
    "pem", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n"]
)
def test_what_cannot_be_read_is_made_again(pem: bytes) -> None:
    assert not still_good(pem, HOSTS, NOW)
