"""A server of this process, on a port of its own."""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from websockets.sync.client import ClientConnection, connect

from gatewise.runtime.model import Model
from gatewise.serving.limits import Limits
from gatewise.serving.server import listening, server_of


@dataclass
class Running:
    """client: of HTTP, for one thread."""

    server: uvicorn.Server
    port: int
    client: httpx.Client
    thread: threading.Thread

    def predict(self, *inputs: Any, **options: Any) -> httpx.Response:
        return self.client.post("/predict", json={"inputs": list(inputs)}, **options)

    def stream(self, **options: Any) -> AbstractContextManager[ClientConnection]:
        found: AbstractContextManager[ClientConnection] = connect(
            f"ws://127.0.0.1:{self.port}/stream", compression=None, proxy=None, **options
        )
        return found


@contextmanager
def running(model: Model, token: str | None = None, **limits: Any) -> Iterator[Running]:
    place = listening("127.0.0.1", 0)
    server = server_of(model, token, Limits(**limits))
    thread = threading.Thread(target=server.run, args=([place],))
    thread.start()
    port = place.getsockname()[1]
    try:
        until(lambda: server.started)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False) as client:
            yield Running(server, port, client, thread)
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


def until(reached: Any, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "it was not reached in time"
        time.sleep(0.005)
