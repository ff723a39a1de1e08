"""How much memory the child holds, and giving back what it does not need.

Readers keep what they have seen: pdfium its fonts, qpdf every object it was asked for. In a payroll whose people share
fonts and logo that is little; where documents with fonts of their own were joined, it is more than the file. So whoever
has a file open looks now and then, and opens it again when it has grown a lot.
"""

import ctypes
import gc
import os
from pathlib import Path

MAX_GROWTH = 64 * 1024 * 1024
_MEMORY_PAGE = os.sysconf("SC_PAGE_SIZE")
_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)


def resident_bytes() -> int:
    """Memory of this process that is in use now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _MEMORY_PAGE


def give_back() -> None:
    """After something large was let go: glibc keeps what lies between two pieces in use until it is told; another C
    library has no such function."""
    gc.collect()
    if _trim is not None:
        _trim(0)
