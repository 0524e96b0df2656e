"""A server under load from a second process, and what it does with those who misbehave.

    python -m benchmarks.serving RUN|MODEL [--seconds 30] [--rate 100] [--clients 32] [--streams 200] [--output FILE.json]

The model reads texts. Requests come at a fixed rate (times count from when a request was due, so that a late one is late), then
from clients that each ask again as soon as they are answered. Every answer is compared with what the model says by itself; an
answer that is missing or another's is counted. Then streams are stepped in turn, each compared with its own prefix, and then come
a body that is too long, bad JSON, a wrong token, slow clients beside the load, and SIGTERM in the middle of it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from benchmarks.layers.machine import describe
from websockets.asyncio.client import connect

from gatewise.export.opening import open_model
from gatewise.runtime.model import Model

TOKEN = "a-token-of-the-benchmark"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
TOLERANCE = 1e-5
WORDS = ("the", "a", "film", "plot", "is", "was", "not", "very", "good", "bad", "dull", "fine", "and", "but", "never", "it's")


class Server:
    """The command in a process of its own."""

    def __init__(self, model: Path, *options: str) -> None:
        self.folder = tempfile.TemporaryDirectory()
        token = Path(self.folder.name) / "token"
        token.write_text(TOKEN, encoding="ascii")
        command = [sys.executable, "-m", "gatewise", "serve", str(model), "--port", "0", "--token-file", str(token), *options]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        if " on http" not in line:
            raise RuntimeError(f"the server did not start: {line}")
        self.address = line.split(" on ")[1].strip().rstrip("/")

    def end(self) -> int:
        """Its exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        self.folder.cleanup()
        return code


class Connections:
    """Connections that are kept, as many as there are questions at once: a library's own work would hide the server's."""

    def __init__(self, server: Server) -> None:
        self._place = server.address.removeprefix("http://").split(":")
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def predict(self, body: bytes) -> tuple[int, bytes]:
        """Status and body. Raises OSError or EOFError where no answer comes."""
        head = f"host: benchmark\r\ncontent-type: application/json\r\nauthorization: Bearer {TOKEN}\r\n"
        request = f"POST /predict HTTP/1.1\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body
        while self._idle:
            with suppress(OSError, EOFError):
                return await self._ask(*self._idle.pop(), request)
        return await self._ask(*await asyncio.open_connection(*self._place), request)

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> tuple[int, bytes]:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        self._idle.append((reader, writer))
        return int(head.split(b" ")[1]), body

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()


class Asked:
    """Texts with what the model says of each, and a tally of answers."""

    def __init__(self, model: Model) -> None:
        generator = np.random.default_rng(0)
        self.texts = [" ".join(generator.choice(WORDS, generator.integers(1, 60))) for _ in range(500)]
        self.expected = model.predict_proba(self.texts)
        self.clear()

    def clear(self) -> None:
        self.tally: Counter[str] = Counter()
        self.seconds: list[float] = []

    async def ask(self, connections: Connections, number: int, due: float) -> None:
        row = number % len(self.texts)
        try:
            status, body = await connections.predict(json.dumps({"inputs": [self.texts[row]]}).encode())
        except (OSError, EOFError) as error:
            self.tally[type(error).__name__] += 1
            return
        if status != 200:
            self.tally[str(status)] += 1
            return
        shares = list(json.loads(body)["predictions"][0]["probabilities"].values())
        right = np.allclose(shares, self.expected[row], atol=TOLERANCE)
        self.tally["right" if right else "mixed up"] += 1
        self.seconds.append(time.perf_counter() - due)

    def figures(self, seconds: float) -> dict[str, Any]:
        p50, p99 = (1000 * float(np.percentile(self.seconds, share)) for share in (50, 99)) if self.seconds else (0.0, 0.0)
        served = self.tally["right"] / seconds
        return {"answers": dict(self.tally), "served a second": served, "p50 ms": p50, "p99 ms": p99}


async def fixed_rate(server: Server, asked: Asked, rate: float, seconds: float) -> dict[str, Any]:
    asked.clear()
    with closing(Connections(server)) as client:
        begun = time.perf_counter()
        tasks = []
        for number in range(int(rate * seconds)):
            due = begun + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.append(asyncio.create_task(asked.ask(client, number, due)))
        await asyncio.gather(*tasks)
        return {"rate": rate, "asked": len(tasks), **asked.figures(time.perf_counter() - begun)}


