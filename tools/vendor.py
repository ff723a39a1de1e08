"""The front-end files Pli ships: copied from npm packages, compressed once, and checked by hash.

    python tools/vendor.py copy        after `npm ci`: refills static/vendor and rewrites vendor.lock.json
    python tools/vendor.py compress    after any change of a .css, .js or .mjs under static/; needs node
    python tools/vendor.py check       needs neither node nor a network; the tests run it

Everything this writes is committed, so that starting the service never needs npm. `vendor.lock.json` says for each
file which package, version and file it came from, and its SHA-256. `static/compressed.json` says which content each
.br file was made from: the service ignores a .br whose source has changed since.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
MODULES = ROOT / "node_modules"
LOCK = ROOT / "vendor.lock.json"
COMPRESSED = STATIC / "compressed.json"
COMPRESSIBLE = {".css", ".js", ".mjs"}

ICONS = [
    "arrow-left",
    "badge-check",
    "ban",
    "calendar-clock",
    "check",
    "check-check",
    "chevron-down",
    "chevron-left",
    "chevron-right",
    "circle-check",
    "circle-question-mark",
    "circle-slash",
    "circle-x",
    "clock",
    "download",
    "eye",
    "file-spreadsheet",
    "file-text",
    "files",
    "hourglass",
    "info",
    "key-round",
    "loader-circle",
    "lock-keyhole",
    "log-out",
    "mail-open",
    "menu",
    "message-square-text",
    "octagon-alert",
    "pencil",
    "plus",
    "printer",
    "refresh-cw",
    "search",
    "send",
    "settings",
    "smartphone",
    "power",
    "triangle-alert",
    "undo-2",
    "upload",
    "users",
    "x",
    "zoom-in",
    "zoom-out",
]

BROTLI = """
const fs = require("fs"), zlib = require("zlib"), level = {params: {[zlib.constants.BROTLI_PARAM_QUALITY]: 11}};
for (const name of process.argv.slice(1)) fs.writeFileSync(name + ".br", zlib.brotliCompressSync(fs.readFileSync(name), level));
"""


@dataclass(frozen=True)
class Package:
    """What is taken from one npm package: {file, or folder ending in "/": its place under static/vendor}."""

    version: str
    files: dict[str, str]


PACKAGES = {
    "htmx.org": Package(
        "4.0.1",
        {
            "dist/htmx.min.js": "htmx/htmx.min.js",
            "dist/ext/hx-sse.min.js": "htmx/hx-sse.min.js",
            "dist/ext/hx-csp.min.js": "htmx/hx-csp.min.js",
            "LICENSE": "htmx/LICENSE",
        },
    ),
    "pdfjs-dist": Package(
        "6.5.438",
        {
            "legacy/build/pdf.min.mjs": "pdfjs/pdf.min.mjs",
            "legacy/build/pdf.worker.min.mjs": "pdfjs/pdf.worker.min.mjs",
            "standard_fonts/": "pdfjs/standard_fonts/",
            "LICENSE": "pdfjs/LICENSE",
        },
    ),
    "@fontsource-variable/inter": Package(
        "5.3.0",
        {
            "files/inter-latin-wght-normal.woff2": "inter/inter-latin.woff2",
            "files/inter-latin-ext-wght-normal.woff2": "inter/inter-latin-ext.woff2",
            "files/inter-vietnamese-wght-normal.woff2": "inter/inter-vietnamese.woff2",
            "LICENSE": "inter/LICENSE",
        },
    ),
    "lucide-static": Package(
        "1.62.0",
        {f"icons/{name}.svg": f"lucide/{name}.svg" for name in ICONS} | {"LICENSE": "lucide/LICENSE"},
    ),
}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def expand(package: Path, files: dict[str, str]) -> list[tuple[Path, str]]:
    """Each file to copy with its place under static/vendor."""
    pairs: list[tuple[Path, str]] = []
    for source, target in files.items():
        if source.endswith("/"):
            folder = package / source
            inside = sorted(path for path in folder.rglob("*") if path.is_file())
            pairs += [(path, target + path.relative_to(folder).as_posix()) for path in inside]
        else:
            pairs.append((package / source, target))
    return pairs


def copy() -> list[str]:
    """Refill static/vendor. Returns what is wrong, and then leaves everything as it was."""
    for name, wanted in PACKAGES.items():
        manifest = MODULES / name / "package.json"
        found = json.loads(manifest.read_text())["version"] if manifest.is_file() else "absent"
        if found != wanted.version:
            return [f"{name}: {wanted.version} is wanted, {found} is in node_modules; run `npm ci`"]
    shutil.rmtree(VENDOR, ignore_errors=True)
    lock: dict[str, dict[str, str | int]] = {}
    for name, wanted in PACKAGES.items():
        package = MODULES / name
        for source, target in expand(package, wanted.files):
            path = VENDOR / target
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, path)
            lock[target] = {
                "package": name,
                "version": wanted.version,
                "from": source.relative_to(package).as_posix(),
                "bytes": path.stat().st_size,
                "sha256": sha256(path),
            }
    LOCK.write_text(json.dumps(lock, indent=1, sort_keys=True) + "\n")
    return compress()


def compressible() -> dict[str, Path]:
    found = sorted(path for path in STATIC.rglob("*") if path.suffix in COMPRESSIBLE)
    return {path.relative_to(STATIC).as_posix(): path for path in found}


def compress() -> list[str]:
    """Write a .br beside every style sheet and script whose content has changed since the last time."""
    if not shutil.which("node"):
        return ["compress: node is needed, and is not on the PATH"]
    sources = compressible()
    known = json.loads(COMPRESSED.read_text()) if COMPRESSED.is_file() else {}
    stale = [
        path
        for name, path in sources.items()
        if known.get(name) != sha256(path) or not path.with_name(path.name + ".br").is_file()
    ]
    for orphan in set(STATIC.rglob("*.br")) - {
        path.with_name(path.name + ".br") for path in sources.values()
    }:
        orphan.unlink()
    if stale:
        subprocess.run(["node", "-e", BROTLI, *map(str, stale)], check=True, timeout=300)
    hashes = {name: sha256(path) for name, path in sources.items()}
    COMPRESSED.write_text(json.dumps(hashes, indent=1, sort_keys=True) + "\n")
    return []


def check() -> list[str]:
    """Files that are missing, changed, strayed in, or compressed from something else than what is there now."""
    lock: dict[str, dict[str, str]] = json.loads(LOCK.read_text())
    problems = []
    for target, entry in lock.items():
        path = VENDOR / target
        if not path.is_file():
            problems.append(f"missing: {target}")
        elif sha256(path) != entry["sha256"]:
            problems.append(f"changed: {target}")
    present = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    problems += [
        f"not in the lock: {name}"
        for name in sorted(present - set(lock))
        if name.removesuffix(".br") not in lock
    ]
    hashes: dict[str, str] = json.loads(COMPRESSED.read_text())
    for name, path in compressible().items():
        if hashes.get(name) != sha256(path) or not path.with_name(path.name + ".br").is_file():
            problems.append(f"run `python tools/vendor.py compress`: {name} has changed")
    return problems


ACTIONS: dict[str, Callable[[], list[str]]] = {"copy": copy, "compress": compress, "check": check}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in ACTIONS:
        print(f"usage: vendor.py {'|'.join(ACTIONS)}", file=sys.stderr)
        return 2
    problems = ACTIONS[arguments[0]]()
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
