from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from app.core.errors import NotFound, Overloaded
from app.crypto.passwords import Argon2Pool
from app.crypto.tokens import token_hash
from app.db.models import JournalEvent, LoginThrottle, User, UserSession
from app.runtime import Runtime
from app.usecases.accounts.choose_language import choose_language
from app.usecases.accounts.disable_user import disable_user
from app.usecases.accounts.identify_session import identify_session
from app.usecases.accounts.log_in import ACCOUNT_LIMIT, NET_LIMIT, WINDOW, LoggedIn, LoginRefused, log_in
from app.usecases.accounts.log_out import log_out
from app.usecases.accounts.set_password import set_password
from tests.usecases.accounts.conftest import EMAIL, PASSWORD
from tests.usecases.accounts.runtime import NOW, add_organisation

NET = "203.0.113.0/24"
ELSEWHERE = "198.51.100.0/24"
ACTOR = "user:1"


def rows(rt: Runtime, model: Any) -> list[Any]:
    with rt.begin() as session:
        return list(session.exec(select(model)))


def logged_in(rt: Runtime, password: str = PASSWORD, net: str = NET) -> LoggedIn:
    outcome = log_in(rt, EMAIL, password, net, rt.now())
    assert isinstance(outcome, LoggedIn)
    return outcome


def fail(rt: Runtime, times: int, email: str = EMAIL, net: str = NET) -> None:
    for _ in range(times):
        assert log_in(rt, email, "wrong password", net, rt.now()) == LoginRefused()


