"""Style sheets, scripts and fonts: addresses that change with the content, and brotli copies made beforehand."""

from __future__ import annotations

import hashlib
import json
import os
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles as StarletteStaticFiles
from starlette.types import Scope

STATIC = Path(__file__).resolve().parents[2] / "static"
MOUNT = "/static"
FOREVER = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"

# Python's own table leaves out .mjs on some systems, and browsers refuse a module that is not JavaScript.
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
}


@lru_cache(maxsize=256)
def _digest(path: Path, _changed_ns: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digest(path: Path) -> str:
    """SHA-256 of a file in hex; read again only when the file has been written since."""
    return _digest(path, path.stat().st_mtime_ns)


def static_url(name: str, root: Path = STATIC) -> str:
    """The address of a file under `static/`, with a part of its hash, so that a browser may keep it for ever.

    Raises FileNotFoundError when there is no such file: a page that names one is a bug.
    """
    return f"{MOUNT}/{name}?v={digest(root / name)[:12]}"


def static_text(name: str, root: Path = STATIC) -> str:
    """The content of a style sheet or script, for pages that put it in the HTML to save a round trip."""
    return (root / name).read_text(encoding="utf-8")


class StaticFiles(StarletteStaticFiles):
    """Starlette's static files with three differences.

    A `.br` beside a file goes to browsers that take it, provided `compressed.json` says it was made from what the
    file holds now. Types are ours. Vendored files and addresses with a `v` are kept for ever by the browser, others
    are asked for again.
    """

    def __init__(self, directory: Path = STATIC) -> None:
        super().__init__(directory=directory)
        self.root = directory
        manifest = directory / "compressed.json"
        self.compressed: dict[str, str] = json.loads(manifest.read_text()) if manifest.is_file() else {}

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        path = Path(full_path)
        name = path.relative_to(self.root.resolve()).as_posix()
        brotli = self._brotli(path, name)
        send_brotli = brotli is not None and _accepts_brotli(Headers(scope=scope))
        chosen, chosen_stat = (
            (brotli, brotli.stat()) if brotli is not None and send_brotli else (path, stat_result)
        )
        # Length and ETag come from the file that is really sent: the two forms must not share a tag.
        response = FileResponse(
            chosen, status_code=status_code, stat_result=chosen_stat, media_type=TYPES.get(path.suffix)
        )
        kept = name.startswith("vendor/") or b"v=" in scope.get("query_string", b"")
        response.headers["Cache-Control"] = FOREVER if kept else REVALIDATE
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if brotli is not None:
            response.headers["Vary"] = "Accept-Encoding"
        if send_brotli:
            response.headers["Content-Encoding"] = "br"
        if self.is_not_modified(response.headers, Headers(scope=scope)):
            kept_headers = {
                k: v for k, v in response.headers.items() if k in ("etag", "cache-control", "vary")
            }
            return Response(status_code=304, headers=kept_headers)
        return response

    def _brotli(self, path: Path, name: str) -> Path | None:
        candidate = path.with_name(path.name + ".br")
        made_from = self.compressed.get(name)
        return candidate if made_from and candidate.is_file() and digest(path) == made_from else None


def _accepts_brotli(headers: Headers) -> bool:
    for offer in headers.get("accept-encoding", "").lower().split(","):
        name, _, quality = offer.replace(" ", "").partition(";q=")
        if name == "br":
            return quality.strip("0.") != "" or not quality
    return False
