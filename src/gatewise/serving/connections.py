"""Connections within their limits: how many there are, and how long one may take to ask."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from gatewise.serving.limits import Limits

__all__ = ["Talk", "bounded"]


class Talk(WebSocketsSansIOProtocol):
    """A WebSocket, whose refusal by the application is an answer like others: uvicorn would log an error for each."""

    async def send(self, message: Any) -> None:
        """As ASGI has it."""
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True


def bounded(limits: Limits) -> type[H11Protocol]:
    """The protocol of a connection, for uvicorn, which itself waits forever for a request that does not come."""
    message = json.dumps({"error": f"{limits.connections} connections are open, and no more may be; try again"}).encode()
    full = (
        b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\nconnection: close\r\n"
        b"content-length: %d\r\n\r\n%s" % (len(message), message)
    )

    class Bounded(H11Protocol):
        _late: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if len(self.connections) > limits.connections:
                transport.write(full)
                transport.close()
            else:
                self._expect()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            # Of a request that has begun there must soon be a head.
            if self._is_asking():
                self._expect()
            else:
                self._relax()

        def connection_lost(self, exc: Exception | None) -> None:
            self._relax()
            super().connection_lost(exc)

        def handle_websocket_upgrade(self, event: Any) -> None:
            self._relax()
            super().handle_websocket_upgrade(event)

        def _is_asking(self) -> bool:
            return self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])

        def _expect(self) -> None:
            if self._late is None:
                self._late = self.loop.call_later(limits.patience, self.transport.close)

        def _relax(self) -> None:
            if self._late is not None:
                self._late.cancel()
                self._late = None

    return Bounded
