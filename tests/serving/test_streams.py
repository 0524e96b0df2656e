"""Streams of many connections: each on its own state, and none beyond its limits."""

import json
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from gatewise.runtime.model import Model
from tests.inspection.models import CLASSES, FORECAST, NUMBERS, STEPS, TEXTS, make_model
from tests.runtime.test_stream import sound_model
from tests.serving.running import running, until
from tests.serving.test_predict import assert_same, expected


def exchanged(socket: ClientConnection, message: Any) -> Any:
    socket.send(json.dumps(message))
    return json.loads(socket.recv(10))


@pytest.mark.parametrize("source", [TEXTS, CLASSES, NUMBERS, STEPS, FORECAST, "sound"])
def test_interleaved_streams_each_equal_their_own_prefix(source: str) -> None:
    model = sound_model() if source == "sound" else make_model("lstm", source)
    generator = np.random.default_rng(0)
    with running(model, streams=5) as server, ExitStack() as opened:
        sockets = [opened.enter_context(server.stream()) for _ in range(5)]
        arrived: list[list[Any]] = [[] for _ in sockets]
        for turn in range(30):
            place = int(generator.integers(5)) if turn < 15 else turn % 5
            x: Any
            if source == TEXTS:
                x = " ".join(generator.choice(["fine", "film", "bad"], generator.integers(0, 3)))
            elif source == "sound":
                x = generator.normal(0, 0.1, generator.integers(0, 400)).tolist()
            else:
                x = generator.integers(0, 2, model.encoder.input_size).astype(float).tolist()
            found = exchanged(sockets[place], {"input": x})
            arrived[place].append(x)
            steps = found.pop("steps")
            whole = joined(model, arrived[place])
            if whole is None:
                assert found == {"prediction": None}
            else:
                assert steps >= 1
                assert_same(found, expected(model, whole))


def joined(model: Model, arrived: list[Any]) -> Any:
    """The whole prefix; None where there is nothing to be said of it."""
    if model.kind == "text":
        text = " ".join(arrived)
        return text if text.strip() else None
    if model.audio is not None:
        samples = np.concatenate([np.array(one, dtype=np.float32) for one in arrived])
        return (samples, 8000) if len(samples) >= 200 else None
    return np.array(arrived, dtype=np.float32) if len(arrived) >= (model.forecast.window if model.forecast else 1) else None


def test_a_stream_begins_anew_when_asked_and_when_its_place_is_taken_over() -> None:
    model = make_model("gru", NUMBERS)
    with running(model, streams=1) as server:
        for _ in range(2):
            with server.stream() as socket:
                exchanged(socket, {"input": [3.0]})
                assert_same(exchanged(socket, {"input": [1.0]}), {"steps": 2, **expected(model, [[3.0], [1.0]])})
                assert_same(exchanged(socket, {"input": [2.0], "reset": True}), {"steps": 1, **expected(model, [[2.0]])})
                assert exchanged(socket, {"reset": True}) == {"steps": 0, "prediction": None}
            until(lambda: "gatewise_streams 0" in server.client.get("/metrics").text)
        assert "gatewise_stream_steps_total 8" in server.client.get("/metrics").text


def test_a_place_taken_over_has_nothing_of_the_one_before_even_if_its_first_message_is_bad() -> None:
    model = make_model("gru", NUMBERS)
    with running(model, streams=1) as server:
        with server.stream() as socket:
            exchanged(socket, {"input": [3.0]})
        until(lambda: "gatewise_streams 0" in server.client.get("/metrics").text)
        with server.stream() as socket:
            assert "error" in exchanged(socket, {"input": ["x"]})
            assert_same(exchanged(socket, {"input": [2.0]}), {"steps": 1, **expected(model, [[2.0]])})


@pytest.mark.parametrize(
    "bad", ["{", "[]", '{"input": "text"}', '{"input": [1, 2]}', '{"input": [1e39]}', '{"other": 1}', '"x"', "", b"\xff"]
)
def test_a_bad_message_is_answered_and_changes_nothing(bad: str | bytes) -> None:
    model = make_model("gru", NUMBERS)
    with running(model) as server, server.stream() as socket:
        exchanged(socket, {"input": [3.0]})
        socket.send(bad)
        assert list(json.loads(socket.recv(10))) == ["error"]
        assert_same(exchanged(socket, {"input": [1.0]}), {"steps": 2, **expected(model, [[3.0], [1.0]])})


