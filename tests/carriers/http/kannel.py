"""A real Kannel (Debian's package) in front of an SMSC simulator.

Used where it is installed; otherwise the package and the libraries it lacks are unpacked under .cache/, which needs
neither root nor an installation. Kannel is started twice over: bearerbox holds the bind, smsbox takes the requests.
"""

import fcntl
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CACHE = ROOT / ".cache" / "kannel"
BOXES = ("bearerbox", "smsbox")
USERNAME, PASSWORD = "tester", "foobar"
START_SECONDS = 20.0
_DEPENDS = (
    "apt-cache", "depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks",
    "--no-replaces", "--no-enhances", "kannel",
)  # fmt: skip


class NoKannel(Exception):
    """There is none to be had here; the message says why."""


@dataclass(frozen=True)
class Installed:
    """Where the programs are, and what they need in their environment."""

    folder: Path
    environment: Mapping[str, str]


def find() -> Installed:
    """Raises NoKannel."""
    if path := shutil.which("bearerbox"):
        return Installed(Path(path).parent, os.environ)
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _works(_unpacked()):
            _unpack()
            if not _works(_unpacked()):
                raise NoKannel("Kannel was unpacked and does not start: a library is missing")
    return _unpacked()


def _unpacked() -> Installed:
    libraries = sorted({str(path.parent) for path in (CACHE / "root").rglob("*.so.*")})
    return Installed(
        CACHE / "root" / "usr" / "sbin", {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(libraries)}
    )


def _works(found: Installed) -> bool:
    if not all((found.folder / box).exists() for box in BOXES):
        return False
    told = [_run(["ldd", str(found.folder / box)], found.environment) for box in BOXES]
    return not any("not found" in text for text in told)


def _unpack() -> None:
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise NoKannel("no apt here; install Kannel (bearerbox and smsbox on the PATH)")
    if not _run(["apt-cache", "show", "kannel"]) and os.geteuid() == 0:
        _run(["apt-get", "-q", "update"])
    needed = [line for line in _run(_DEPENDS).splitlines() if line.startswith("lib")]
    missing = [
        name for name in needed if "ok installed" not in _run(["dpkg-query", "-W", "-f", "${Status}", name])
    ]
    downloads = CACHE / "downloads"
    downloads.mkdir(exist_ok=True)
    done = subprocess.run(
        ["apt-get", "-q", "download", "kannel", *missing],
        cwd=downloads,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise NoKannel(f"Kannel cannot be downloaded: {done.stderr.strip()[-300:]}")
    for package in downloads.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(package), str(CACHE / "root")], check=True)


def _run(command: list[str] | tuple[str, ...], environment: Mapping[str, str] | None = None) -> str:
    """What a command printed, nothing when it failed."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment and dict(environment)
    )
    return done.stdout if done.returncode == 0 else ""


_CONFIGURATION = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = change-me
smsbox-port = {bearer}
smsbox-interface = 127.0.0.1
dlr-storage = internal
log-file = "{folder}/bearerbox.log"
log-level = 0

group = smsc
smsc = smpp
smsc-id = sim
host = 127.0.0.1
port = {smsc}
transceiver-mode = true
smsc-username = "esme1"
smsc-password = "secret08"
system-type = ""
msg-id-type = 0x00

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
log-file = "{folder}/smsbox.log"
log-level = 0
http-request-retry = 3
http-queue-delay = 1

group = sendsms-user
username = {username}
password = {password}
max-messages = 10
concatenation = true
user-allow-ip = "127.0.0.1"

group = sms-service
keyword = default
get-url = "{replies}"
max-messages = 0
"""


@contextmanager
def running(found: Installed, folder: Path, smsc_port: int, sendsms: int, replies: str) -> Iterator[None]:
    """Both boxes, bound to the SMSC at `smsc_port`, with smsbox on the port `sendsms`. `replies` is called for what
    phones send."""
    admin, bearer = free_ports(2)
    configuration = folder / "kannel.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            admin=admin,
            bearer=bearer,
            sendsms=sendsms,
            smsc=smsc_port,
            folder=folder,
            username=USERNAME,
            password=PASSWORD,
            replies=replies,
        )
    )
    with ExitStack() as boxes:
        for box, port in (("bearerbox", bearer), ("smsbox", sendsms)):
            boxes.enter_context(_box(found, box, configuration))
            wait_for_port(port)
        yield


@contextmanager
def _box(found: Installed, box: str, configuration: Path) -> Iterator[None]:
    process = subprocess.Popen(
        [str(found.folder / box), str(configuration)],
        env=dict(found.environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on at this moment."""
    with ExitStack() as held:
        opened = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in opened:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in opened]


def wait_for_port(port: int, seconds: float = START_SECONDS) -> None:
    """Until somebody listens there. Raises TimeoutError."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nobody listens on port {port} after {seconds} seconds")
