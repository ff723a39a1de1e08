"""No value of any field, of any form or route, makes the service fail: what cannot be used is an ordinary refusal.

Routes, fields and bodies are read from the application itself, so that a new route is thrown at as soon as it exists.
"""

import ast
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from app.carriers.base import Inbound
from app.messaging.permission.categories import Category, Kind
from app.messaging.permission.consent import Fact
from app.messaging.permission.consent_proof import LONGEST, SALE_CONDITIONS
from app.usecases.accounts.create_api_key import create_api_key
from app.usecases.messages.record_inbound import record_inbound
from app.web.api.schemas import Options
from tests.conftest import BOTH
from tests.web.client import TestClient
from tests.web.console.office import HOST, Office, files_of, open_office, payroll

# What lets a form through to what is behind it, one field excepted.
USUAL = {
    "action_trace": "box ticked",
    "back": "/app/inbox",
    "brand_colour": "#123456",
    "category": Category.MARKETING,
    "channel": "sms",
    "closes": "20:00",
    "contact": "paie@example.com",
    "code": "same_files",
    "confirm": "yes",
    "days": "1",
    "decision": "keep",
    "enabled": "on",
    "expires_on": "2026-12-15",
    "fact": Fact.OPT_IN,
    "fresh": "yes",
    "id": "house",
    "intent": "opt_out",
    "key": "trial",
    "kind": Kind.OFFER,
    "language": "fr",
    "link_days": "30",
    "list.a": "Zoé\nAdam",
    "name": "Trial",
    "number": "0611001001",
    "numbers": "0611001001\n0611001003",
    "opens": "09:00",
    "password_policy": "usual",
    "period": "2026-10",
    "phone": "0611001009",
    "profile": "standard",
    "purpose": "offers",
    "segment_price": "0,05",
    "sender_name": "EPI",
    "staff_pattern": "([0-9]{8})",
    "stop_code": "36105",
    "stop_scope": "organisation",
    "text": "EPI {a} STOP au 36105",
    "text_shown": "Yes",
    "timezone": "Europe/Paris",
    "title": "Trial",
    "valid_from": "2026-12-01",
    "words": "basta",
}
ODD = (
    " ",
    "\0",
    "a\0b",
    "x" * 300,
    "é" * 2_001,
    "-1",
    "0",
    "1e999",
    "NaN",
    "-Infinity",
    "9" * 19,
    "9" * 30,
    "000000001" + "9" * 5_000,
    "٣٣",
    "²",
    "0x10",
    "1_000",
    "0001-01-01",
    "9999-12-31",
    "10000-01-01",
    "2026-02-30",
    "2026-W01-1",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "0000-00",
    "9999-12",
    "24:00",
    "09:00+05:00",
    "{",
    "}}{{",
    "{a!r}",
    "../../etc/passwd",
    "%",
    "Europe",
    "(",
    "(a+)+$",
    "%(a)s",
    "'; --",
    "\u202e\u200d\ufeff",
    "\U0010ffff",
    "🧑🏽‍🚀" * 50,
    "a\u0301" * 200,
    "\r\n\t",
    "00000000-0000-0000-0000-000000000000",
    "[]",
)
ODD_JSON: tuple[Any, ...] = (
    *ODD,
    None,
    True,
    -1,
    0,
    10**30,
    1e308,
    [],
    [[]],
    {},
    {"a": {}},
    "\ud83d",
    ["\0"],
)
_NAME = re.compile(r"[a-z][a-z_.0-9]{0,30}")
Draw = Callable[[st.SearchStrategy[Any]], Any]


_IN_PATH = re.compile(r"\{(\w+)(?::path)?\}")
# These end what the others stand on.
_LAST = ("exclude", "release", "recall", "revoke", "cancel", "logout")
FILES = files_of(payroll())


@dataclass(frozen=True)
class Door:
    """One route: its address with the names of what stands in it, and the names of its fields or its body's schema."""

    method: str
    path: str
    query: tuple[str, ...]
    fields: tuple[str, ...]
    body: Mapping[str, Any] | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def doors(app: FastAPI) -> list[Door]:
    """Every route of every door, those that end something last."""
    found = []
    for route in _routes(app):
        query = tuple(field.alias for field in route.dependant.query_params)
        model = route.body_field.field_info.annotation if route.body_field else None
        body = TypeAdapter(model).json_schema() if model else None
        if not route.path.endswith("/events"):  # a stream that ends only with its batch
            names = _names(route.endpoint.__module__)
            methods = sorted(set(route.methods) & {"GET", "POST"})
            found += [Door(method, route.path, query, names, body) for method in methods]
    return sorted(found, key=lambda door: (door.method, any(word in door.path for word in _LAST)))


def _routes(app: FastAPI) -> Iterator[Any]:
    for route in app.router.routes:
        if hasattr(route, "effective_route_contexts"):
            yield from route.effective_route_contexts()
        elif hasattr(route, "dependant"):
            yield route


