"""SHA-256 of the pieces of a payroll."""

from hashlib import sha256

from app.documents.intake import Piece


class Digests:
    """Most of a piece is fonts and logo, alike in the one before, so that much is hashed once. For one thread."""

    def __init__(self) -> None:
        self._shared = b""
        self._hash = sha256()

    def of(self, piece: Piece) -> bytes:
        """The digest of the whole piece."""
        if len(self._shared) != piece.shared_length or not piece.pdf.startswith(self._shared):
            self._shared = piece.pdf[: piece.shared_length]
            self._hash = sha256(self._shared)
        whole = self._hash.copy()
        whole.update(memoryview(piece.pdf)[piece.shared_length :])
        return whole.digest()
