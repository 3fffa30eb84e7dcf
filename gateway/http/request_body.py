"""Reading the JSON body of an HTTP request, however odd it is, within a limit."""

from email.message import Message

import orjson
from starlette.requests import Request

from gateway.http.responses import JSON, RequestRefusedError


class InvalidJsonError(RequestRefusedError):
    """The body is not JSON in UTF-8 (400)."""


async def read_json(request: Request, limit_bytes: int) -> object:
    """Return the body of `request`, which must be JSON in UTF-8, decoded.

    Raises RequestRefusedError: 415 for another content type, 413 for a body above `limit_bytes` (without reading it
    to its end), InvalidJsonError for one that is not JSON. Text that UTF-8 cannot hold, such as an unpaired surrogate,
    and values nested more than about a thousand deep are not JSON to us.
    """
    _check_content_type(request)
    body = await _read(request, limit_bytes)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidJsonError(400, f"The body is not valid JSON in UTF-8: {error}.") from None


def content_type(request: Request) -> tuple[str, str]:
    """Return the media type of the body of `request` and its character set, in lower case; empty where not said."""
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    if not header["content-type"]:
        return "", ""
    return header.get_content_type(), str(header.get_param("charset", "")).lower()


def _check_content_type(request: Request) -> None:
    media_type, charset = content_type(request)
    if media_type != JSON or charset not in {"", "utf-8", "utf8"}:
        message = f"The body has to be {JSON}, in UTF-8, and say so in the Content-Type header."
        raise RequestRefusedError(415, message, {"Accept-Post": JSON})


async def _read(request: Request, limit_bytes: int) -> bytes:
    message = f"The body is larger than {limit_bytes} bytes."
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and len(announced) < 20 and int(announced) > limit_bytes:  # noqa: PLR2004 (a sane number)
        raise RequestRefusedError(413, message, {"Connection": "close"})
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit_bytes:
            raise RequestRefusedError(413, message, {"Connection": "close"})
        chunks.append(chunk)
    return b"".join(chunks)
