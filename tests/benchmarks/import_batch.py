"""A whole batch against floor T: `python -m tests.benchmarks.import_batch`.

Floor T is what standard tools need to cut, encrypt and read the same file: `qpdf --stream-data=preserve --split-pages`,
one `openssl enc` over all parts, `pdftotext -raw`. Ours is everything from the upload to links that could be sent:
sealing the upload, reading every page whole, grouping, matching with the people sheet, cutting, sealing each part,
rows, journal, and one standard-profile link for each person, on SQLite and local disk. The same run also composes,
seals and stores each person's SMS and RCS card; that share is measured by the processor time of its thread and told
apart, because the tools have nothing like it.

Passwords are measured apart: one Argon2id derivation for each person, in a pool of as many threads as cores, against
the bare derivation (import + people x bare Argon2 / cores). Floor and ours run in turn, on the same file, in one run;
the figures are medians of the rounds, ours in a process of its own each time. The tools write a file for each page, which
costs more on some disks than on others: `TMPDIR=/dev/shm` compares without the disk.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from app.crypto.passwords import argon2id
from app.db.queries import messages
from app.db.sending.outbox import NoticeMaker
from app.usecases.batches.receive_batch import BatchOptions
from app.usecases.batches.release_batch import release_batch
from app.worker import settle
from tests.benchmarks.measuring import Cost, Meter, measured
from tests.benchmarks.payroll_files import make_joined, make_payroll
from tests.benchmarks.split_floor import floor
from tests.pipeline import Pipeline, pipeline

LIMIT_MIB = 400


def main() -> None:
    """Print a table for each size, and the cost of a page at the largest against the smallest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, nargs="+", default=[2_000, 10_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--joined", type=int, default=1_600, help="documents with fonts of their own; 0 for none"
    )
    parser.add_argument("--no-passwords", action="store_true", help="leave out the long part")
    parser.add_argument("--one", nargs=3, metavar=("PDF", "SHEET", "POLICY"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        _one(Path(arguments.one[0]), Path(arguments.one[1]), arguments.one[2])
        return
    per_page = {
        pages: _size(pages, arguments.rounds, passwords=not arguments.no_passwords)
        for pages in arguments.pages
    }
    if arguments.joined:
        _joined(arguments.joined)
    smallest, largest = min(per_page), max(per_page)
    ratio = per_page[largest] / per_page[smallest]
    sys.stdout.write(
        f"CPU of a page at {largest} pages: {ratio:.2f} x that at {smallest} (goal: at most 1.10)\n"
    )


def _size(pages: int, rounds: int, *, passwords: bool) -> float:
    pdf, people = make_payroll(pages, seed=1)
    with tempfile.TemporaryDirectory() as folder:
        source, sheet = Path(folder) / "payroll.pdf", Path(folder) / "people.csv"
        source.write_bytes(pdf)
        sheet.write_text(_sheet(people), encoding="utf-8")
        floors, ours = [], []
        for _ in range(rounds):
            floors.append(floor(source))
            ours.append(_in_process(source, sheet, "none"))
        sealed = _in_process(source, sheet, "sheet").whole if passwords else None
    base, cost = _median(floors), _median([run.whole for run in ours])
    announcing = statistics.median(run.announcing for run in ours)
    links = cost.cpu - announcing
    sys.stdout.write(
        f"{pages} pages, {len(people)} people, {rounds} rounds\n"
        f"  floor T          {base.cpu:7.2f} s CPU {base.wall:7.2f} s wall\n"
        f"  import and links {links:7.2f} s CPU   {links / base.cpu:.2f} x T (goal 0.90)\n"
        f"  and messages     {cost.cpu:7.2f} s CPU {cost.wall:7.2f} s wall {cost.peak_mib:5.0f} MiB (goal {LIMIT_MIB})"
        f"   {cost.cpu / base.cpu:.2f} x T, {announcing:.2f} s of it for the messages\n"
    )
    if sealed is not None:
        _compare_passwords(sealed, cost.wall, len(people))
    return links / pages


def _joined(documents: int) -> None:
    """Once: what is asked here is the memory."""
    pdf, people = make_joined(documents, seed=1)
    with tempfile.TemporaryDirectory() as folder:
        source, sheet = Path(folder) / "payroll.pdf", Path(folder) / "people.csv"
        source.write_bytes(pdf)
        sheet.write_text(_sheet(people), encoding="utf-8")
        cost = _in_process(source, sheet, "none").whole
    sys.stdout.write(
        f"{documents} joined documents with fonts of their own, {len(pdf) / 1e6:.0f} MB\n"
        f"  import, links and messages {cost.cpu:7.2f} s CPU {cost.wall:7.2f} s wall {cost.peak_mib:5.0f} MiB"
        f" (goal {LIMIT_MIB})\n"
    )


def _compare_passwords(cost: Cost, import_wall: float, people: int) -> None:
    bare, cores = _bare_argon2(), os.cpu_count() or 1
    ideal = import_wall + people * bare / cores
    sys.stdout.write(
        f"  with passwords   {cost.cpu:7.2f} s CPU {cost.wall:7.2f} s wall {cost.peak_mib:5.0f} MiB"
        f"   {cost.wall / ideal:.2f} x (import + people x {bare * 1000:.0f} ms / {cores} cores = {ideal:.2f} s;"
        " goal 1.15)\n"
    )
    busy = _busy_argon2(cores)
    reachable = import_wall + people * busy
    sys.stdout.write(
        f"  {cores} bare derivations at once take {busy * 1000:.1f} ms each of wall time: {cost.wall / reachable:.2f} x"
        f" what that allows ({reachable:.2f} s)\n"
    )


def _busy_argon2(cores: int) -> float:
    """Seconds of wall time per derivation with every core at it: cores that share memory and caches slow each other."""
    count = 40 * cores
    started = time.perf_counter()
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(lambda _: argon2id(b"a password", bytes(16), 1), range(count)))
    return (time.perf_counter() - started) / count


def _median(costs: list[Cost]) -> Cost:
    return Cost(
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.wall for cost in costs),
        max(cost.peak_mib for cost in costs),
    )


