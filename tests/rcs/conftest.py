"""A platform, and a client that talks to it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from rcs.capabilities import Capabilities, MemoryCache, Pace
from rcs.client import Addresses, Client
from rcs.messenger import Messenger
from rcs.retries import Patience
from rcs.token import ServiceAccount, TokenSource
from tests.rcs.platform import Handset, Platform, platform
from tests.rcs.platform.state import World

EMAIL = "pli@demo.iam.gserviceaccount.com"
PHONE = "+33612345678"
HOSTS = ("d.example.fr",)


@dataclass(frozen=True)
class Key:
    """The key of the service account."""

    private: rsa.RSAPrivateKey

    def sign(self, data: bytes) -> bytes:
        return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())

    @property
    def public_pem(self) -> str:
        made = self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return made.decode()

    @property
    def private_pem(self) -> str:
        made = self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return made.decode()


@dataclass
class Office:
    """Our side: `waits` are the pauses a messenger asked for, none of which is slept."""

    tokens: TokenSource
    client: Client
    capabilities: Capabilities
    messenger: Messenger
    waits: list[float] = field(default_factory=list)


@pytest.fixture(scope="session")
def key() -> Key:
    return Key(rsa.generate_private_key(public_exponent=65537, key_size=2048))


@pytest.fixture
def google(key: Key) -> Iterator[Platform]:
    world = World("demo-agent", "SJENCPGJESMGUFPY", {PHONE: Handset()})
    with platform(key.public_pem, EMAIL, world) as running:
        yield running


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with _http(10.0) as made:
        yield made


@pytest.fixture
def office(google: Platform, key: Key, http: httpx.Client) -> Office:
    return open_office(google.base, f"{google.base}/token", key.sign, http)


@pytest.fixture
def hasty(google: Platform, key: Key) -> Iterator[Office]:
    """Our side, with a second of patience for each answer."""
    with _http(1.0) as made:
        yield open_office(google.base, f"{google.base}/token", key.sign, made)


def _http(seconds: float) -> httpx.Client:
    limits = httpx.Limits(max_connections=120, max_keepalive_connections=120)
    return httpx.Client(timeout=seconds, limits=limits, trust_env=False)


def open_office(api: str, token: str, sign: Callable[[bytes], bytes], http: httpx.Client) -> Office:
    """Everything that sends for one agent."""
    waits: list[float] = []
    addresses = Addresses(api, token)
    tokens = TokenSource(ServiceAccount(EMAIL, "key-1"), sign, addresses.token, http)
    client = Client("demo-agent", addresses, tokens, http)
    capabilities = Capabilities(client, MemoryCache(), Pace(wait=waits.append))
    messenger = Messenger(client, capabilities, HOSTS, Patience(), waits.append, lambda: 0.0)
    return Office(tokens, client, capabilities, messenger, waits)