class TestLogIn:
    def test_the_right_password_begins_a_session_of_twelve_hours(self, rt: Runtime, user_id: UUID) -> None:
        outcome = logged_in(rt)

        assert outcome.expires_at == NOW + timedelta(hours=12)
        assert outcome.language == "en"
        account = identify_session(rt, outcome.token, NOW)
        assert account is not None
        assert (account.user_id, account.role, account.organisation) == (user_id, "clerk", "Dupont SA")

    def test_only_the_hash_of_the_token_is_stored(self, rt: Runtime, user_id: UUID) -> None:
        outcome = logged_in(rt)

        (stored,) = rows(rt, UserSession)
        assert stored.token_hash == token_hash(outcome.token)
        assert outcome.token not in repr(outcome)
        assert outcome.token not in str(stored.model_dump())

    def test_the_login_is_in_the_journal(self, rt: Runtime, user_id: UUID) -> None:
        logged_in(rt)

        _, event = rows(rt, JournalEvent)
        assert (event.tag, event.subject_id) == ("account:logged_in", user_id)

    @pytest.mark.usefixtures("user_id")
    def test_the_address_is_found_in_any_letters(self, rt: Runtime) -> None:
        assert isinstance(log_in(rt, f"  {EMAIL.upper()} ", PASSWORD, NET, NOW), LoggedIn)

    @pytest.mark.usefixtures("user_id")
    @pytest.mark.parametrize(
        ("email", "password"),
        [
            (EMAIL, "wrong password"),
            (EMAIL, PASSWORD.upper()),
            ("nobody@example.com", PASSWORD),
            ("", PASSWORD),
            (EMAIL, ""),
            (EMAIL, "x" * 129),
            ("x" * 300, PASSWORD),
        ],
    )
    def test_whatever_is_wrong_the_answer_is_the_same(self, rt: Runtime, email: str, password: str) -> None:
        assert log_in(rt, email, password, NET, NOW) == LoginRefused()
        assert rows(rt, UserSession) == []

    @pytest.mark.usefixtures("user_id")
    def test_an_unknown_address_costs_a_derivation_too(
        self, rt: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str | None] = []
        verify = Argon2Pool.verify_account

        def counted(pool: Argon2Pool, stored: str | None, password: str) -> bool:
            asked.append(stored)
            return verify(pool, stored, password)

        monkeypatch.setattr(Argon2Pool, "verify_account", counted)
        log_in(rt, "nobody@example.com", PASSWORD, NET, NOW)
        assert asked == [None]

    def test_a_disabled_account_cannot_log_in(
        self, rt: Runtime, user_id: UUID, organisation_id: UUID
    ) -> None:
        disable_user(rt, organisation_id, user_id, actor=ACTOR, now=NOW)
        assert log_in(rt, EMAIL, PASSWORD, NET, NOW) == LoginRefused()

    def test_a_password_changed_while_it_was_checked_opens_nothing(
        self, rt: Runtime, user_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        verify = Argon2Pool.verify_account

        def overtaken(pool: Argon2Pool, stored: str | None, password: str) -> bool:
            answer = verify(pool, stored, password)
            set_password(rt, user_id, "another long password", actor=ACTOR, now=NOW)
            return answer

        monkeypatch.setattr(Argon2Pool, "verify_account", overtaken)
        assert log_in(rt, EMAIL, PASSWORD, NET, NOW) == LoginRefused()
        assert rows(rt, UserSession) == []


@pytest.mark.usefixtures("user_id")
class TestThrottle:
    def test_after_five_wrong_passwords_even_the_right_one_waits(self, rt: Runtime) -> None:
        fail(rt, ACCOUNT_LIMIT)

        assert log_in(rt, EMAIL, PASSWORD, NET, NOW) == LoginRefused(retry_after=int(WINDOW.total_seconds()))

    def test_a_waiting_login_is_not_checked_at_all(
        self, rt: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fail(rt, ACCOUNT_LIMIT)
        monkeypatch.setattr(Argon2Pool, "verify_account", lambda *_: pytest.fail("Argon2 ran"))

        outcome = log_in(rt, EMAIL, PASSWORD, NET, NOW)
        assert isinstance(outcome, LoginRefused)
        assert outcome.retry_after > 0

    def test_the_wait_ends_with_its_window(self, rt: Runtime, clock: Any) -> None:
        fail(rt, ACCOUNT_LIMIT)
        clock.advance(minutes=10)
        assert log_in(rt, EMAIL, PASSWORD, NET, rt.now()) == LoginRefused(retry_after=300)
        clock.advance(minutes=5)
        assert isinstance(log_in(rt, EMAIL, PASSWORD, NET, rt.now()), LoggedIn)

    def test_a_stranger_elsewhere_locks_nobody_out(self, rt: Runtime) -> None:
        fail(rt, ACCOUNT_LIMIT, net=ELSEWHERE)

        assert isinstance(log_in(rt, EMAIL, PASSWORD, ELSEWHERE, NOW), LoginRefused)
        assert isinstance(log_in(rt, EMAIL, PASSWORD, NET, NOW), LoggedIn)

    def test_the_right_password_begins_the_count_anew(self, rt: Runtime) -> None:
        for _ in range(3):
            fail(rt, ACCOUNT_LIMIT - 1)
            logged_in(rt)

    def test_one_network_cannot_try_account_after_account(self, rt: Runtime) -> None:
        with ThreadPoolExecutor(8) as pool:
            outcomes = pool.map(
                lambda i: log_in(rt, f"person{i}@example.com", "guess", NET, NOW), range(NET_LIMIT + 10)
            )
        waiting = [o for o in outcomes if isinstance(o, LoginRefused) and o.retry_after]
        assert len(waiting) == 10
        assert isinstance(log_in(rt, EMAIL, PASSWORD, ELSEWHERE, NOW), LoggedIn)

    def test_parallel_guesses_pass_no_more_than_the_limit(self, rt: Runtime) -> None:
        with ThreadPoolExecutor(16) as pool:
            outcomes = list(pool.map(lambda _: log_in(rt, EMAIL, "guess", NET, NOW), range(30)))
        assert outcomes.count(LoginRefused()) == ACCOUNT_LIMIT

    def test_a_full_pool_costs_no_try(self, rt: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: object) -> bool:
            raise Overloaded("argon2_queue", "full")

        with monkeypatch.context() as patch:
            patch.setattr(Argon2Pool, "verify_account", full)
            for _ in range(ACCOUNT_LIMIT + 1):
                with pytest.raises(Overloaded):
                    log_in(rt, EMAIL, PASSWORD, NET, NOW)
        logged_in(rt)

    def test_nothing_stored_tells_address_or_network(self, rt: Runtime) -> None:
        fail(rt, 1)

        stored = b"".join(row.bucket for row in rows(rt, LoginThrottle))
        assert len(stored) == 32
        assert EMAIL.encode() not in stored
        assert NET.encode() not in stored

    def test_windows_and_sessions_that_are_over_are_forgotten(self, rt: Runtime, clock: Any) -> None:
        fail(rt, 1, email="nobody@example.com", net=ELSEWHERE)
        logged_in(rt)
        clock.advance(hours=13)
        fail(rt, 1)

        assert rows(rt, UserSession) == []
        assert {row.window_ends_at for row in rows(rt, LoginThrottle)} == {rt.now() + WINDOW}


class TestSession:
    @pytest.mark.usefixtures("user_id")
    def test_it_ends_after_twelve_hours(self, rt: Runtime) -> None:
        token = logged_in(rt).token

        assert identify_session(rt, token, NOW + timedelta(hours=11, minutes=59)) is not None
        assert identify_session(rt, token, NOW + timedelta(hours=12)) is None

    @pytest.mark.usefixtures("user_id")
    def test_logging_out_ends_this_session_and_no_other(self, rt: Runtime) -> None:
        here, there = logged_in(rt).token, logged_in(rt).token
        log_out(rt, here)
        log_out(rt, "never issued")

        assert identify_session(rt, here, NOW) is None
        assert identify_session(rt, there, NOW) is not None

    @pytest.mark.usefixtures("user_id")
    def test_an_unknown_token_is_nobody(self, rt: Runtime) -> None:
        logged_in(rt)
        assert identify_session(rt, "x" * 43, NOW) is None

    @pytest.mark.parametrize(
        "act",
        [
            lambda rt, organisation_id, user_id: disable_user(
                rt, organisation_id, user_id, actor=ACTOR, now=NOW
            ),
            lambda rt, organisation_id, user_id: set_password(
                rt, user_id, "another long password", actor=ACTOR, now=NOW
            ),
        ],
        ids=["disabling the account", "a new password"],
    )
    def test_sessions_end_by(
        self, rt: Runtime, organisation_id: UUID, user_id: UUID, act: Callable[[Runtime, UUID, UUID], None]
    ) -> None:
        token = logged_in(rt).token
        act(rt, organisation_id, user_id)
        assert identify_session(rt, token, NOW) is None

    def test_a_new_password_replaces_the_old_one(self, rt: Runtime, user_id: UUID) -> None:
        set_password(rt, user_id, "another long password", actor=ACTOR, now=NOW)

        assert isinstance(log_in(rt, EMAIL, "another long password", NET, NOW), LoggedIn)
        assert log_in(rt, EMAIL, PASSWORD, NET, NOW) == LoginRefused()

    def test_the_chosen_language_is_kept(self, rt: Runtime, user_id: UUID) -> None:
        choose_language(rt, user_id, "fr")

        account = identify_session(rt, logged_in(rt).token, NOW)
        assert account is not None
        assert account.language == "fr"

    def test_an_organisation_cannot_disable_the_accounts_of_another(self, rt: Runtime, user_id: UUID) -> None:
        other = add_organisation(rt, "Martin SARL")
        with pytest.raises(NotFound):
            disable_user(rt, other, user_id, actor=ACTOR, now=NOW)

    def test_disabling_twice_keeps_the_first_date(
        self, rt: Runtime, organisation_id: UUID, user_id: UUID
    ) -> None:
        disable_user(rt, organisation_id, user_id, actor=ACTOR, now=NOW)
        disable_user(rt, organisation_id, user_id, actor=ACTOR, now=NOW + timedelta(days=1))

        (user,) = rows(rt, User)
        assert user.disabled_at == NOW

    def test_the_secrets_of_an_account_stay_out_of_its_text(self, rt: Runtime, user_id: UUID) -> None:
        account = identify_session(rt, logged_in(rt).token, NOW)
        assert account is not None
        assert account.csrf_token not in repr(account)
        assert replace(account, role="auditor").actor == f"user:{user_id}"
