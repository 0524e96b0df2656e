"""What a request for a model of each kind looks like, and how it is checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from gatewise.data.audio.files import waveform_sound
from gatewise.data.encoding.encoders import raw_inputs
from gatewise.errors import GatewiseError
from gatewise.runtime.model import Model
from gatewise.serving.errors import Refusal
from gatewise.serving.limits import Limits
from gatewise.tasks import traits_of

__all__ = ["Failure", "Health", "Requests"]

# Full scale of a sound is 1; files of other scales are hardly louder.
_LARGEST = float(np.finfo(np.float32).max)
Number = Annotated[float, Field(ge=-_LARGEST, le=_LARGEST)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Failure(BaseModel):
    """Why there is no prediction."""

    error: str


class Health(BaseModel):
    """A server that answers."""

    status: str


class Requests:
    """predict: of several sequences. step: of one stream. answers: to `predict`. All are pydantic's models."""

    def __init__(self, model: Model, limits: Limits) -> None:
        self._model = model
        one: Any
        piece: Any
        match model.kind:
            case "text":
                one = piece = Annotated[str, Field(max_length=limits.length)]
            case "audio":
                assert model.audio is not None
                samples = Annotated[list[Number], Field(min_length=1, max_length=limits.length)]
                highest = Annotated[int, Field(ge=1000, le=384_000)]
                one = create_model("Sound", __base__=_Strict, samples=(samples, ...), sample_rate=(highest, ...))
                piece = Annotated[list[Number], Field(max_length=limits.length)]
            case _:
                channels = model.encoder.input_size
                piece = Annotated[list[Number], Field(min_length=channels, max_length=channels)]
                shortest = model.forecast.window if model.forecast else 1
                one = Annotated[list[piece], Field(min_length=shortest, max_length=limits.length)]
        inputs: Any = (Annotated[list[one], Field(min_length=1, max_length=limits.rows)], ...)
        self.predict: type[BaseModel] = create_model("Inputs", __base__=_Strict, inputs=inputs)
        self.step: type[BaseModel] = create_model(
            "Step", __base__=_Strict, input=(piece | None, None), reset=(bool, Field(False, description="Begin anew first."))
        )

        answers: Any = (list[_answer(model)], ...)  # type: ignore[misc]
        self.answers: type[BaseModel] = create_model("Predictions", predictions=answers)

    def sequences(self, body: bytes) -> Sequence[Any]:
        """The checked sequences of a request's body, as `Model.predict` takes them. Raises Refusal."""
        inputs: list[Any] = getattr(parsed(self.predict, body), "inputs")  # noqa: B009
        try:
            match self._model.kind:
                case "text":
                    return inputs
                case "audio":
                    return [_sound(one, number) for number, one in enumerate(inputs, 1)]
            return raw_inputs(self._model.encoder, inputs)
        except GatewiseError as error:
            raise Refusal(422, str(error)) from error

    def arrival(self, message: str | bytes) -> tuple[Any, bool]:
        """What arrives at a stream, None for nothing, and whether it begins anew. Raises Refusal."""
        step: Any = parsed(self.step, message)
        arrived = step.input
        if arrived is not None and self._model.kind != "text":
            arrived = np.array(arrived, dtype=np.float64)
        return arrived, step.reset


def parsed(form: type[BaseModel], content: str | bytes) -> BaseModel:
    """JSON of a form. Raises Refusal that names the first place where it is not."""
    try:
        return form.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        if first["type"] == "json_invalid":
            raise Refusal(400, f"the body is no JSON: {first['msg']}") from error
        place = ".".join(map(str, first["loc"])) or "the body"
        raise Refusal(422, f"{place}: {first['msg']}") from error


def _answer(model: Model) -> type[BaseModel]:
    """As `runtime.answers.answer` makes it."""
    shares: Any = (dict[str, float], ...)
    match traits_of(model.task).predicts:
        case "classes":
            return create_model("Prediction", prediction=(str | int | float | bool, ...), probabilities=shares)
        case "steps":
            return create_model("Prediction", probabilities=shares)
    said: Any = (dict[str, list[float]] if model.forecast else float, ...)
    return create_model("Prediction", prediction=said)


def _sound(sound: Any, number: int) -> tuple[Any, int]:
    # As numbers with a point, or whole ones would be taken for samples of 64 bits.
    return waveform_sound(np.array(sound.samples, dtype=np.float64), sound.sample_rate, f"sound {number}")