async def saturation(server: Server, asked: Asked, clients: int, seconds: float) -> dict[str, Any]:
    asked.clear()
    with closing(Connections(server)) as client:
        begun = time.perf_counter()

        async def one(start: int) -> None:
            number = start
            while time.perf_counter() < begun + seconds:
                await asked.ask(client, number, time.perf_counter())
                number += clients

        await asyncio.gather(*(one(start) for start in range(clients)))
        return {"clients": clients, **asked.figures(time.perf_counter() - begun)}


async def streams(server: Server, model: Model, count: int, steps: int = 20) -> dict[str, Any]:
    """Streams that are stepped in turn, in an order drawn anew each round."""
    generator = np.random.default_rng(1)
    sockets = [
        await connect(f"{server.address.replace('http', 'ws')}/stream", additional_headers=HEADERS, proxy=None, compression=None)
        for _ in range(count)
    ]
    pieces: list[list[str]] = [[] for _ in sockets]
    found: list[tuple[int, str, list[float]]] = []
    seconds: list[float] = []

    async def step(place: int, piece: str) -> None:
        begun = time.perf_counter()
        await sockets[place].send(json.dumps({"input": piece}))
        shares = json.loads(await sockets[place].recv())["probabilities"]
        seconds.append(time.perf_counter() - begun)
        found.append((place, " ".join(pieces[place]), list(shares.values())))

    begun = time.perf_counter()
    for _ in range(steps):
        order = generator.permutation(count)
        for place in order:
            pieces[place].append(str(generator.choice(WORDS)))
        await asyncio.gather(*(step(place, pieces[place][-1]) for place in order))
    spent = time.perf_counter() - begun
    expected = model.predict_proba([prefix for _, prefix, _ in found])
    wrong = sum(not np.allclose(shares, one, atol=TOLERANCE) for (_, _, shares), one in zip(found, expected, strict=True))
    await asyncio.gather(*(one.close() for one in sockets))
    p50, p99 = (1000 * float(np.percentile(seconds, share)) for share in (50, 99))
    return {
        "streams": count,
        "steps": len(found),
        "wrong": wrong,
        "steps a second": len(found) / spent,
        "p50 ms": p50,
        "p99 ms": p99,
    }


async def misbehaved(server: Server, asked: Asked, rate: float) -> dict[str, Any]:
    """What those get who ask wrongly, and what it costs the others beside them."""
    outcome: dict[str, Any] = {}
    async with httpx.AsyncClient(base_url=server.address, headers=HEADERS, timeout=30, trust_env=False) as client:
        sent = {"content-type": "application/json"}
        bodies = {"oversized body": b"x" * (5 * 2**20), "bad JSON": b'{"inputs": [', "wrong inputs": b'{"inputs": [1]}'}
        for name, body in bodies.items():
            outcome[name] = (await client.post("/predict", content=body, headers=sent)).status_code
        wrong = {"Authorization": "Bearer wrong"}
        outcome["wrong token"] = (await client.post("/predict", json={"inputs": ["a"]}, headers=wrong)).status_code
    host, port = server.address.removeprefix("http://").split(":")
    slow = [socket.create_connection((host, int(port))) for _ in range(100)]
    for one in slow:
        one.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\n")
    outcome["beside 100 slow clients"] = await fixed_rate(server, asked, rate, 5)
    for one in slow:
        one.close()
    return outcome


async def killed(server: Server, asked: Asked, clients: int) -> dict[str, Any]:
    """SIGTERM in the middle of the load: what was accepted is answered, what comes later is refused a connection."""
    load = asyncio.create_task(saturation(server, asked, clients, 3))
    await asyncio.sleep(1.5)
    begun = time.perf_counter()
    code = await asyncio.to_thread(server.end)
    spent = time.perf_counter() - begun
    return {"exit code": code, "seconds to the end": spent, **(await load)}


async def measured(path: Path, asked_for: argparse.Namespace) -> dict[str, Any]:
    model = open_model(path)
    asked = Asked(model)
    server = Server(path)
    found: dict[str, Any] = {"machine": describe()}
    try:
        await fixed_rate(server, asked, asked_for.rate, 1)
        found["fixed rate"] = await fixed_rate(server, asked, asked_for.rate, asked_for.seconds)
        found["saturation"] = await saturation(server, asked, asked_for.clients, asked_for.seconds)
        found["streams"] = await streams(server, model, asked_for.streams)
        found["misbehaved"] = await misbehaved(server, asked, asked_for.rate)
        found["SIGTERM under load"] = await killed(server, asked, asked_for.clients)
    finally:
        server.process.kill()
    return found


def main() -> None:
    """Measure, print JSON, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    found = asyncio.run(measured(asked.model, asked))
    print(json.dumps(found, indent=1))
    if asked.output is not None:
        asked.output.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
