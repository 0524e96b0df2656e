"""A request's body within its limits of size and time."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

from gatewise.serving.errors import Refusal
from gatewise.serving.limits import Limits

__all__ = ["read_body"]


async def read_body(request: Request, limits: Limits) -> bytes:
    """The whole body. Raises Refusal where it is not JSON by its header, too long, or does not come in time."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal(415, f"the body is {kind or 'of no type'}; send application/json")
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limits.body:
        raise _too_long(limits)
    chunks, size = [], 0
    try:
        async with asyncio.timeout(limits.patience):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limits.body:
                    raise _too_long(limits)
                chunks.append(chunk)
    except TimeoutError as error:
        raise Refusal(408, f"the body did not come within {limits.patience:g} s") from error
    except ClientDisconnect as error:
        raise Refusal(400, "the client has gone") from error
    return b"".join(chunks)


def _too_long(limits: Limits) -> Refusal:
    return Refusal(413, f"the body has more than {limits.body:,} bytes; send less at once")
