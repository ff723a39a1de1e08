"""What a child that reads strangers' files gives up before it reads one: files, network, other processes.

Readers of PDFs and workbooks are native code, and a child runs as the same user as the service, whose keys lie in files.
Landlock leaves it the libraries to read and nothing to change; a seccomp filter refuses sockets, programs and other
processes' memory. A kernel that offers neither leaves the limits of `resource` alone; `enter` says what holds.
"""

import ctypes
import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_PATH_BENEATH = 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
# Rights each version of Landlock knows (linux/landlock.h); what a kernel does not know it would refuse.
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_TCP_SINCE, _TCP_RIGHTS = 4, 0b11
_SCOPES_SINCE, _SCOPES = 6, 0b11

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER_MODE = 38, 22, 2
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050001
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_AT_ARCHITECTURE, _AT_NUMBER = 4, 0
_X32 = 0x40000000
# socket, socketpair, connect, execve, execveat, ptrace, process_vm_readv and _writev, kill, pidfd_send_signal,
# io_uring_setup, pidfd_getfd
_ARCHITECTURES = {
    "x86_64": (0xC000003E, (41, 53, 42, 59, 322, 101, 310, 311, 62, 424, 425, 438)),
    "aarch64": (0xC00000B7, (198, 199, 203, 221, 281, 117, 270, 271, 129, 424, 425, 438)),
}
_READABLE = (
    "/usr/lib",
    "/lib",
    "/lib64",
    "/usr/lib64",
    "/etc/ld.so.cache",
    "/usr/share/fonts",
    "/proc/self/statm",
)


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("rights", ctypes.c_uint64), ("folder", ctypes.c_int32)]


class _Instruction(ctypes.Structure):
    _fields_ = [
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    ]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction))]


def enter() -> frozenset[str]:
    """Give up for good what the child does not need. Returns which of `files` and `calls` the kernel now refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        return frozenset()
    held = {"files": _forbid_files(libc), "calls": _forbid_calls(libc)}
    return frozenset(name for name, holds in held.items() if holds)


def _forbid_files(libc: ctypes.CDLL) -> bool:
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)
    if version < 1:
        return False
    rules = _Ruleset(
        _FILE_RIGHTS[min(version, max(_FILE_RIGHTS))],
        _TCP_RIGHTS if version >= _TCP_SINCE else 0,
        _SCOPES if version >= _SCOPES_SINCE else 0,
    )
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(_size(version)), 0)
    if ruleset < 0:
        return False
    try:
        for path in _readable():
            _allow_reading(libc, ruleset, path)
        return bool(libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _size(version: int) -> int:
    """How much of the structure a version of Landlock knows, in bytes."""
    fields = 1 + (version >= _TCP_SINCE) + (version >= _SCOPES_SINCE)
    return fields * ctypes.sizeof(ctypes.c_uint64)


def _readable() -> Iterator[Path]:
    """Libraries, fonts and our own code; never the folder that holds our code, which may hold the data as well."""
    paths = sysconfig.get_paths()
    own = Path(__file__).resolve().parents[1]
    named = (*(paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")), *_READABLE)
    yield from {own, Path(sys.base_prefix) / "lib", *map(Path, named)}


def _allow_reading(libc: ctypes.CDLL, ruleset: int, path: Path) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rights = _READ_FILE | (_READ_DIR if path.is_dir() else 0)
        rule = _Beneath(rights, opened)
        libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(opened)


def _forbid_calls(libc: ctypes.CDLL) -> bool:
    known = _ARCHITECTURES.get(os.uname().machine)
    if known is None:
        return False
    architecture, refused = known
    steps = [
        (_LOAD, 0, 0, _AT_ARCHITECTURE),
        (_IF_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _AT_NUMBER),
        (_IF_AT_LEAST, len(refused) + 1, 0, _X32),
        *((_IF_EQUAL, len(refused) - at, 0, number) for at, number in enumerate(refused)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    instructions = (_Instruction * len(steps))(*(_Instruction(*step) for step in steps))
    program = _Program(len(steps), instructions)
    return bool(libc.prctl(_SET_SECCOMP, _FILTER_MODE, ctypes.byref(program), 0, 0) == 0)
