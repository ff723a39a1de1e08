"""A Chromium for the browser tests, from ordinary package registries only.

    python tools/browser.py    prints the path of a Chromium that starts; installs one first when there is none.
                               Exit code 1, with the reasons on stderr, when none can be had.
    find()                     for conftest.py. Never installs, so that parallel test workers cannot race.

Looked for in this order: the CHROMIUM variable, the PATH, what an earlier run unpacked under .cache/. Installed in
this order: Debian's chromium-headless-shell (as root, by apt), npm's @sparticuz/chromium (with node).
BROWSER_INSTALL=0 forbids installing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NPM_PROJECT = ROOT / "tools" / "browser"
CACHE = ROOT / ".cache" / "chromium"
NAMES_ON_PATH = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")

UNBROTLI = """
const fs = require("fs"), zlib = require("zlib"), [from, to] = process.argv.slice(1);
fs.createReadStream(from).pipe(zlib.createBrotliDecompress()).pipe(fs.createWriteStream(to));
"""

# The npm package's own configuration names font folders of another kind of machine: text would be laid out but
# invisible, and only screenshots would show it.
FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{cache}</cachedir>
  <alias><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
  <alias><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias>
</fontconfig>
"""


class NotPossibleError(Exception):
    """This way of installing does not exist on this machine; the message says what it lacks."""


@dataclass(frozen=True)
class Chromium:
    """An executable, and the variables it needs beside the inherited ones."""

    executable: str
    environment: dict[str, str] = field(default_factory=dict)

    def launch_options(self) -> dict[str, Any]:
        """Keyword arguments for Playwright's `launch()`."""
        return {"executable_path": self.executable, "env": {**os.environ, **self.environment}}

    def starts(self) -> bool:
        command = [self.executable, "--no-sandbox", "--version"]
        environment = {**os.environ, **self.environment}
        try:
            return subprocess.run(command, env=environment, capture_output=True, timeout=60).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False


def find() -> Chromium | None:
    """A Chromium that is already here, or None."""
    if named := os.environ.get("CHROMIUM"):
        return Chromium(named)
    for name in NAMES_ON_PATH:
        if path := shutil.which(name):
            return Chromium(path)
    if (CACHE / "chromium").is_file():
        libraries, fonts = CACHE / "al2023" / "lib", CACHE / "fontconfig"
        return Chromium(
            str(CACHE / "chromium"), {"LD_LIBRARY_PATH": str(libraries), "FONTCONFIG_PATH": str(fonts)}
        )
    return None


def install_with_apt() -> None:
    if os.geteuid() != 0:
        raise NotPossibleError("apt needs root")
    if not shutil.which("apt-get"):
        raise NotPossibleError("no apt-get on the PATH")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (
        ["update", "-qq"],
        ["install", "-qq", "-y", "--no-install-recommends", "chromium-headless-shell"],
    ):
        subprocess.run(
            ["apt-get", *arguments], env=environment, check=True, timeout=600, stdout=subprocess.DEVNULL
        )


def install_with_npm() -> None:
    if not (shutil.which("node") and shutil.which("npm")):
        raise NotPossibleError("no node and npm on the PATH")
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(command, cwd=NPM_PROJECT, check=True, timeout=600)
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE.parent) as scratch:
        unpacked = Path(scratch) / "chromium"
        unpack(NPM_PROJECT / "node_modules" / "@sparticuz" / "chromium" / "bin", unpacked)
        shutil.rmtree(CACHE, ignore_errors=True)
        unpacked.rename(CACHE)


def unpack(packed: Path, target: Path) -> None:
    """Turn the package's brotli files into a runnable folder."""
    target.mkdir()
    unbrotli(packed / "chromium.br", target / "chromium")
    (target / "chromium").chmod(0o755)
    # SwiftShader's libraries are looked up beside the executable, the others in folders of their own.
    for name, folder in (("al2023", target / "al2023"), ("fonts", target / "fonts"), ("swiftshader", target)):
        archive = target / f"{name}.tar"
        unbrotli(packed / f"{name}.tar.br", archive)
        with tarfile.open(archive) as tar:
            if hasattr(tarfile, "data_filter"):
                tar.extractall(folder, filter="data")
            else:  # Python 3.11.2 of Debian 12 has no filters yet.
                tar.extractall(folder)
        archive.unlink()
    (target / "fontconfig").mkdir()
    configuration = FONTS_CONF.format(fonts=CACHE / "fonts", cache=CACHE / "fontconfig" / "cache")
    (target / "fontconfig" / "fonts.conf").write_text(configuration)


def unbrotli(source: Path, target: Path) -> None:
    subprocess.run(["node", "-e", UNBROTLI, str(source), str(target)], check=True, timeout=180)


def install() -> Chromium | None:
    """Try each way in turn; the reasons of those that fail go to stderr."""
    for way in (install_with_apt, install_with_npm):
        try:
            way()
        except (NotPossibleError, OSError, subprocess.SubprocessError, tarfile.TarError) as error:
            print(f"browser: {way.__name__}: {error}", file=sys.stderr)
            continue
        if (found := find()) and found.starts():
            return found
        print(f"browser: {way.__name__}: installed, but it does not start", file=sys.stderr)
    return None


def main() -> int:
    found = find()
    if found and found.starts():
        print(found.executable)
        return 0
    if os.environ.get("BROWSER_INSTALL") == "0":
        print("browser: none here, and BROWSER_INSTALL=0 forbids installing one", file=sys.stderr)
        return 1
    if (installed := install()) is None:
        print("browser: none here, so the browser tests cannot run", file=sys.stderr)
        return 1
    print(installed.executable)
    return 0


if __name__ == "__main__":
    sys.exit(main())
