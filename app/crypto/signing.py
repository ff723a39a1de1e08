"""The signature of a service account (RS256 of RFC 7518): the private key is read and used here, and nowhere else."""

from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

LEAST_BITS: Final = 2048


class KeyUnusable(ValueError):
    """This is no private key that RS256 can be signed with. The message repeats nothing of it."""


class Rs256:
    """Signs with one RSA key. For several threads."""

    def __init__(self, private_key: str) -> None:
        """`private_key` is PEM (PKCS #8), without a password. Raises KeyUnusable."""
        try:
            key = load_pem_private_key(private_key.encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise KeyUnusable("the private key cannot be read") from None
        if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < LEAST_BITS:
            raise KeyUnusable(f"the private key is not an RSA key of {LEAST_BITS} bits or more")
        self._key = key

    def __call__(self, data: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256 over `data`."""
        return self._key.sign(data, padding.PKCS1v15(), SHA256())
