"""A key agreement with an organisation's public key (X25519), for everything that one job seals to it."""

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from app.crypto.derive import hkdf


class Exchange:
    """One ephemeral key for one block of documents, instead of one for each.

    Every wrap still has a key of its own, because HKDF takes the ids of its document or person into it, and a nonce of
    its own; its bytes are those of a wrap made alone. Sharing gives nothing away that matters: rows of one block can be
    told to belong together, which their block and times say anyway. The ephemeral private key is gone when this is
    made; the shared secret lives as long as the block's document keys, which lie in the same memory in clear.
    """

    def __init__(self, public: bytes) -> None:
        """`public` is the organisation's key, 32 bytes."""
        ephemeral = X25519PrivateKey.generate()
        self.ephemeral_public = ephemeral.public_key().public_bytes_raw()
        self._shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(public))
        self._salt = self.ephemeral_public + public

    def key(self, info: bytes, epoch: bytes = b"") -> bytes:
        """The key of one wrap. `info` is the label and the ids that no other wrap has."""
        return hkdf(self._shared + epoch, salt=self._salt, info=info)


def exchanged_key(private: bytes, ephemeral_public: bytes, info: bytes, epoch: bytes = b"") -> bytes:
    """What `Exchange.key` gave, for the holder of the organisation's private key."""
    holder = X25519PrivateKey.from_private_bytes(private)
    shared = holder.exchange(X25519PublicKey.from_public_bytes(ephemeral_public))
    public = holder.public_key().public_bytes_raw()
    return hkdf(shared + epoch, salt=ephemeral_public + public, info=info)
