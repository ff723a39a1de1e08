"""What imports cannot show: where transactions end and where statements are run.

A commit in the middle of a use case would tear apart a state change, its next job and its journal entry; a statement
outside the query modules would hide from whoever reads them.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("app", "links", "rcs")
SESSIONS = {"session", "transaction", "connection"}
RUNS = {"exec", "execute", "exec_driver_sql", "scalar", "scalars", "get", "get_one"}
TRANSACTIONS = {"commit", "rollback"}


def sources() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def calls(code: str) -> Iterator[tuple[str, str, int]]:
    """Each method call in the code: the last name before the dot, the method, and how many arguments it gets."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
            yield name.lstrip("_"), node.func.attr, len(node.args) + len(node.keywords)


def ends_transactions(code: str) -> bool:
    """Whatever the session is called: only a transaction is committed without an argument."""
    return any(method in TRANSACTIONS and not arguments for _, method, arguments in calls(code))


def runs_statements(code: str) -> bool:
    return any(method in RUNS and owner in SESSIONS for owner, method, _ in calls(code))


def test_transactions_end_where_they_are_begun_and_nowhere_else() -> None:
    found = {path.relative_to(ROOT).as_posix() for path in sources() if ends_transactions(path.read_text())}

    assert found <= {"app/db/session.py"}


def test_statements_run_in_the_database_packages_only() -> None:
    allowed = ("app/db/", "app/engine/", "links/")
    found = {path.relative_to(ROOT).as_posix() for path in sources() if runs_statements(path.read_text())}

    assert found, "the rule must see the statements that exist"
    assert {name for name in found if not name.startswith(allowed)} == set()


@pytest.mark.parametrize(
    ("code", "ends", "runs"),
    [
        ("session.commit()", True, False),
        ("self._session.rollback()", True, False),
        ("transaction.exec(query)", False, True),
        ("self.session.get(Message, message_id)", False, True),
        ("s.commit()", True, False),
        ("chain.commit(salt, body)", False, False),
        ("session.add(message)", False, False),
        ("with runtime.begin() as session:\n    messages.get(session, key)", False, False),
        ("{}.get(key)", False, False),
    ],
)
def test_what_the_rules_see(code: str, ends: bool, runs: bool) -> None:
    assert (ends_transactions(code), runs_statements(code)) == (ends, runs)


def test_rows_are_held_in_a_way_that_lets_others_point_at_them() -> None:
    """A plain FOR UPDATE keeps a foreign key to the row from being checked, and two workers then wait for one another."""
    held = [
        (path.relative_to(ROOT).as_posix(), node.lineno)
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "with_for_update"
        and "key_share" not in {keyword.arg for keyword in node.keywords}
    ]

    assert held == []
