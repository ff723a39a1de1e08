"""Lets the calls of a carrier through until its settings change, and gives its client back after the last of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import httpx

from app.carriers.base import CarrierError


class Gate:
    """The calls of the connection `name` over `client`. For several threads."""

    def __init__(self, name: str, client: httpx.Client) -> None:
        self._name = name
        self._client = client
        self._lock = Lock()
        self._under_way = 0
        self._closing = False

    @contextmanager
    def open(self) -> Iterator[None]:
        """One call. Raises CarrierError, not in doubt, once the gate is closed."""
        with self._lock:
            if self._closing:
                raise CarrierError(
                    "carrier_unreachable",
                    f"the settings of {self._name} have just changed; nothing was sent",
                    retryable=True,
                    in_doubt=False,
                )
            self._under_way += 1
        try:
            yield
        finally:
            self._leave()

    def close(self) -> None:
        """Give the connections back when the last call has its answer: one that is cut would leave a doubt."""
        with self._lock:
            self._closing = True
            idle = self._under_way == 0
        if idle:
            self._client.close()

    def _leave(self) -> None:
        with self._lock:
            self._under_way -= 1
            last = self._closing and self._under_way == 0
        if last:
            self._client.close()
