"""Opening a link and logging in, and in which of many ways that can fail."""

import asyncio
import socket
import ssl
from dataclasses import dataclass, field
from typing import Final

from app.carriers.smpp.codec import Bind, Command, Status, encode_bind
from app.carriers.smpp.session import Events, Session, Terms
from app.carriers.smpp.settings import SmppSettings

CONNECT_SECONDS: Final = 10.0
BIND_SECONDS: Final = 10.0
# X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL
_WRONG_NAME: Final = frozenset({62, 64})


class LinkFailed(Exception):
    """No link. `reason`: dns, refused, unreachable, silent, tls_files, tls_name, tls_authority, tls or closed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BindRefused(Exception):
    """The SMSC answered the bind with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"0x{status:02x}")
        self.status = status


@dataclass(frozen=True)
class Dial:
    """Where to, as whom."""

    host: str
    port: int
    bind: Bind = field(repr=False)
    tls: bool = True
    peer_name: str = ""
    ca_file: str = ""
    client_cert: str = ""
    client_key: str = ""
    connect_seconds: float = CONNECT_SECONDS
    bind_seconds: float = BIND_SECONDS

    @classmethod
    def of(cls, settings: SmppSettings) -> "Dial":
        """From an operator's settings."""
        return cls(
            settings.host,
            settings.port,
            Bind(settings.system_id, settings.password.get_secret_value(), settings.system_type),
            settings.tls,
            settings.peer_name,
            settings.ca_file,
            settings.client_cert,
            settings.client_key,
        )


async def open_session(dial: Dial, command: Command, terms: Terms, events: Events) -> Session:
    """A bound session. With TLS no octet of ours leaves before the server's certificate was checked.

    Raises LinkFailed, or BindRefused.
    """
    context = _context(dial) if dial.tls else None
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(dial.connect_seconds):
            _, session = await loop.create_connection(
                lambda: Session(terms, events),
                dial.host,
                dial.port,
                ssl=context,
                server_hostname=dial.peer_name if context else None,
            )
    except TimeoutError:
        # A server that does not speak TLS waits for us to begin.
        raise LinkFailed("silent" if dial.tls else "unreachable") from None
    except OSError as error:
        raise LinkFailed(_reason(error)) from None
    try:
        answer = await session.ask(command, encode_bind(dial.bind), dial.bind_seconds)
    except TimeoutError:
        session.abort()
        raise LinkFailed("silent") from None
    except ConnectionError:
        raise LinkFailed("closed") from None
    if answer.status != Status.OK:
        session.abort()
        raise BindRefused(answer.status)
    session.set_bound()
    return session


def _context(dial: Dial) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=dial.ca_file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if dial.client_cert:
            context.load_cert_chain(dial.client_cert, dial.client_key)
    except OSError:
        raise LinkFailed("tls_files") from None
    return context


def _reason(error: OSError) -> str:
    match error:
        case socket.gaierror():
            return "dns"
        case ssl.SSLCertVerificationError():
            return "tls_name" if error.verify_code in _WRONG_NAME else "tls_authority"
        case ssl.SSLError() | ConnectionAbortedError():
            return "tls"
        case ConnectionRefusedError():
            return "refused"
        case ConnectionResetError():
            return "closed"
        case _:
            return "unreachable"
