"""Bodies of requests, which are strangers: no more is read than is allowed."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import ClientDisconnect, Request

from haac_studio._limits import STUDIO_LIMITS


class Answered(Exception):  # noqa: N818
    """Ends a request with a status and a message; with more keys, if the page needs them."""

    def __init__(self, status: int, message: str, **more: object) -> None:
        super().__init__(message)
        self.status, self.body = status, {"error": message, **more}


async def body_of(request: Request, most: int) -> bytes:
    """Read the body of a request.

    Args:
        request: Its length is compared with the limit before anything is read.
        most: Bytes that are allowed.

    Raises:
        Answered: 413, it is longer; 400, its length is no number, or it did not come whole.
    """
    declared = request.headers.get("content-length", "0")
    if not declared.isascii() or not declared.isdigit():
        raise Answered(400, f"the length of a body is a whole number of bytes, not {declared[:20]!r}")
    _check(int(declared[:20]), most)
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            _check(size, most)
            parts.append(part)
    except ClientDisconnect as error:
        raise Answered(400, "the body did not come whole") from error
    return b"".join(parts)


def _check(size: int, most: int) -> None:
    if size > most:
        raise Answered(413, f"the body has more than the {most:,} bytes that are allowed")


async def json_of(request: Request, most: int = STUDIO_LIMITS.request_bytes) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        Answered: 413 or 400: it is none.
    """
    data = await body_of(request, most)
    try:
        value = json.loads(data or b"{}", parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Answered(400, f"the body is no JSON ({error})") from error
    if not isinstance(value, dict):
        raise Answered(400, "the body is not a JSON object")
    return value


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")
