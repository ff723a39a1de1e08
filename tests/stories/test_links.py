"""Links and passwords as people meet them: what opens a payslip, and for how long."""

import io
import re
from datetime import timedelta

import pytest
from pypdf import PdfReader

from app.core.errors import Conflict, InvalidInput
from app.db.models import Person
from app.usecases.batches.export_access_codes import export_access_codes
from app.usecases.opening.note_downloads import note_downloads
from app.usecases.opening.read_document import authorize_bytes, note_reading
from app.usecases.opening.unlock_document import NotOpen, Unlocked, Wrong
from app.usecases.operations.destroy_past import destroy_past
from links.lifecycle import of_documents
from links.state import LinkState
from links.tables import Link
from tests.stories.payroll import (
    INES,
    NOEL,
    NOVEMBER,
    TEAM,
    ZOE,
)
from tests.stories.story import CLERK, Story


def test_codes_made_by_pli_open_the_payslips_once_printed(story: Story) -> None:
    batch = story.upload(TEAM, without=["Code d'accès"], password_policy="generated")
    assert story.refused_release(batch) == "codes_not_printed"
    letters = export_access_codes(story.rt, story.id, batch.id, CLERK)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(letters.pdf)).pages]
    codes = {}
    for one in TEAM:
        (page,) = [page for page in pages if one.staff in page]
        (found,) = re.findall(r"\b[0-9A-HJ-NP-TV-Z]{4}-[0-9A-HJ-NP-TV-Z]{4}\b", page)
        codes[one.staff] = found
    assert len(set(codes.values())) == 3
    story.send(batch)
    assert len(story.assert_each_phone_opens_its_own(batch, codes)) == 3
    (message,) = story.phone(ZOE.phone)
    as_typed = codes[ZOE.staff].lower().replace("0", "o").replace("1", "l").replace("-", " ")
    assert ZOE.staff in story.read(message, as_typed)
    with pytest.raises(Conflict):
        export_access_codes(story.rt, story.id, batch.id, CLERK)


def test_the_usual_password_serves_next_month_without_codes_in_the_list(story: Story) -> None:
    story.send(story.upload([ZOE, NOEL]))
    november = story.upload(TEAM, without=["Code d'accès"], password_policy="usual", period=NOVEMBER)
    assert {line.staff: line.blocking for line in story.review(november) if line.blocking} == {
        INES.staff: {"usual_password_missing"}
    }
    story.exclude(story.line(november, INES.staff))
    story.send(november)
    for one in (ZOE, NOEL):
        newest = story.phone(one.phone)[-1]
        assert "novembre 2026" in story.read(newest, one.code)
        assert isinstance(story.try_to_open(story.link_in(newest), INES.code), Wrong)


def test_the_strict_profile_keeps_nothing_that_opens(story: Story) -> None:
    story.change_organisation(profile="strict")
    with pytest.raises(InvalidInput) as refusal:
        story.upload(TEAM, without=["Code d'accès"], password_policy="usual")
    assert refusal.value.code == "usual_needs_standard"
    batch = story.upload(TEAM)
    story.send(batch)
    assert len(story.assert_each_phone_opens_its_own(batch, {one.staff: one.code for one in TEAM})) == 3
    with story.rt.read() as session:
        for line in story.review(batch):
            (facts,) = of_documents(session, [line.id])[line.id]
            link = session.get_one(Link, facts.id)
            assert link.wrapped_link is not None
            assert link.wrapped_org is None
            assert session.get_one(Person, line.document.person_id).password_key_sealed is None


def test_the_standard_profile_keeps_what_a_new_link_needs(story: Story) -> None:
    batch = story.upload([ZOE])
    story.send(batch)
    line = story.line(batch, ZOE.staff)
    with story.rt.read() as session:
        (facts,) = of_documents(session, [line.id])[line.id]
        assert session.get_one(Link, facts.id).wrapped_org is not None


def test_a_link_without_password_has_a_long_secret_and_a_last_day(story: Story) -> None:
    with pytest.raises(InvalidInput) as refusal:
        story.upload(TEAM, password_policy="none")
    assert refusal.value.code == "needs_password_or_date"
    last_day = (story.clock() + timedelta(days=10)).date()
    batch = story.upload(
        TEAM, without=["Code d'accès"], password_policy="none", expires_on=last_day.isoformat()
    )
    story.send(batch)
    (message,) = story.phone(ZOE.phone)
    assert "Sans mot de passe" in message.text
    assert len(story.link_in(message).secret) == 22
    assert ZOE.staff in story.read(message, "")


def test_a_link_with_password_has_a_short_secret(story: Story) -> None:
    story.send(story.upload([ZOE], channels=("sms",)))
    assert len(story.link_in(story.phone(ZOE.phone)[0]).secret) == 16


def test_after_its_last_day_a_link_opens_for_nobody(story: Story) -> None:
    last_day = (story.clock() + timedelta(days=10)).date()
    batch = story.upload([ZOE], expires_on=last_day.isoformat())
    story.send(batch)
    (message,) = story.phone(ZOE.phone)
    link = story.link_in(message)
    story.clock.forward(days=9)
    assert isinstance(story.try_to_open(link, ZOE.code), Unlocked)
    story.clock.forward(days=3)
    outcome = story.try_to_open(link, ZOE.code)
    assert isinstance(outcome, NotOpen)
    assert outcome.state is LinkState.EXPIRED
    story.clock.forward(days=4)
    destroy_past(story.rt)
    assert story.line(batch, ZOE.staff).state == "expired"
    with story.rt.read() as session:
        (facts,) = of_documents(session, [story.line(batch, ZOE.staff).id]).popitem()[1]
        assert session.get_one(Link, facts.id).wrapped_link is None


def test_a_wrong_password_opens_nothing_and_the_right_one_still_does(story: Story) -> None:
    batch = story.upload([ZOE])
    story.send(batch)
    (message,) = story.phone(ZOE.phone)
    outcome = story.try_to_open(story.link_in(message), NOEL.code)
    assert isinstance(outcome, Wrong)
    assert ZOE.staff in story.read(message, ZOE.code)
    assert story.progress(batch).opened == 1


def test_a_download_is_seen_by_the_office(story: Story) -> None:
    batch = story.upload([ZOE])
    story.send(batch)
    link = story.link_in(story.phone(ZOE.phone)[0])
    outcome = story.try_to_open(link, ZOE.code)
    assert isinstance(outcome, Unlocked)
    readable = authorize_bytes(story.rt, link.ref, outcome.value, story.clock())
    assert readable is not None
    note_reading(story.rt, readable, "viewed", story.clock())
    note_downloads(story.rt)
    assert (story.progress(batch).opened, story.progress(batch).downloaded) == (1, 0)
    note_reading(story.rt, readable, "downloaded", story.clock())
    for _ in range(2):
        note_downloads(story.rt)
        assert story.progress(batch).downloaded == 1
