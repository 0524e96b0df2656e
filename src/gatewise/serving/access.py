"""Who may ask: a token where one is set, and no page of another origin that a browser has open."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from gatewise.errors import OptionError
from gatewise.serving.errors import Refusal

__all__ = ["BEARER", "OPEN", "App", "Gate", "Receive", "Scope", "Send", "read_token"]

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN = ("/", "/docs", "/health")
"""Paths that say nothing of the model, and need no token."""


BEARER = "bearer"
"""Of a WebSocket the protocol that says that a token follows."""


class Gate:
    """Lets through what may ask. refuse: answers what may not."""

    def __init__(self, app: App, token: str | None, refuse: Callable[[Scope, Receive, Send, Refusal], Awaitable[None]]) -> None:
        self._app, self._refuse = app, refuse
        self._token = None if token is None else token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            refusal = self._refusal(scope)
            if refusal is not None:
                await self._refuse(scope, receive, send, refusal)
                return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> Refusal | None:
        headers = {name: value for name, value in scope["headers"] if name in (b"authorization", b"origin", b"host")}
        origin = headers.get(b"origin")
        # A browser lets any page open a WebSocket to anywhere, this machine included, and names the page's origin.
        if scope["type"] == "websocket" and origin is not None:
            host = headers.get(b"host", b"").decode("latin-1")
            if urlsplit(origin.decode("latin-1")).netloc != host:
                return Refusal(403, "a page of another origin may not open a stream here")
        if self._token is None or scope["path"] in OPEN:
            return None
        kind, _, came = headers.get(b"authorization", b"").partition(b" ")
        # A page has no say in a WebSocket's headers but in its protocols: new WebSocket(address, ["bearer", TOKEN]).
        named = scope.get("subprotocols", ())
        if BEARER in named[:1]:
            kind, came = b"bearer", ",".join(named[1:]).encode("latin-1")
        # Takes as long for a wrong token as for the right one.
        if kind.lower() == b"bearer" and hmac.compare_digest(came.strip(), self._token):
            return None
        return Refusal(401, "this server asks for its token: send the header Authorization: Bearer TOKEN")


def read_token(path: Path) -> str:
    """The token in a file, without the white space around it. Raises OptionError where there is none."""
    try:
        token = path.read_text(encoding="ascii").strip()
    except UnicodeDecodeError as error:
        raise OptionError(f"the token in {path} is no ASCII; write one of letters and digits") from error
    except OSError as error:
        raise OptionError(f"the token file {path} cannot be read: {error.strerror or error}") from error
    if not token or any(character.isspace() for character in token):
        raise OptionError(f"the token file {path} holds no single word; write one of letters and digits into it")
    return token
