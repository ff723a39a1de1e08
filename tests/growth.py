"""Whether work grows with its input and not with the square of it, measured so coarsely that a busy machine passes."""

import time
from collections.abc import Callable

FACTOR = 8
# A square would make it 64 times; noise of a shared machine stays far below.
MOST = 30
# Below this a measurement is noise, and no harm.
FLOOR = 0.02


def times_longer(work: Callable[[int], object], size: int) -> float:
    """How many times longer `work(FACTOR * size)` takes the processor than `work(size)`, the best of a few tries each."""
    small = min(_seconds(work, size) for _ in range(3))
    large = min(_seconds(work, FACTOR * size) for _ in range(2))
    return large / max(small, FLOOR / FACTOR)


def _seconds(work: Callable[[int], object], size: int) -> float:
    begun = time.thread_time()
    work(size)
    return time.thread_time() - begun
