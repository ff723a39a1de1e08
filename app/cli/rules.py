"""Reading and editing every kind of rule of an organisation, as JSON lines."""

import json
import sys
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import typer

from app.cli.manage import ACTOR, Slug
from app.core.errors import InvalidInput

if TYPE_CHECKING:
    from app.messaging.rule_rows import RuleRow

rules = typer.Typer(no_args_is_help=True, help="Dated rules: hours, holidays, words, categories.")


@rules.command("list")
def list_rules(org: Slug) -> None:
    """The rows an organisation changed or added, one JSON object a line; what is not listed is as shipped."""
    from app.cli.setup import opened
    from app.db.queries.rules import rows
    from app.usecases.organisations.find_organisation import find_organisation

    with opened() as application:
        rt = application.runtime
        organisation = find_organisation(rt, org)
        with rt.read() as session:
            found = rows(session, organisation.id)
    for row in found:
        print(json.dumps(_plain(row), ensure_ascii=False))


@rules.command("put")
def put_rules(org: Slug) -> None:
    """Write rules read from standard input, one JSON object a line as `list` prints them."""
    from app.cli.setup import opened
    from app.usecases.organisations.find_organisation import find_organisation
    from app.usecases.rules.save_rule import save_rule

    written = [_row(number, line) for number, line in enumerate(sys.stdin, 1) if line.strip()]
    with opened() as application:
        rt = application.runtime
        organisation = find_organisation(rt, org)
        for row in written:
            save_rule(rt, organisation.id, row, ACTOR)
    print(f"{len(written)} written")


def _plain(row: "RuleRow") -> Mapping[str, Any]:
    return {
        "kind": row.kind,
        "id": row.id,
        "value": row.value,
        "source": row.source,
        "certainty": row.certainty,
        "note": row.note,
        "valid_from": row.valid_from.isoformat() if row.valid_from else None,
        "valid_to": row.valid_to.isoformat() if row.valid_to else None,
        "enabled": row.enabled,
    }


def _row(number: int, line: str) -> "RuleRow":
    from app.messaging.records import Certainty
    from app.messaging.rule_rows import RuleKind, RuleRow, check

    try:
        given = json.loads(line)
        row = RuleRow(
            RuleKind(given["kind"]),
            given["id"],
            given["value"],
            given["source"],
            Certainty(given.get("certainty", Certainty.HOUSE)),
            given.get("note", ""),
            date.fromisoformat(given["valid_from"]) if given.get("valid_from") else None,
            date.fromisoformat(given["valid_to"]) if given.get("valid_to") else None,
            given.get("enabled", True),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            "rule_line", f"line {number} is no rule; write it as `pli rules list` prints rules"
        ) from error
    check(row)
    return row
