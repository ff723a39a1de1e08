"""A message centre that does what a test says: answers late, wrongly, twice or not at all, and keeps what it was sent."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from app.carriers.smpp.codec import (
    RESPONSE,
    Address,
    Command,
    Pdu,
    ShortMessage,
    decode,
    decode_bind,
    decode_message,
    encode_answer,
    encode_bind_answer,
    encode_message,
    frame_size,
)

BINDS = (Command.BIND_TRANSCEIVER, Command.BIND_TRANSMITTER, Command.BIND_RECEIVER)


@dataclass
class Connection:
    """One link, as the centre sees it."""

    sock: socket.socket
    number: int
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, pdu: Pdu) -> None:
        """Write one message; a client that is gone does not matter."""
        with self.lock, suppress(OSError):
            self.sock.sendall(pdu.encode())

    def answer(self, request: Pdu, status: int = 0, message_id: str = "") -> None:
        """Answer a submit_sm."""
        body = encode_answer(message_id) if status == 0 else b""
        self.send(Pdu(request.command | RESPONSE, status, request.sequence, body))

    def cut(self) -> None:
        """Close the link without a word."""
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True)
class Submitted:
    """A submit_sm that came: `text` is what it says, `at` when on a steady clock."""

    connection: Connection
    pdu: Pdu
    message: ShortMessage
    at: float

    @property
    def to(self) -> str:
        return self.message.destination.digits


Acts = Callable[["Smsc", Submitted], None]


def accept(smsc: "Smsc", one: Submitted) -> None:
    """The ordinary centre: takes the message and says so."""
    one.connection.answer(one.pdu, message_id=smsc.next_id())


class Smsc:
    """Listens on a free port of this machine. `acts` decides about each submission, `bind_status` about logins."""

    def __init__(self, acts: Acts = accept, tls: ssl.SSLContext | None = None) -> None:
        self.acts = acts
        self.bind_status = 0
        self.answers_enquire = True
        self.hangs_up = False  # before it answers a login
        self.submitted: list[Submitted] = []
        self.received: list[tuple[int, Pdu, float]] = []  # link, message, instant
        self.raw = b""
        self.connections: list[Connection] = []
        self.binds: list[tuple[Any, float]] = []
        self._tls = tls
        self._ids = 0x1000
        self._sequence = 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        for connection in self.connections:
            connection.cut()

    def next_id(self) -> str:
        with self._lock:
            self._ids += 1
            return f"{self._ids:08X}"

    def deliver(self, message: ShortMessage, connection: Connection | None = None, **how: Any) -> int:
        """Send a deliver_sm; the sequence number by which its answer is found."""
        with self._lock:
            self._sequence += 1
            sequence = self._sequence
        command = how.get("command", Command.DELIVER_SM)
        (connection or self.connections[-1]).send(Pdu(command, 0, sequence, encode_message(message)))
        return sequence

    def receipt(self, one: Submitted, message_id: str, stat: str = "DELIVRD", **how: Any) -> int:
        """Tell what became of a submission."""
        return self.deliver(receipt(one.to, message_id, stat, **how), how.get("connection", one.connection))

    def send(self, pdu: Pdu) -> None:
        self.connections[-1].send(pdu)

    def commands(self, command: int) -> list[Pdu]:
        return [pdu for _, pdu, _ in list(self.received) if pdu.command == command]

    def acknowledgements(self) -> dict[int, int]:
        """Status of each deliver_sm_resp, by sequence number; the last one of each."""
        return {pdu.sequence: pdu.status for pdu in self.commands(Command.DELIVER_SM | RESPONSE)}

    def acknowledgement(self, sequence: int) -> int:
        """The status with which a deliver_sm was answered, once it is."""
        eventually(lambda: sequence in self.acknowledgements())
        return self.acknowledgements()[sequence]

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
        except OSError:
            sock.close()
            return
        connection = Connection(sock, len(self.connections))
        self.connections.append(connection)
        with suppress(OSError):
            for pdu in self._messages(sock):
                self.received.append((connection.number, pdu, time.monotonic()))
                self._take(connection, pdu)
        sock.close()

    def _messages(self, sock: socket.socket) -> Iterator[Pdu]:
        buffer = b""
        while data := sock.recv(65536):
            self.raw += data
            buffer += data
            while len(buffer) >= 16 and (size := frame_size(buffer)) is not None and len(buffer) >= size:
                yield decode(buffer[:size])
                buffer = buffer[size:]

    def _take(self, connection: Connection, pdu: Pdu) -> None:
        if pdu.command in BINDS and self.hangs_up:
            connection.cut()
        elif pdu.command in BINDS:
            self.binds.append((decode_bind(pdu.body), time.monotonic()))
            body = encode_bind_answer("DOUBLE") if self.bind_status == 0 else b""
            connection.send(Pdu(pdu.command | RESPONSE, self.bind_status, pdu.sequence, body))
        elif pdu.command == Command.SUBMIT_SM:
            one = Submitted(connection, pdu, decode_message(pdu.body), time.monotonic())
            self.submitted.append(one)
            self.acts(self, one)
        elif pdu.command == Command.UNBIND:
            connection.send(Pdu(pdu.command | RESPONSE, 0, pdu.sequence))
            connection.cut()
        elif pdu.command == Command.ENQUIRE_LINK and self.answers_enquire:
            connection.send(Pdu(pdu.command | RESPONSE, 0, pdu.sequence))


def receipt(
    from_: str,
    message_id: str,
    stat: str = "DELIVRD",
    *,
    to: str = "PLI",
    err: str = "000",
    tlvs: tuple[tuple[int, bytes], ...] = (),
    **_other: Any,
) -> ShortMessage:
    """A receipt in the usual form of text."""
    text = f"id:{message_id} sub:001 dlvrd:001 submit date:2611250702 done date:2611250702 stat:{stat} err:{err} text:"
    return ShortMessage(
        source=Address(1, 1, from_),
        destination=Address(5, 0, to),
        esm_class=0x04,
        text=text.encode(),
        tlvs=tlvs,
    )


@contextmanager
def smsc(acts: Acts = accept, tls: ssl.SSLContext | None = None) -> Iterator[Smsc]:
    """A centre for the length of a test."""
    centre = Smsc(acts, tls)
    try:
        yield centre
    finally:
        centre.close()


def eventually(true: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait until something holds; an assertion fails when it does not in time."""
    ends_at = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.01)
