"""The platform's HTTP, as far as its guide tells it."""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID, uuid4

import httpx
import jwt

from tests.rcs.judges import schema_problems
from tests.rcs.platform.faults import NAMES, Fault, Faults, Operation
from tests.rcs.platform.state import Request, World, features_of

SCOPE = "https://www.googleapis.com/auth/rcsbusinessmessaging"
AUDIENCE = "https://oauth2.googleapis.com/token"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_PHONE = r"/v1/phones/(\+[0-9]+)"
ROUTES: tuple[tuple[str, str, Operation], ...] = (
    ("POST", "/token", "token"),
    ("POST", f"{_PHONE}/agentMessages", "send"),
    ("DELETE", f"{_PHONE}/agentMessages/([^/]+)", "revoke"),
    ("GET", f"{_PHONE}/capabilities", "capability"),
    ("POST", f"{_PHONE}/agentEvents", "event"),
    ("POST", f"{_PHONE}/testers", "tester"),
    ("POST", "/v1/users:batchGet", "batch"),
    ("POST", "/v1/files", "file"),
    ("POST", "/upload/v1/files", "upload"),
)


class Refuse(Exception):
    """The platform says no."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


@dataclass(frozen=True)
class Call:
    """A request that found its operation; `parts` are those of its path."""

    operation: Operation
    parts: tuple[str, ...]
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        try:
            read = json.loads(self.body)
        except ValueError:
            raise Refuse(400, "not JSON") from None
        if not isinstance(read, dict):
            raise Refuse(400, "not an object")
        return read


@dataclass
class Platform:
    """The running double. `public_key` verifies the assertions of the one service account it knows."""

    public_key: str
    email: str
    world: World
    base: str = ""
    requests: list[Request] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    tokens: set[str] = field(default_factory=set)
    token_seconds: int = 3599
    # How far the clock of whoever asks for a token may be from ours, in seconds.
    leeway: float = 0.0
    stopped: threading.Event = field(default_factory=threading.Event)

    def plan(self, operation: Operation, *faults: Fault) -> None:
        """The next calls of this kind go wrong so."""
        self.faults.plan(operation, *faults)

    def calls(self, operation: Operation) -> list[Request]:
        """What came, of one kind."""
        return [one for one in self.requests if _route(one.method, one.path)[0] == operation]

    def tell(self, hook: str, *, times: int = 1, backwards: bool = False) -> list[int]:
        """Call a webhook with everything that happened since; the answers."""
        with self.world.lock:
            events, self.world.events = self.world.events, []
        if backwards:
            events.reverse()
        answers = []
        with httpx.Client(trust_env=False, timeout=60) as http:
            for body, signature in events:
                headers = {"X-Goog-Signature": signature, "Content-Type": "application/json"}
                answers += [http.post(hook, content=body, headers=headers).status_code for _ in range(times)]
        return answers

    def greet(self, hook: str, client_token: str, secret: str) -> httpx.Response:
        """What happens when somebody saves the address of a webhook in the console."""
        headers = {"X-Goog-Webhook-Type": "verification"}
        return httpx.post(
            hook,
            json={"clientToken": client_token, "secret": secret},
            headers=headers,
            trust_env=False,
            timeout=60,
        )

    def answer(self, call: Call) -> dict[str, Any]:
        """Do what was asked. Raises Refuse."""
        if call.operation == "token":
            return self._token(call)
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.tokens:
            raise Refuse(401, "Request had invalid authentication credentials.")
        body = call.json() if call.operation == "batch" or call.operation == "file" else {}
        if (body.get("agentId") if body else call.query.get("agentId")) != self.world.agent_id:
            raise Refuse(403, "The caller does not have permission")
        done: dict[str, Any] = getattr(self, f"_{call.operation}")(call)
        return done

    def _token(self, call: Call) -> dict[str, Any]:
        form = dict(parse_qsl(call.body.decode()))
        if (
            call.headers.get("content-type") != "application/x-www-form-urlencoded"
            or form.get("grant_type") != GRANT
        ):
            raise Refuse(400, "unsupported_grant_type")
        try:
            header = jwt.get_unverified_header(form["assertion"])
            claims = jwt.decode(
                form["assertion"],
                self.public_key,
                algorithms=["RS256"],
                audience=AUDIENCE,
                issuer=self.email,
                leeway=self.leeway,
                options={"require": ["exp", "iat", "iss", "aud"]},
            )
        except (KeyError, jwt.InvalidTokenError) as error:
            raise Refuse(400, f"invalid_grant: {type(error).__name__}") from None
        if claims["exp"] - claims["iat"] > 3600 or claims.get("scope") != SCOPE or not header.get("kid"):
            raise Refuse(400, "invalid_grant")
        token = f"ya29.{uuid4().hex}"
        self.tokens.add(token)
        return {"access_token": token, "expires_in": self.token_seconds, "token_type": "Bearer"}

    def _send(self, call: Call) -> dict[str, Any]:
        (phone,), body = call.parts, call.json()
        message_id = call.query.get("messageId", "")
        if set(call.query) != {"messageId", "agentId"} or not _is_uuid(message_id):
            raise Refuse(400, "the messageId is a UUID, and agentId is all there is beside it")
        self._require(phone)
        if message_id not in self.world.messages:
            if problems := schema_problems(body):
                raise Refuse(400, problems[0])
            if lacking := set(features_of(body)) - self.world.handsets[phone].features:
                raise Refuse(400, f"{phone} lacks {', '.join(sorted(lacking))}")
        self.world.take(message_id, phone, body)
        return body | {
            "name": f"phones/{phone}/agentMessages/{message_id}",
            "sendTime": "2026-11-22T07:00:00Z",
        }

    def _revoke(self, call: Call) -> dict[str, Any]:
        if call.body or not self.world.revoke(call.parts[1]):
            raise Refuse(400 if call.body else 404, "not to be revoked")
        return {}

    def _capability(self, call: Call) -> dict[str, Any]:
        if not _is_uuid(call.query.get("requestId", "")):
            raise Refuse(400, "the requestId is a UUID")
        self._require(call.parts[0])
        return {"features": sorted(self.world.handsets[call.parts[0]].features)}

    def _event(self, call: Call) -> dict[str, Any]:
        if not _is_uuid(call.query.get("eventId", "")) or schema_problems(call.json(), "AgentEvent"):
            raise Refuse(400, "not an event")
        self._require(call.parts[0])
        return call.json()

    def _tester(self, call: Call) -> dict[str, Any]:
        self._require(call.parts[0])
        return {"name": f"phones/{call.parts[0]}/testers", "inviteStatus": "PENDING"}

    def _batch(self, call: Call) -> dict[str, Any]:
        body = call.json()
        users = body.get("users", [])
        if schema_problems(body, "BatchGetUsersRequest") or not 500 <= len(set(users)) <= 10_000:
            raise Refuse(400, "500 to 10,000 distinct numbers")
        reachable = [user for user in users if user in self.world.handsets]
        sample = users[: len(users) * 3 // 4]
        return {
            "reachableUsers": reachable,
            "totalRandomSampleUserCount": len(sample),
            "reachableRandomSampleUserCount": len([user for user in sample if user in self.world.handsets]),
        }

    def _file(self, call: Call) -> dict[str, Any]:
        if schema_problems(call.json(), "CreateFileRequest"):
            raise Refuse(400, "not a file")
        return {"name": f"files/{uuid4().hex}"}

    def _upload(self, call: Call) -> dict[str, Any]:
        if not call.headers.get("content-type", "").startswith(("image/", "video/")):
            raise Refuse(400, "not a file")
        return {"name": f"files/{uuid4().hex}"}

    def _require(self, phone: str) -> None:
        if phone not in self.world.handsets:
            raise Refuse(404, f"{phone} is not reachable")


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _route(method: str, path: str) -> tuple[Operation | None, tuple[str, ...]]:
    for wanted, pattern, operation in ROUTES:
        if wanted == method and (found := re.fullmatch(pattern, unquote(path))):
            return operation, found.groups()
    return None, ()


def _play(double: Platform, handler: BaseHTTPRequestHandler) -> None:
    """One request: done, done and answered wrongly, or only answered wrongly."""
    body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
    parts = urlsplit(handler.path)
    query, headers = (
        dict(parse_qsl(parts.query)),
        {name.lower(): value for name, value in handler.headers.items()},
    )
    operation, found = _route(handler.command, parts.path)
    at = time.monotonic()
    fault = double.faults.next(operation) if operation else None
    status, answer = 404, b"<html>nothing here</html>"
    if operation and (fault is None or fault.taken or fault.status == 200):
        status, answer = _done(double, Call(operation, found, query, headers, body))
    if fault and fault.status != 200:
        status = fault.status
        answer = b"<html>proxy</html>" if fault.plain else _error(status, "planned")
    double.requests.append(Request(handler.command, unquote(parts.path), query, headers, body, at, status))
    if fault:
        double.stopped.wait(fault.after)
    if status == 0:
        handler.close_connection = True
        return
    handler.send_response(status)
    if fault and fault.retry_after:
        handler.send_header("Retry-After", fault.retry_after)
    handler.send_header("Content-Type", "application/json; charset=UTF-8")
    handler.send_header("Content-Length", str(len(answer)))
    handler.end_headers()
    handler.wfile.write(answer)


def _done(double: Platform, call: Call) -> tuple[int, bytes]:
    try:
        return 200, json.dumps(double.answer(call)).encode()
    except Refuse as no:
        if call.operation == "token":
            return no.status, json.dumps({"error": no.words}).encode()
        return no.status, _error(no.status, no.words)


def _error(status: int, words: str) -> bytes:
    return json.dumps(
        {"error": {"code": status, "message": words, "status": NAMES.get(status, "UNKNOWN")}}
    ).encode()


@contextmanager
def platform(public_key: str, email: str, world: World) -> Iterator[Platform]:
    """Runs in a thread until the test ends."""
    double = Platform(public_key, email, world)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            _play(double, self)

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - the names http.server calls

        def log_message(self, *_args: Any) -> None:
            """Silence."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_args: Any) -> None:
            """A client that left while it was waited for is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    double.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield double
    finally:
        double.stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()
