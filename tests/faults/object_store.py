"""As much of S3 as the broker's storage asks for, in memory: what it holds outlives the broker.

Objects are written whole, on conditions (`If-None-Match: *`, `If-Match`), read and listed. The same broker did the same
on moto's S3 (5.2); a request that is not among these is answered with 501, and fails the test that made it.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import md5
from xml.sax.saxutils import escape

from aiohttp import web

from persistence.embedded.ports import LOOPBACK

BUCKET = "tansu"


class ObjectStore:
    """One bucket."""

    def __init__(self) -> None:
        self.port = 0
        self._objects: dict[str, tuple[bytes, str]] = {}
        """By key: what was written, and its entity tag."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables by which the broker finds it; it signs with any key."""
        return {
            "AWS_ENDPOINT": f"http://{LOOPBACK}:{self.port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
        }

    async def answer(self, request: web.Request) -> web.Response:
        key = request.match_info["key"]
        match request.method:
            case "GET" if not key and request.query.get("list-type") == "2":
                return self._list(request.query.get("prefix", ""), request.query.get("delimiter", ""))
            case "GET" | "HEAD" if key:
                return self._read(key, request.headers)
            case "PUT" if key and not request.query_string:
                return self._write(key, await request.read(), request.headers)
            case "DELETE" if key:
                self._objects.pop(key, None)
                return web.Response(status=204)
        return web.Response(status=501)

    def _list(self, prefix: str, delimiter: str) -> web.Response:
        below = sorted(key for key in self._objects if key.startswith(prefix))
        cuts = {key: key.find(delimiter, len(prefix)) if delimiter else -1 for key in below}
        folders = dict.fromkeys(key[: cut + len(delimiter)] for key, cut in cuts.items() if cut >= 0)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        parts = [
            f"<Contents><Key>{escape(key)}</Key><LastModified>{now}</LastModified><ETag>{self._objects[key][1]}</ETag>"
            f"<Size>{len(self._objects[key][0])}</Size><StorageClass>STANDARD</StorageClass></Contents>"
            for key, cut in cuts.items()
            if cut < 0
        ]
        parts += [f"<CommonPrefixes><Prefix>{escape(folder)}</Prefix></CommonPrefixes>" for folder in folders]
        text = (
            '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{BUCKET}</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{len(parts)}</KeyCount>"
            f"<MaxKeys>1000000</MaxKeys><IsTruncated>false</IsTruncated>{''.join(parts)}</ListBucketResult>"
        )
        return web.Response(text=text, content_type="application/xml")

    def _read(self, key: str, headers: Mapping[str, str]) -> web.Response:
        if key not in self._objects:
            return web.Response(status=404)
        if "Range" in headers:
            return web.Response(status=501)
        body, tag = self._objects[key]
        about = {"ETag": tag, "Last-Modified": datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")}
        if headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers=about)
        return web.Response(body=body, headers=about)

    def _write(self, key: str, body: bytes, headers: Mapping[str, str]) -> web.Response:
        found = self._objects.get(key)
        if (headers.get("If-None-Match") == "*" and found) or headers.get("If-Match", found and found[1]) != (
            found and found[1]
        ):
            return web.Response(status=412)
        tag = f'"{md5(body, usedforsecurity=False).hexdigest()}"'
        self._objects[key] = (body, tag)
        return web.Response(headers={"ETag": tag})


@asynccontextmanager
async def object_store() -> AsyncIterator[ObjectStore]:
    """Serve an empty one."""
    store = ObjectStore()
    application = web.Application(client_max_size=1 << 30)
    application.router.add_route("*", f"/{BUCKET}{{slash:/?}}{{key:.*}}", store.answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, LOOPBACK, 0)
        await site.start()
        store.port = int(runner.addresses[0][1])
        yield store
    finally:
        await runner.cleanup()
