"""Tokens, connections and clients that are slow or gone."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from gatewise.errors import OptionError
from gatewise.export.bundle import save_model
from gatewise.serving.access import read_token
from gatewise.serving.limits import Limits
from gatewise.serving.server import is_loopback, listening, serve
from tests.inspection.models import TEXTS, make_model
from tests.serving.running import running, until
from tests.serving.test_predict import assert_same, expected

TOKEN = "correct-horse"


def test_a_token_is_asked_of_whatever_tells_of_the_model() -> None:
    with running(make_model("gru", TEXTS), TOKEN) as server:
        right = {"Authorization": f"Bearer {TOKEN}"}
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Authorization": f"Basic {TOKEN}"}):
            for path in ("/metrics", "/openapi.json", "/model", "/nothing"):
                response = server.client.get(path, headers=headers)
                assert response.status_code == 401 and response.headers["www-authenticate"] == "Bearer"
            assert server.predict("a", headers=headers).status_code == 401
            with pytest.raises(InvalidStatus) as caught, server.stream(additional_headers=headers):
                pass
            assert caught.value.response.status_code == 401
        for path in ("/", "/docs", "/health"):
            found = server.client.get(path)
            assert found.status_code == 200 and "negative" not in found.text
        for path in ("/metrics", "/openapi.json", "/model"):
            assert server.client.get(path, headers=right).status_code == 200
        assert server.predict("a", headers=right).status_code == 200
        with server.stream(additional_headers=right):
            pass
        # As a page's script may, which has no say in the headers.
        with server.stream(subprotocols=["bearer", TOKEN]) as stream:
            assert stream.subprotocol == "bearer"
        for protocols in (["bearer", "wrong"], ["bearer"], [TOKEN], [TOKEN, "bearer"]):
            with pytest.raises(InvalidStatus) as caught, server.stream(subprotocols=protocols):
                pass
            assert caught.value.response.status_code == 401
        assert server.client.get("/openapi.json", headers=right).json()["security"] == [{"token": []}]


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read"), (b" \n", "no single word"), (b"two words", "no single word"), (b"\xff", "no ASCII")],
)
def test_a_token_file_that_holds_none(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    with pytest.raises(OptionError, match=message):
        read_token(tmp_path / "token")
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    assert read_token(tmp_path / "token") == TOKEN


def to_its_end(client: socket.socket) -> bytes:
    content = b""
    while found := client.recv(10_000):
        content += found
    return content


def open_socket(port: int, content: bytes = b"") -> socket.socket:
    found = socket.create_connection(("127.0.0.1", port), 10)
    found.sendall(content)
    return found


def test_connections_beyond_the_limit_are_told_when_to_try_again() -> None:
    with running(make_model("gru", TEXTS), connections=3) as server:
        with ExitStack() as opened:
            for _ in range(3):
                opened.enter_context(open_socket(server.port))
            until(lambda: len(server.server.server_state.connections) == 3)
            answered = opened.enter_context(open_socket(server.port)).recv(1000)
            assert answered.startswith(b"HTTP/1.1 503") and b"retry-after: 1" in answered
        until(lambda: not server.server.server_state.connections)
        assert server.predict("a").status_code == 200


HEAD = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("begun", "answered"),
    [(b"", b""), (b"GET /health HT", b""), (HEAD, b""), (HEAD + b"Content-Length: 50\r\n\r\n{", b"HTTP/1.1 408")],
)
def test_a_slow_client_is_let_go_and_costs_the_others_nothing(begun: bytes, answered: bytes) -> None:
    model = make_model("gru", TEXTS)
    with running(model, patience=0.5) as server, ExitStack() as opened:
        slow = [opened.enter_context(open_socket(server.port, begun)) for _ in range(10)]
        start = time.monotonic()
        assert server.predict("a fine film").status_code == 200
        assert time.monotonic() - start < 0.45
        for one in slow:
            assert to_its_end(one).startswith(answered)
        assert server.predict("a fine film").status_code == 200


def test_a_second_request_of_a_connection_may_not_be_slow_either() -> None:
    begun = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    with running(make_model("gru", TEXTS), patience=0.5) as server, open_socket(server.port, begun) as client:
        until(lambda: server.server.server_state.total_requests == 1)
        client.sendall(b"GET /hea")
        start = time.monotonic()
        assert to_its_end(client).startswith(b"HTTP/1.1 200")
        assert time.monotonic() - start < 5


def test_clients_that_vanish_cost_the_others_nothing() -> None:
    model = make_model("gru", TEXTS)
    body = json.dumps({"inputs": ["a fine film"] * 20}).encode()
    with running(model) as server:
        for _ in range(20):
            gone = open_socket(server.port, HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            gone.close()
            with server.stream() as stream:
                stream.send(json.dumps({"input": "a"}))
                stream.socket.close()
        for text in ("a fine film", "bad"):
            assert_same(server.predict(text).json()["predictions"][0], expected(model, text))
        until(lambda: "gatewise_streams 0" in server.client.get("/metrics").text)
        assert "gatewise_queue_sequences 0" in server.client.get("/metrics").text


def test_limits_that_are_none() -> None:
    for bad in ({"queue": 0}, {"patience": 0.0}, {"idle": float("nan")}, {"gather": -1.0}, {"rows": 2000}):
        with pytest.raises(OptionError):
            Limits(**bad)


def test_an_answer_waits_for_no_acknowledgement() -> None:
    async def option_of_an_accepted_connection() -> int:
        told = asyncio.get_running_loop().create_future()

        async def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            told.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with listening("127.0.0.1", 0) as place:
            async with await asyncio.start_server(accepted, sock=place):
                _, writer = await asyncio.open_connection(*place.getsockname())
                found = await asyncio.wait_for(told, 30)
                writer.close()
        return int(found)

    assert asyncio.run(option_of_an_accepted_connection()) == 1


def test_an_address_that_cannot_be_had() -> None:
    port = r"port \d+: Address already in use; choose another --port"
    with listening("127.0.0.1", 0) as taken, pytest.raises(OptionError, match=port):
        listening("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(OptionError, match="is not known here"):
        listening("no such host", 0)
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "10.0.0.1")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_a_public_host_without_a_token_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("uvicorn.Server.run", lambda self, sockets: None)
    for host, token, warned in (("0.0.0.0", None, True), ("0.0.0.0", TOKEN, False), ("127.0.0.1", None, False)):
        said: list[str] = []
        serve(make_model("gru", TEXTS), host, 0, token, Limits(), said.append)
        assert any("there is no token" in line for line in said) == warned
        assert f"serving the gru on http://{host}:" in said[-1]


def started(tmp_path: Path, *options: str) -> tuple[subprocess.Popen[str], str]:
    """The command in a process without torch, and the server's address."""
    save_model(make_model("gru", TEXTS), tmp_path / "model")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("import sys\nsys.modules['torch'] = None\nsys.modules['scipy'] = None\n")
    path = os.pathsep.join(filter(None, [str(tmp_path / "site"), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "gatewise", "serve", str(tmp_path), "--port", "0", *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path})
    assert process.stderr is not None
    line = process.stderr.readline()
    assert "serving the gru on http://127.0.0.1:" in line, line
    return process, line.split(" on ")[1].strip()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_command_serves_without_torch_and_ends_in_good_order(tmp_path: Path, number: signal.Signals, code: int) -> None:
    (tmp_path / "token").write_text(TOKEN)
    process, address = started(tmp_path, "--token-file", str(tmp_path / "token"))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answers: list[Any] = []

    def ask() -> None:
        with httpx.Client(trust_env=False, timeout=20, headers=headers) as client:
            while True:
                try:
                    answers.append(client.post(f"{address}predict", json={"inputs": ["a fine film"]}).json())
                except httpx.HTTPError as error:
                    answers.append(error)
                    return

    with process, ExitStack() as at_last:
        at_last.callback(process.kill)
        stream = connect(f"{address.replace('http', 'ws')}stream", additional_headers=headers, proxy=None)
        with stream as socket:
            socket.send(json.dumps({"input": "a"}))
            assert json.loads(socket.recv(10))["steps"] == 1
        assert httpx.post(f"{address}predict", json={"inputs": ["a"]}, trust_env=False).status_code == 401
        thread = threading.Thread(target=ask)
        thread.start()
        until(lambda: len(answers) > 5)
        process.send_signal(number)
        assert process.wait(15) == code
        thread.join()
        assert process.stderr is not None and process.stderr.read() == ""
    # What was accepted was answered whole; then nobody was there.
    assert all("predictions" in one for one in answers[:-1])
    assert isinstance(answers[-1], httpx.HTTPError)
