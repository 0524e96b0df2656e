"""The server from its start to its end."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable

import uvicorn

from gatewise.errors import OptionError
from gatewise.runtime.model import Model
from gatewise.serving.app import create_app
from gatewise.serving.connections import Talk, bounded
from gatewise.serving.limits import Limits

__all__ = ["is_loopback", "listening", "serve", "server_of"]

# Connections that wait to be taken on.
_BACKLOG = 1024


def server_of(model: Model, token: str | None, limits: Limits) -> uvicorn.Server:
    """A server that `run` starts on the sockets it is given."""
    config = uvicorn.Config(
        create_app(model, limits, token),
        http=bounded(limits),
        ws=Talk,
        ws_max_size=limits.body,
        # A connection that has gone without a word is met by the next ping.
        ws_ping_interval=limits.patience,
        ws_ping_timeout=limits.patience,
        ws_per_message_deflate=False,
        backlog=_BACKLOG,
        timeout_keep_alive=max(1, int(limits.patience)),
        timeout_graceful_shutdown=int(limits.drain),
        h11_max_incomplete_event_size=2**15,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="on",
    )
    return uvicorn.Server(config)


def serve(model: Model, host: str, port: int, token: str | None, limits: Limits, say: Callable[[str], None]) -> None:
    """Serve a model until a signal asks for the end; what was accepted is finished first.

    port: 0 for any that is free. say: told where the server is, and what is to be warned of. Raises OptionError where the
    address cannot be had, and KeyboardInterrupt once the server has ended by a signal.
    """
    with listening(host, port) as place:
        if token is None and not is_loopback(host):
            say(
                f"warning: anyone who reaches {host} may ask this server, for there is no token; set one with --token-file, or "
                "serve on 127.0.0.1"
            )
        shown = f"[{host}]" if ":" in host else host
        server = server_of(model, token, limits)
        say(f"serving the {model.name} on http://{shown}:{place.getsockname()[1]}/")
        server.run(sockets=[place])


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens on an address. Raises OptionError where it cannot be had."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        # Named, for only then asyncio sets TCP_NODELAY: without it the second part of an answer waits for the client to
        # acknowledge the first, which it does after 40 ms.
        place = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except (OSError, OverflowError, UnicodeError) as error:
        raise OptionError(f"the host {host!r} is not known here ({error}); give the name or address of this machine") from error
    try:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind(address)
        # From here on who comes waits until the server has started, and is not turned away.
        place.listen(_BACKLOG)
    except OSError as error:
        place.close()
        raise OptionError(
            f"cannot serve on {host} port {port}: {error.strerror or error}; choose another --port or --host, or end what is "
            "there"
        ) from error
    return place


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
