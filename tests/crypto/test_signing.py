"""The signature of a service account, judged by the library that verifies it."""

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from app.crypto.signing import KeyUnusable, Rs256


def pem(key: PrivateKeyTypes, password: bytes = b"") -> str:
    guard: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    )
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, guard).decode()


def test_what_is_signed_verifies_and_nothing_else_does() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signature = Rs256(pem(key))(b"header.claims")
    key.public_key().verify(signature, b"header.claims", padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        key.public_key().verify(signature, b"header.claim5", padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n",
        pem(ec.generate_private_key(ec.SECP256R1())),
        pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)),
        pem(rsa.generate_private_key(public_exponent=65537, key_size=2048), b"password"),
    ],
    ids=["nothing", "damaged", "elliptic", "short", "locked"],
)
def test_a_key_that_cannot_sign_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(KeyUnusable) as refused:
        Rs256(text)
    assert "BEGIN" not in str(refused.value)
    assert "c2Vj" not in str(refused.value)
