"""Splitting and reading against floor T, on the same files in the same run: `python -m tests.benchmarks.split_floor`.

Floor T is what standard tools need for the same work, each at its fastest: `qpdf --stream-data=preserve --split-pages`
to cut, one `openssl enc` over all the parts to encrypt, `pdftotext -raw` to read. CPU is user and system time of every
process involved. The measured side cuts, reads every page whole and groups the pages; sealing, rows and links are the
import's part and are measured with it.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from app.documents.pdf.limits import PdfLimits
from app.documents.pdf.split import Part, PdfChild
from tests.benchmarks.measuring import Cost, measured
from tests.benchmarks.payroll_files import make_payroll

_KEY = "00112233445566778899aabbccddeeff" * 2
_NONCE = "00" * 16


def main() -> None:
    """Print one line per file size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, nargs="+", default=[2_000, 10_000])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    per_page: dict[int, float] = {}
    for pages in arguments.pages:
        # In a process of its own, so that its memory is not counted.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as maker:
            pdf, people = maker.submit(make_payroll, pages, 1).result()
        ours, tools = [], []
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "payroll.pdf"
            source.write_bytes(pdf)
            for _ in range(arguments.rounds):
                tools.append(floor(source))
                ours.append(measured(partial(_split, pdf, len(people))))
        cost, base = statistics.median(c.cpu for c in ours), statistics.median(c.cpu for c in tools)
        per_page[pages] = cost / pages
        sys.stdout.write(
            f"{pages} pages, {len(people)} payslips: split and text {cost:.2f} s CPU"
            f" ({statistics.median(c.wall for c in ours):.2f} s wall, {max(c.peak_mib for c in ours):.0f} MiB),"
            f" floor T {base:.2f} s CPU ({statistics.median(c.wall for c in tools):.2f} s wall), ratio {cost / base:.2f}\n"
        )
    smallest, largest = min(per_page), max(per_page)
    sys.stdout.write(
        f"a page of {largest} costs {per_page[largest] / per_page[smallest]:.2f} x one of {smallest}\n"
    )


def floor(source: Path) -> Cost:
    """What the standard tools take to cut, encrypt and read. Deleting what they wrote is not counted."""
    with tempfile.TemporaryDirectory(dir=source.parent) as folder:
        return measured(partial(_run_tools, source, Path(folder)))


def _run_tools(source: Path, parts: Path) -> None:
    subprocess.run(
        ["qpdf", "--stream-data=preserve", "--split-pages", source, parts / "part.pdf"], check=True
    )
    encrypt = (
        f"find . -name '*.pdf' -exec cat {{}} + | openssl enc -aes-256-ctr -K {_KEY} -iv {_NONCE} -out sealed"
    )
    subprocess.run(["sh", "-c", encrypt], cwd=parts, check=True)
    subprocess.run(["pdftotext", "-raw", source, parts / "text"], check=True)


def _split(pdf: bytes, slips: int) -> None:
    with PdfChild(PdfLimits()) as child:
        parts = sum(
            isinstance(event, Part) and event.slip.problem is None for event in child.split_merged(pdf)
        )
    assert parts == slips, f"{parts} parts for {slips} payslips"


if __name__ == "__main__":
    main()