def test_a_bad_step_costs_the_streams_beside_it_nothing() -> None:
    """Samples beyond what a sound may have are found when they are read, among the steps of others."""
    model = sound_model()
    with running(model, streams=3) as server, ExitStack() as opened:
        sockets = [opened.enter_context(server.stream()) for _ in range(3)]
        good = np.full(400, 0.1).tolist()
        for socket, x in zip(sockets, (good, [1e30], good), strict=True):
            socket.send(json.dumps({"input": x}))
        found = [json.loads(socket.recv(10)) for socket in sockets]
        assert "not finite" in found[1]["error"]
        for one in (found[0], found[2]):
            assert one.pop("steps") == 3
            assert_same(one, expected(model, (np.full(400, 0.1), 8000)))


def test_streams_beyond_the_limit_are_refused_with_when_to_try_again(capfd: pytest.CaptureFixture[str]) -> None:
    with running(make_model("gru", NUMBERS), streams=2) as server:
        with server.stream(), server.stream():
            with pytest.raises(InvalidStatus) as caught, server.stream():
                pass
            response = caught.value.response
            assert response.status_code == 503 and response.headers["retry-after"] == "1"
            # A refusal is no error of the server, which its log would have to name.
            assert capfd.readouterr().err == ""
        until(lambda: "gatewise_streams 0" in server.client.get("/metrics").text)
        with server.stream() as socket:
            assert exchanged(socket, {"input": [1.0]})["steps"] == 1


def test_a_model_that_cannot_stream_says_why_and_predicts() -> None:
    with running(make_model("gru", TEXTS, bidirectional=True)) as server:
        with pytest.raises(InvalidStatus) as caught, server.stream():
            pass
        assert caught.value.response.status_code == 501
        assert "in both directions" in json.loads(caught.value.response.body or b"")["error"]
        assert server.predict("a").status_code == 200


def test_a_stream_ends_after_its_steps_when_idle_and_when_a_message_is_too_long() -> None:
    model = make_model("gru", TEXTS)
    with running(model, steps=3, idle=0.3, body=1000) as server:
        with server.stream() as socket:
            for _ in range(3):
                exchanged(socket, {"input": "a"})
            with pytest.raises(ConnectionClosed) as caught:
                socket.recv(10)
            assert caught.value.rcvd is not None and caught.value.rcvd.code == 1008 and "3 messages" in caught.value.rcvd.reason
        with server.stream() as socket, pytest.raises(ConnectionClosed) as caught:
            socket.recv(10)
        assert caught.value.rcvd is not None and "no message came for 0.3 s" in caught.value.rcvd.reason
        with server.stream() as socket, pytest.raises(ConnectionClosed) as caught:
            socket.send(json.dumps({"input": "a" * 1001}))
            socket.recv(10)
        assert caught.value.rcvd is not None and caught.value.rcvd.code == 1009
        until(lambda: "gatewise_streams 0" in server.client.get("/metrics").text)


def test_a_page_of_another_origin_may_not_open_a_stream() -> None:
    with running(make_model("gru", TEXTS)) as server:
        with pytest.raises(InvalidStatus) as caught, server.stream(origin="http://elsewhere.example"):
            pass
        assert caught.value.response.status_code == 403
        with server.stream(origin=f"http://127.0.0.1:{server.port}") as socket:
            assert exchanged(socket, {"input": "a"})["steps"] == 1


def test_an_open_stream_does_not_hold_up_the_end() -> None:
    with ExitStack() as opened:
        with running(make_model("gru", TEXTS), drain=5) as server:
            socket = opened.enter_context(server.stream())
            exchanged(socket, {"input": "a"})
        with pytest.raises(ConnectionClosed):
            socket.recv(10)


def test_labels_keep_their_type() -> None:
    model = replace(make_model("gru", TEXTS), classes=(False, True), names=("no", "yes"))
    with running(model) as server, server.stream() as socket:
        assert exchanged(socket, {"input": "a"})["prediction"] in (False, True)
