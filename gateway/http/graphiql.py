"""The GraphiQL page at `/` and its files below `/graphiql/`, as hatch_build.py made them; nothing from elsewhere."""

import gzip
import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

BUNDLE = Path(__file__).parents[1] / "_graphiql"
"""Where the page is, if it was built."""
ASSETS = "graphiql"
"""The folder of its files there, and their path on the gateway."""

# Monaco, the editor, writes style elements and attributes; everything else comes from the gateway as a file.
POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of the page and of its workers."""

HOW_TO_BUILD = (
    "GraphiQL is not here: it is built with Node.js when Topicsnap is installed. Install Node.js 20.19 or newer with "
    "npm; then, in a checkout, run make graphiql, else install Topicsnap again, by pip install --force-reinstall "
    "--no-deps --no-cache-dir and what you installed before. Then load this page again."
)

_MEDIA_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
_COMPRESSED = frozenset({".woff", ".woff2"})
_FILE = re.compile(r"\w[\w.-]*", re.ASCII)
_FOREVER = "public, max-age=31536000, immutable"


def is_built(bundle: Path = BUNDLE) -> bool:
    """Whether there is a page to serve."""
    return (bundle / "index.html").is_file()


def graphiql_routes(bundle: Path = BUNDLE) -> list[Route]:
    """Return the routes of the page and of its files.

    The names of the files hold hashes of their contents, so browsers keep them for good; the page itself is asked for
    again each time, and answered by 304 where it is the same.
    """

    async def page(request: Request) -> Response:
        content = _read(bundle / "index.html")
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers = {"Cache-Control": "no-cache", "Content-Security-Policy": POLICY, "ETag": etag}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type="text/html")

    async def asset(request: Request) -> Response:
        name = request.path_params["name"]
        path = bundle / ASSETS / name
        media_type = _MEDIA_TYPES.get(path.suffix)
        if media_type is None or not _FILE.fullmatch(name):
            raise HTTPException(404)
        zipped = path.suffix not in _COMPRESSED and accepts_gzip(request.headers.get("accept-encoding", ""))
        content = await run_in_threadpool(_zip if zipped else _read, path)
        headers = {"Cache-Control": _FOREVER, "Content-Security-Policy": POLICY, "Vary": "Accept-Encoding"}
        if zipped:
            headers["Content-Encoding"] = "gzip"
        return Response(content, headers=headers, media_type=media_type)

    return [Route("/", page), Route(f"/{ASSETS}/{{name}}", asset)]


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether a client that sent this header takes gzip."""
    for coding in accept_encoding.lower().split(","):
        name, _, parameter = coding.partition(";")
        if name.strip() in {"gzip", "*"}:
            return re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", parameter) is None
    return False


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # not there, or built anew under this process
        raise HTTPException(404) from None


@lru_cache(maxsize=64)
def _zip(path: Path) -> bytes:
    """Compress once; the whole page comes to 2 MB."""
    return gzip.compress(_read(path), compresslevel=6, mtime=0)
