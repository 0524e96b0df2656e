"""What the server answers is what the model says, whoever else asks; what it cannot answer is refused in one sentence."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from gatewise.runtime.answers import answer, say
from gatewise.runtime.model import Model
from gatewise.runtime.network import ArrayNetwork
from tests.inspection.models import CLASSES, FORECAST, NUMBERS, STEPS, TEXTS, make_model
from tests.runtime.test_stream import sound_model
from tests.serving.running import Running, running, until


def expected(model: Model, sequence: Any) -> dict[str, Any]:
    found = answer(model, say(model, [sequence])[0])
    assert found is not None
    return found


def assert_same(found: Any, wanted: Any) -> None:
    assert found.keys() == wanted.keys()
    for name in wanted:
        if isinstance(wanted[name], dict):
            assert found[name].keys() == wanted[name].keys()
            np.testing.assert_allclose(list(found[name].values()), list(wanted[name].values()), rtol=1e-5, atol=1e-6)
        elif isinstance(wanted[name], float):
            np.testing.assert_allclose(found[name], wanted[name], rtol=1e-5)
        else:
            assert found[name] == wanted[name]


@pytest.mark.parametrize("source", [TEXTS, CLASSES, NUMBERS, STEPS, FORECAST, "sound"])
def test_whatever_the_model_reads_and_says(source: str) -> None:
    model = sound_model() if source == "sound" else make_model("lstm", source)
    generator = np.random.default_rng(0)
    sent: list[Any]
    if source == TEXTS:
        rows = sent = ["a fine film", "", "x" * 500]
    elif source == "sound":
        rows = [(generator.normal(0, 0.1, size).astype(np.float32), 8000) for size in (500, 100)]
        sent = [{"samples": [float(value) for value in samples], "sample_rate": rate} for samples, rate in rows]
    else:
        rows = [np.asarray(generator.integers(0, 2, (size, model.encoder.input_size)), np.float32) for size in (15, 30, 12)]
        sent = [row.tolist() for row in rows]
    with running(model) as server:
        response = server.predict(*sent)
        assert response.status_code == 200
        for found, row in zip(response.json()["predictions"], rows, strict=True):
            assert_same(found, expected(model, row))


def test_many_at_once_are_never_mixed_up() -> None:
    """Inputs of every length from many threads, each compared with its own prediction."""
    model = make_model("gru", TEXTS)
    words = ["a", "fine", "film", "not", "bad", "good"]
    with running(model, batch=16) as server, ThreadPoolExecutor(8) as pool:

        def ask(number: int) -> None:
            generator = np.random.default_rng(number)
            texts = [" ".join(generator.choice(words, generator.integers(1, 60))) for _ in range(generator.integers(1, 5))]
            with httpx.Client(base_url=server.client.base_url, trust_env=False, timeout=20) as client:
                for _ in range(3):
                    found = client.post("/predict", json={"inputs": texts}).json()["predictions"]
                    for one, text in zip(found, texts, strict=True):
                        assert_same(one, expected(model, text))

        list(pool.map(ask, range(24)))
        text = server.client.get("/metrics").text
    counts = {line.split()[0]: float(line.split()[1]) for line in text.splitlines() if not line.startswith("#")}
    assert counts['gatewise_requests_total{path="/predict",status="200"}'] == 72
    assert counts["gatewise_batches_total"] < counts["gatewise_predictions_total"]
    assert counts["gatewise_predict_seconds_count"] == counts['gatewise_predict_seconds_bucket{le="+Inf"}'] == 72


@pytest.fixture(scope="module")
def texts() -> Any:
    with running(make_model("gru", TEXTS), body=2000, rows=4, length=100) as server:
        yield server


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"{", 400, "no JSON"),
        (b"", 400, "no JSON"),
        (b'{"inputs": ["\xff"]}', 400, "no JSON"),
        (b'{"inputs": ["\\ud800"]}', 400, "no JSON"),
        (b"[" * 1000, 400, "no JSON"),
        (b'{"inputs": NaN}', 422, "inputs"),
        (b"[]", 422, "the body"),
        (b"{}", 422, "inputs: Field required"),
        (b'{"inputs": []}', 422, "at least 1 item"),
        (b'{"inputs": [1]}', 422, "inputs.0: Input should be a valid string"),
        (b'{"inputs": ["a"], "other": 1}', 422, "other"),
        (b'{"inputs": ["a", "a", "a", "a", "a"]}', 422, "at most 4 items"),
        (json.dumps({"inputs": ["a" * 101]}).encode(), 422, "at most 100"),
        (json.dumps({"inputs": ["a" * 2000]}).encode(), 413, "more than 2,000 bytes"),
    ],
)
def test_what_is_no_request_is_refused(texts: Running, body: bytes, status: int, message: str) -> None:
    response = texts.client.post("/predict", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == status
    assert list(response.json()) == ["error"] and message in response.json()["error"]


def test_a_body_too_long_is_refused_though_its_length_was_not_announced(texts: Running) -> None:
    content = (b"x" * 100 for _ in range(1000))
    response = texts.client.post("/predict", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/predict", 405), ("POST", "/health", 405), ("GET", "/nothing", 404), ("GET", "/stream", 404)],
)
def test_other_paths_and_methods(texts: Running, method: str, path: str, status: int) -> None:
    response = texts.client.request(method, path)
    assert response.status_code == status and list(response.json()) == ["error"]


def test_another_type_of_body_is_refused(texts: Running) -> None:
    """A page of another origin may send plain text without asking."""
    response = texts.client.post("/predict", content=b'{"inputs": ["a"]}', headers={"Content-Type": "text/plain"})
    assert response.status_code == 415


@pytest.mark.parametrize(
    ("source", "sent", "message"),
    [
        (CLASSES, [[1.0, 2.0]], "at least 3 items"),
        (CLASSES, [], "at least 1 item"),
        (CLASSES, [["1", "1", "1"]], "valid number"),
        (CLASSES, [[1e39, 0, 0]], "less than or equal"),
        (FORECAST, [[1.0]], "at least 12 items"),
        ("sound", {"samples": [], "sample_rate": 8000}, "at least 1 item"),
        ("sound", {"samples": [0.1], "sample_rate": 0}, "greater than or equal"),
        ("sound", {"samples": [1e30], "sample_rate": 8000}, "sound 1 holds samples that are not finite"),
    ],
)
def test_inputs_that_the_model_does_not_read(source: str, sent: Any, message: str) -> None:
    model = sound_model() if source == "sound" else make_model("gru", source)
    with running(model) as server:
        response = server.predict(sent)
    assert response.status_code == 422 and message in response.json()["error"]


class Slow:
    """Computes when it is told to. A row of nothing but 7 is more than it can do."""

    def __init__(self, network: ArrayNetwork) -> None:
        self.network, self.go, self.batches = network, threading.Event(), 0

    def run(self, encoded: Any) -> NDArray[np.float32]:
        self.batches += 1
        assert self.go.wait(20)
        found = self.network.run(encoded)
        bad = [
            (encoded.values[start : start + size] == 7).all()
            for start, size in zip(encoded.offsets, encoded.lengths, strict=True)
        ]
        found[bad] = np.nan
        return found


def slow_model(**changes: Any) -> tuple[Model, Slow]:
    from dataclasses import replace

    from gatewise.data.encoding.series import SeriesEncoder

    model = make_model("gru", CLASSES, **changes)
    assert isinstance(model.predictor, ArrayNetwork)
    slow = Slow(model.predictor)
    return replace(model, predictor=slow, encoder=SeriesEncoder((0.0,) * 3, (1.0,) * 3, None)), slow


def test_one_bad_input_costs_the_others_of_its_batch_nothing() -> None:
    model, slow = slow_model()
    rows = [[[float(number)] * 3] * 4 for number in range(5, 10)]
    with running(model, gather=0.2) as server, ThreadPoolExecutor(5) as pool:
        slow.go.set()

        def ask(row: Any) -> httpx.Response:
            return httpx.post(f"http://127.0.0.1:{server.port}/predict", json={"inputs": [row]}, timeout=20, trust_env=False)

        responses = list(pool.map(ask, rows))
    assert [response.status_code for response in responses] == [200, 200, 422, 200, 200]
    assert "input 1: the gru predicts numbers that are not finite" in responses[2].json()["error"]
    for row, response in zip(rows, responses, strict=True):
        if response.status_code == 200:
            assert_same(response.json()["predictions"][0], expected(model, row))


def test_a_full_queue_says_when_to_try_again_and_forgets_nobody() -> None:
    model, slow = slow_model()
    row = [[1.0] * 3] * 4
    with running(model, queue=4, rows=4, batch=2, gather=0) as server, ThreadPoolExecutor(8) as pool:

        def ask(_: int) -> httpx.Response:
            return httpx.post(f"http://127.0.0.1:{server.port}/predict", json={"inputs": [row, row]}, timeout=20, trust_env=False)

        first = [pool.submit(ask, 0)]
        until(lambda: slow.batches == 1)
        first += [pool.submit(ask, number) for number in range(2)]
        until(lambda: "gatewise_queue_sequences 4" in server.client.get("/metrics").text)
        refused = ask(0)
        assert refused.status_code == 503 and refused.headers["retry-after"] == "1"
        slow.go.set()
        assert [one.result().status_code for one in first] == [200] * 3
        assert ask(0).status_code == 200


def test_sequences_of_very_different_lengths_are_not_padded_to_the_longest() -> None:
    model, slow = slow_model()
    slow.go.set()
    rows = [[[0.0] * 3]] * 20 + [[[1.0] * 3] * 20_000]
    with running(model) as server:
        response = server.predict(*rows)
    assert response.status_code == 200 and slow.batches == 2
    assert_same(response.json()["predictions"][20], expected(model, rows[20]))


def test_what_was_accepted_is_finished_before_the_end() -> None:
    model, slow = slow_model()
    with ThreadPoolExecutor(1) as pool, running(model) as server:
        asked = pool.submit(server.predict, [[1.0] * 3] * 4)
        until(lambda: slow.batches == 1)
        server.server.should_exit = True
        until(lambda: not can_connect(server.port))
        assert not asked.done()
        slow.go.set()
        assert asked.result().status_code == 200


def can_connect(port: int) -> bool:
    import socket

    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def test_a_failure_of_the_server_is_said_to_be_one() -> None:
    class Broken:
        def run(self, encoded: Any) -> Any:
            raise RuntimeError("broken")

    from dataclasses import replace

    with running(replace(make_model("gru", TEXTS), predictor=Broken())) as server:
        response = server.predict("a")
        assert response.status_code == 500 and "its log says why" in response.json()["error"]
        assert httpx.get(f"{server.client.base_url}/health", trust_env=False).status_code == 200