def _sheet(people: list[tuple[str, str]]) -> str:
    rows = [
        f"{number};{name};06{position % 90_000_000 + 10_000_000:08d};{_code(position)}"
        for position, (number, name) in enumerate(people)
    ]
    return "\n".join(["Matricule;Nom et prénom;Portable;Code d'accès", *rows]) + "\n"


def _code(position: int) -> str:
    """Eight characters that no rule refuses."""
    alphabet = "ABCDEFGHJKMNPQRSTVWXYZ"
    mixed = (position * 2_654_435_761 + 97) % (len(alphabet) ** 6)
    letters = ""
    for _ in range(6):
        mixed, at = divmod(mixed, len(alphabet))
        letters += alphabet[at]
    return f"{letters[:3]}7{letters[3:]}4"


@dataclass(frozen=True)
class _Run:
    """One import; `announcing` is the processor time (s) spent on messages within it."""

    whole: Cost
    announcing: float


def _in_process(source: Path, sheet: Path, policy: str) -> _Run:
    command = [sys.executable, "-m", "tests.benchmarks.import_batch", "--one", source, sheet, policy]
    done = subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE)
    told = json.loads(done.stdout)
    return _Run(Cost(**told["whole"]), told["announcing"])


def _one(source: Path, sheet: Path, policy: str) -> None:
    with tempfile.TemporaryDirectory() as folder, pipeline(Path(folder)) as running:
        settle()
        announcing = Meter()
        with announcing.on(NoticeMaker, "row"), announcing.on(messages, "insert_all"):
            cost = measured(partial(_import, running, source, sheet, policy))
        sys.stdout.write(json.dumps({"whole": asdict(cost), "announcing": announcing.seconds}))


def _import(running: Pipeline, source: Path, sheet: Path, policy: str) -> None:
    batch = running.receive(
        {source.name: source.read_bytes()},
        (sheet.name, sheet.read_bytes()),
        BatchOptions(title="Paie", expires_on=_last_day(running), password_policy=policy),
    )
    running.run("split_batch")
    release_batch(running.rt, running.organisation.id, batch.id, "clerk")
    running.run("announce_block")
    state = running.batch(batch.id).state
    assert state == "released", state


def _last_day(running: Pipeline) -> str:
    return (running.rt.now() + timedelta(days=60)).date().isoformat()


def _bare_argon2() -> float:
    """Seconds of one derivation on an idle core, least of ten."""
    times = []
    for _ in range(10):
        started = time.perf_counter()
        argon2id(b"a password", bytes(16), 1)
        times.append(time.perf_counter() - started)
    return min(times)


if __name__ == "__main__":
    main()