def _names(module: str) -> tuple[str, ...]:
    """Every word of the module that may be the name of a field, and those it takes from lists elsewhere."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    constants = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    words = {word for word in constants if isinstance(word, str) and _NAME.fullmatch(word)}
    return tuple(sorted(words | {*LONGEST, *SALE_CONDITIONS, "list.a"} - {"csrf"}))


class Thrower:
    """An office whose owner and whose program may do everything, and addresses of what is there."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.browser = office.browser("owner")
        rt, organisation_id = office.rt, office.house.organisation.id
        key = create_api_key(rt, organisation_id, name="Paie", mode="live", actor="test", now=rt.now())
        self.program = TestClient(
            office.app,
            base_url=HOST,
            headers={"Authorization": f"Bearer {key}"},
            raise_server_exceptions=False,
        )
        record_inbound(
            rt, Inbound(organisation_id, "+33611001002", "EPI", "laissez-moi", office.clock(), uuid4().hex)
        )
        self.there = self._there()

    def _there(self) -> Mapping[str, Sequence[str]]:
        batches = [self.office.in_review(), self.office.released(payroll(10))]
        inbox = self.browser.get("/app/inbox").text
        wall = self.browser.get("/simulator").text
        return {
            "batch_id": [batch.rpartition("/")[2] for batch in batches],
            "document_id": [str(self.office.lines(batch)[0].id) for batch in batches],
            "inbound_id": re.findall(r'action="/app/inbox/([0-9a-f-]{36})"', inbox),
            "phone_id": re.findall(r"/simulator/handsets/([0-9a-f-]{36})", wall)[:1],
            "kind": ["csv", "xlsx"],
            "key": ["payslip_notice"],
            "channel": ["sms"],
            "language": ["fr"],
            "number": ["1"],
        }

    def throw(self, door: Door, draw: Draw) -> int:
        """One request with values drawn for whatever the route may read; the status of the answer."""
        client = self.program if door.path.startswith("/v1") else self.browser.client
        address = self._address(door, draw)
        if door.method == "GET":
            return int(client.get(address, follow_redirects=False).status_code)
        if door.body is not None:
            text = json.dumps(_body(door.body, door.body.get("$defs", {}), draw))
            headers = {"Content-Type": "application/json"}
            return int(client.post(address, content=text, headers=headers).status_code)
        form: dict[str, str] = {name: USUAL[name] for name in door.fields if name in USUAL}
        for _ in range(draw(st.integers(0, 3))):
            form[draw(st.sampled_from(door.fields))] = draw(st.sampled_from(ODD))
        if door.path.startswith("/app") or door.path.startswith("/simulator"):
            form["csrf"] = self.browser.csrf
        if door.path == "/v1/batches":
            form = {"options": json.dumps(_body(Options.model_json_schema(), {}, draw))}
        files = FILES if door.path.endswith("/batches") else None
        answer = client.post(address, data=form, files=files, follow_redirects=False)
        return int(answer.status_code)

    def _address(self, door: Door, draw: Draw) -> str:
        def step(found: re.Match[str]) -> str:
            known = self.there.get(found[1], ())
            odd = not known or draw(st.integers(0, 9)) == 0
            return quote(draw(st.sampled_from(ODD if odd else known)), safe="") or "-"

        path = _IN_PATH.sub(step, door.path)
        query = {name: draw(st.sampled_from(ODD)) for name in door.query if draw(st.booleans())}
        return path + (f"?{urlencode(query)}" if query else "")


def _body(schema: Mapping[str, Any], defs: Mapping[str, Any], draw: Draw) -> Any:
    """A value the schema allows, now and then an odd one in its place."""
    if draw(st.integers(0, 7)) == 0:
        return draw(st.sampled_from(ODD_JSON))
    if "$ref" in schema:
        return _body(defs[schema["$ref"].rpartition("/")[2]], defs, draw)
    if "anyOf" in schema:
        return _body(draw(st.sampled_from(schema["anyOf"])), defs, draw)
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    kind = schema.get("type")
    if kind == "object":
        found = {name: _body(each, defs, draw) for name, each in schema.get("properties", {}).items()}
        return {
            name: USUAL[name] if draw(st.booleans()) and name in USUAL else value
            for name, value in found.items()
        }
    if kind == "array":
        return [_body(schema.get("items", {}), defs, draw) for _ in range(draw(st.integers(0, 3)))]
    plain = {"boolean": True, "integer": 1, "number": 1.5, "null": None}
    formats = {"date-time": "2026-11-01T10:00:00+01:00", "date": "2026-12-15", "uuid": str(uuid4())}
    return plain[kind] if kind in plain else formats.get(schema.get("format", ""), "0611001001")


@pytest.fixture(scope="module", params=BOTH)
def thrower(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Thrower]:
    """On both databases: PostgreSQL takes neither a NUL nor a text longer than its column."""
    databases = request.getfixturevalue(f"{request.param}_databases")
    with (
        databases.empty() as url,
        open_office(tmp_path_factory.mktemp("odd") / "data", database_url=url) as office,
    ):
        yield Thrower(office)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_value_makes_the_service_fail(thrower: Thrower, data: st.DataObject) -> None:
    door = data.draw(st.sampled_from(doors(thrower.office.app)))
    assert thrower.throw(door, data.draw) < 500, door
