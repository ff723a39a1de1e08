"""How many texts a second are cut into segments: ours, a plain loop over characters, and what others offer.

`python -m tests.benchmarks.segment_rates [count]`. Everything runs in turn in one process, three times, the best time
counts; the npm calculator runs in Node on the same texts, without the time Node takes to start.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import smsutil

from app.messaging.texts.gsm7 import BASIC_TEXT, EXTENSION
from app.messaging.texts.segmentation import segment
from tests.benchmarks.french_messages import french_messages

COUNT = 100_000
ROUNDS = 3
GOAL = 1.4
NPM_PACKAGE = "sms-segments-calculator@1.3.0"
NODE = """
const {SegmentedMessage} = require("sms-segments-calculator");
const texts = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
let best = Infinity, segments;
for (let round = 0; round < %d; round++) {
  const started = process.hrtime.bigint();
  segments = texts.map((text) => new SegmentedMessage(text).segmentsCount);
  best = Math.min(best, Number(process.hrtime.bigint() - started) / 1e9);
}
console.log(JSON.stringify({seconds: best, segments}));
"""


def char_loop(text: str) -> int:
    """The plain way: one pass over the characters, a new segment whenever the next one does not fit."""
    cost = 0
    costs = []
    for char in text:
        if char in BASIC_TEXT:
            costs.append(1)
        elif char in EXTENSION:
            costs.append(2)
        else:
            break
        cost += costs[-1]
    else:
        return _fill(costs, cost, 160, 153)
    costs = [2 if ord(char) > 0xFFFF else 1 for char in text]
    return _fill(costs, sum(costs), 70, 67)


def _fill(costs: Sequence[int], total: int, single: int, limit: int) -> int:
    if total <= single:
        return 1 if total else 0
    segments, room = 1, limit
    for cost in costs:
        if cost > room:
            segments, room = segments + 1, limit
        room -= cost
    return segments


def ours(text: str) -> int:
    """With encoding, units, segments and the place of each cut."""
    return segment(text).segments


def by_smsutil(text: str) -> int:
    """The PyPI package `smsutil`."""
    return len(smsutil.split(text).parts)


def timed(count: Callable[[str], int], texts: Sequence[str]) -> tuple[float, list[int]]:
    """Best of a few rounds, and what was counted."""
    best, counted = float("inf"), []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        counted = [count(text) for text in texts]
        best = min(best, time.perf_counter() - started)
    return best, counted


def by_npm(texts: Sequence[str]) -> tuple[float, list[int]] | str:
    """The npm calculator, or why it did not run."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return "skipped: node and npm are not installed"
    with tempfile.TemporaryDirectory() as folder:
        installed = subprocess.run(
            [npm, "install", "--silent", "--no-audit", "--no-fund", NPM_PACKAGE], cwd=folder, check=False
        )
        if installed.returncode:
            return f"skipped: npm could not install {NPM_PACKAGE}"
        file = Path(folder) / "texts.json"
        file.write_text(json.dumps(texts), "utf-8")
        script = Path(folder) / "run.js"
        script.write_text((NODE % ROUNDS).replace("process.argv[1]", "process.argv[2]"), "utf-8")
        done = subprocess.run([node, str(script), str(file)], capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    return float(answer["seconds"]), list(answer["segments"])


def main() -> None:
    texts = french_messages(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
    floor, expected = timed(char_loop, texts)
    print(
        f"{len(texts):,} French messages, {sum(map(len, texts)):,} characters; segments: {dict(sorted(Counter(expected).items()))}"
    )
    print(f"{'char loop in Python':28} {len(texts) / floor:12,.0f} texts/s   1.00")
    rows: list[tuple[str, tuple[float, list[int]] | str]] = [
        ("segment (ours)", timed(ours, texts)),
        ("smsutil (PyPI)", timed(by_smsutil, texts)),
        (f"{NPM_PACKAGE} (node)", by_npm(texts)),
    ]
    for name, result in rows:
        if isinstance(result, str):
            print(f"{name:28} {result}")
            continue
        seconds, counted = result
        differ = sum(one != other for one, other in zip(counted, expected, strict=True))
        print(
            f"{name:28} {len(texts) / seconds:12,.0f} texts/s {floor / seconds:6.2f}   {differ} counts differ"
        )
    print(f"goal: at least {GOAL} times the char loop")


if __name__ == "__main__":
    main()
