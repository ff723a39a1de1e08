"""The sample payrolls of the demo: last month's released, this month's in review, next month's as files to upload."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from app.carriers.simulated.numbers import MAGIC_NUMBERS
from app.cli.stopping import StopRequest
from app.core.errors import PliError
from app.db.queries import batches
from app.documents.sample_payroll import SamplePayroll, make_sample
from app.documents.sample_payslips import SamplePerson, draw_payslips
from app.messaging.texts.notices import period_label
from app.runtime import Runtime
from app.usecases.batches.receive_batch import BatchIntake, BatchOptions
from app.usecases.batches.release_batch import release_batch

SEED = 7
ZONE = ZoneInfo("Europe/Paris")
LONGEST_WAIT = timedelta(minutes=2)
POLL_SECONDS = 0.1
_SUFFIXES = {magic.key: magic.suffix for magic in MAGIC_NUMBERS}

# Ordinary and magic numbers, in the order in which the sample hands them out.
PHONES = (
    "06 12 98 00 10",
    f"0612{_SUFFIXES['no_rcs']}",
    f"0612{_SUFFIXES['phone_off']}",
    f"0612{_SUFFIXES['network_failure']}",
    "06 12 98 00 41",
    f"0612{_SUFFIXES['rcs_never_delivered']}",
    f"0612{_SUFFIXES['duplicate_reports']}",
)
# Last month only some were there, without a mistake in the sheet; two of them had another number then.
LAST_MONTH = (0, 1, 2, 3, 5, 8, 9, 11)
EARLIER_PHONES = {3: "06 12 98 00 33", 9: "06 12 98 00 40"}


@dataclass(frozen=True)
class Hint:
    """Whose payslip can be opened at once, and with which access code."""

    name: str
    phone: str
    code: str


def seed_batches(rt: Runtime, organisation_id: UUID, actor: str, folder: Path, stop: StopRequest) -> Hint:
    """Send the samples through the real pipeline; the worker must be running. Interrupted, it takes up where it was."""
    this_month = rt.now().astimezone(ZONE).date().replace(day=1)
    last_month = (this_month - timedelta(days=1)).replace(day=1)
    sample = make_sample(SEED, this_month, magic_phones=PHONES)
    earlier = _last_month(sample.people)
    first = _upload(
        rt, organisation_id, actor, draw_payslips(earlier, last_month), _sheet(earlier), ".csv", last_month
    )
    if _wait(rt, first, ("received", "splitting"), stop) == "in_review":
        release_batch(rt, organisation_id, first, actor)
    _wait(rt, first, ("releasing",), stop)
    second = _upload(rt, organisation_id, actor, sample.pdf, sample.sheet_xlsx, ".xlsx", this_month)
    _wait(rt, second, ("received", "splitting"), stop)
    _keep_files(folder, (this_month + timedelta(days=31)).replace(day=1))
    person = earlier[0]
    return Hint(f"{person.first_name} {person.last_name}", person.phone, person.access_code)


def _last_month(people: Sequence[SamplePerson]) -> list[SamplePerson]:
    return [
        replace(people[at], phone=EARLIER_PHONES.get(at, people[at].phone), objects=False)
        for at in LAST_MONTH
    ]


def _sheet(people: Sequence[SamplePerson]) -> bytes:
    written = io.StringIO()
    rows = csv.writer(written, delimiter=";")
    rows.writerow(["Matricule", "Nom", "Prénom", "Portable", "Code d'accès"])
    for person in people:
        rows.writerow(
            [person.staff_number, person.last_name, person.first_name, person.phone, person.access_code]
        )
    return written.getvalue().encode("utf-8-sig")


def _upload(
    rt: Runtime, organisation_id: UUID, actor: str, pdf: bytes, sheet: bytes, ending: str, month: date
) -> UUID:
    period = f"{month:%Y-%m}"
    with BatchIntake(rt, organisation_id, actor, idempotency_key=f"demo-{period}") as intake:
        with intake.add_file("people", f"effectif-{period}{ending}") as file:
            file.write(sheet)
        with intake.add_file("documents", f"paie-{period}.pdf") as file:
            file.write(pdf)
        return intake.commit(BatchOptions(title=f"Paie {period_label(period, 'fr')}", period=period)).id


def _wait(rt: Runtime, batch_id: UUID, working: Sequence[str], stop: StopRequest) -> str:
    """The state of the batch once it has left `working`."""
    give_up = rt.now() + LONGEST_WAIT
    while True:
        with rt.read() as session:
            state = batches.state(session, batch_id)
        if state not in working:
            return state
        if stop.pause(POLL_SECONDS):
            raise SystemExit(0)
        if rt.now() > give_up:
            raise PliError(
                "demo_stuck", "the sample payroll is not being worked on; run `pli doctor` to see why"
            )


def _keep_files(folder: Path, month: date) -> None:
    sample: SamplePayroll = make_sample(SEED, month, magic_phones=PHONES)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / f"paie-{month:%Y-%m}.pdf").write_bytes(sample.pdf)
    (folder / f"effectif-{month:%Y-%m}.xlsx").write_bytes(sample.sheet_xlsx)
