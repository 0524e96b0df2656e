"""The server's paths: predictions, streams, health, metrics, and the pages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI, Request, WebSocket
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException
from starlette.websockets import WebSocketDisconnect

from gatewise.errors import OptionError
from gatewise.runtime.answers import answer
from gatewise.runtime.model import Model
from gatewise.serving.access import BEARER, Gate, Receive, Scope, Send
from gatewise.serving.batching import Batcher
from gatewise.serving.bodies import read_body
from gatewise.serving.errors import Refusal
from gatewise.serving.limits import Limits
from gatewise.serving.metrics import Metrics
from gatewise.serving.pages import page, policy
from gatewise.serving.schemas import Failure, Health, Requests
from gatewise.serving.streams import Streams

__all__ = ["create_app"]

# Of what may be asked, and how.
_VERSION = "1"

# A body of which that many bytes are parsed on the loop; longer ones would keep the others waiting.
_SHORT = 2**16

_REFUSALS: dict[int, str] = {
    400: "The body is no JSON.",
    401: "The token is wrong or missing.",
    408: "The body did not come in time.",
    413: "The body is too long.",
    415: "The body is of another type.",
    422: "The inputs are not what the model reads.",
    503: "Too much is asked at once; Retry-After says when to try again.",
}


class Service:
    """What the paths work with."""

    def __init__(self, model: Model, limits: Limits) -> None:
        self.model, self.limits, self.metrics = model, limits, Metrics()
        self.requests = Requests(model, limits)
        # One thread computes: two would only share the processor. Another reads long bodies.
        self.computing = ThreadPoolExecutor(1, "gatewise-compute")
        self.reading = ThreadPoolExecutor(1, "gatewise-read")
        self.batcher = Batcher(model, limits, self.metrics, self.computing)
        self.streams = Streams(model, limits, self.metrics, self.computing)

    @asynccontextmanager
    async def running(self, _: FastAPI) -> AsyncIterator[None]:
        """The work in the background, until the server ends."""
        tasks = [asyncio.create_task(part.run()) for part in (self.batcher, self.streams)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for pool in (self.computing, self.reading):
                pool.shutdown(cancel_futures=True)
            self.streams.end()

    async def predictions(self, request: Request) -> dict[str, Any]:
        """The answer to a request for predictions. Raises Refusal."""
        begun = time.perf_counter()
        body = await read_body(request, self.limits)
        if len(body) <= _SHORT:
            sequences = self.requests.sequences(body)
        else:
            loop = asyncio.get_running_loop()
            sequences = await loop.run_in_executor(self.reading, self.requests.sequences, body)
        said = await self.batcher.predict(sequences)
        found = {"predictions": [answer(self.model, one) for one in said]}
        self.metrics.took(time.perf_counter() - begun)
        return found

    async def converse(self, socket: WebSocket) -> None:
        """One stream from its first message to its last."""
        try:
            place = self.streams.open()
        except (Refusal, OptionError) as error:
            await _turned_away(socket, error if isinstance(error, Refusal) else Refusal(501, str(error)))
            return
        try:
            await socket.accept(BEARER if BEARER in socket.scope.get("subprotocols", ()) else None)
            await self._messages(socket, place)
        except (WebSocketDisconnect, RuntimeError):
            # The client has gone, perhaps while it was being answered.
            return
        finally:
            self.streams.close(place)

    async def _messages(self, socket: WebSocket, place: int) -> None:
        for count in range(self.limits.steps):
            try:
                async with asyncio.timeout(self.limits.idle):
                    message = await socket.receive()
            except TimeoutError:
                await self._end(socket, f"no message came for {self.limits.idle:g} s")
                return
            if message["type"] == "websocket.disconnect":
                return
            try:
                arrival, reset = self.requests.arrival(message.get("text") or message.get("bytes") or b"")
                found = await self.streams.step(place, arrival, reset or not count)
            except Refusal as error:
                if not count:
                    await self.streams.step(place, None, True)
                found = {"error": str(error)}
            try:
                async with asyncio.timeout(self.limits.patience):
                    await socket.send_json(found)
            except TimeoutError:
                # Whoever takes no answer takes no good-bye either.
                return
        await self._end(socket, f"a stream has {self.limits.steps:,} messages at most; open another")

    async def _end(self, socket: WebSocket, reason: str) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self.limits.patience):
                await socket.close(1008, reason)


def create_app(model: Model, limits: Limits | None = None, token: str | None = None) -> Any:
    """The application (ASGI). token: what requests must carry, None for nothing."""
    limits = Limits() if limits is None else limits
    service = Service(model, limits)
    app = FastAPI(title=f"gatewise: {model.name}", version=_VERSION, docs_url=None, redoc_url=None, lifespan=service.running)
    refusals = {status: {"model": Failure, "description": meaning} for status, meaning in _REFUSALS.items()}
    _predictions(app, service, refusals)
    _others(app, service, refusals)

    async def refused(_: Request, error: Exception) -> JSONResponse:
        return _failure(error if isinstance(error, Refusal) else Refusal(500, "the server failed; its log says why"))

    async def not_there(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return JSONResponse({"error": error.detail}, error.status_code, error.headers)

    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(HTTPException, not_there)
    app.add_exception_handler(Exception, refused)
    schema = _schema(app, service, token)
    app.openapi = lambda: schema  # type: ignore[method-assign]
    return _Counted(Gate(app, token, _deny), service.metrics, {getattr(route, "path", "") for route in app.routes})


def _predictions(app: FastAPI, service: Service, refusals: Any) -> None:
    form = {"$ref": f"#/components/schemas/{service.requests.predict.__name__}"}
    body = {"requestBody": {"required": True, "content": {"application/json": {"schema": form}}}}

    @app.post(
        "/predict",
        responses={200: {"model": service.requests.answers}, **refusals},
        openapi_extra=body,
        summary="Predict from one or more sequences",
    )
    async def predict(request: Request) -> JSONResponse:
        return JSONResponse(await service.predictions(request))

    @app.websocket("/stream")
    async def stream(socket: WebSocket) -> None:
        await service.converse(socket)


def _others(app: FastAPI, service: Service, refusals: Any) -> None:
    denied: dict[int | str, dict[str, Any]] = {401: refusals[401]}

    @app.get("/health", summary="Whether the server answers")
    async def health() -> Health:
        return Health(status="ok")

    @app.get("/metrics", responses=denied, response_class=PlainTextResponse, summary="Counts and times, as Prometheus reads them")
    async def metrics() -> PlainTextResponse:
        return PlainTextResponse(service.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.get("/model", responses=denied, summary="What the model reads and says")
    async def about() -> dict[str, Any]:
        return _about(service.model)

    for path, name in (("/", "try"), ("/docs", "docs")):
        content = page(name)

        def shown(content: str = content) -> HTMLResponse:
            return HTMLResponse(content, headers={"Content-Security-Policy": policy(content)})

        app.add_api_route(path, shown, include_in_schema=False, response_model=None)


def _about(model: Model) -> dict[str, Any]:
    forecast = model.forecast
    return {
        "name": model.name,
        "kind": model.kind,
        "task": model.task,
        "classes": list(model.class_names),
        "channels": list(model.channels),
        "outputs": list(model.outputs),
        "window": forecast.window if forecast else None,
        "horizon": forecast.horizon if forecast else None,
        "sample_rate": model.audio.sample_rate if model.audio else None,
    }


def _schema(app: FastAPI, service: Service, token: str | None) -> dict[str, Any]:
    schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
    form = service.requests.predict.model_json_schema(ref_template="#/components/schemas/{model}")
    parts = schema.setdefault("components", {}).setdefault("schemas", {})
    parts |= form.pop("$defs", {}) | {service.requests.predict.__name__: form}
    if token is not None:
        schema["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        schema["security"] = [{"token": []}]
    return schema


def _failure(refusal: Refusal) -> JSONResponse:
    headers = {} if refusal.retry is None else {"Retry-After": str(refusal.retry)}
    if refusal.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse({"error": str(refusal)}, refusal.status, headers)


async def _deny(scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
    if scope["type"] == "http":
        await _failure(refusal)(scope, receive, send)
    else:
        await _turned_away(WebSocket(scope, receive, send), refusal)


async def _turned_away(socket: WebSocket, refusal: Refusal) -> None:
    response = _failure(refusal)
    # uvicorn says it, and its earlier versions twice if it is said here, too.
    del response.headers["content-length"]
    await socket.send_denial_response(response)


class _Counted:
    """Counts answers by path; paths that are not there together, or anyone could make them many."""

    def __init__(self, app: Any, metrics: Metrics, paths: set[str]) -> None:
        self._app, self._metrics, self._paths = app, metrics, paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"] if scope["path"] in self._paths else "other"

        async def counted(message: Any) -> None:
            if message["type"] == "http.response.start":
                self._metrics.answered(path, message["status"])
            await send(message)

        await self._app(scope, receive, counted)
