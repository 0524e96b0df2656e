"""A run in a folder that TensorBoard shows: a folder of its own for each training, and one for what was found.

    DIR/reviews-20261130-101500-1f0c3a9e/replicate/gru/0/events.out.tfevents.1796031300.gatewise

Each holds one file, put in its place when it is whole: a training whose file is there has been written, and none is written
twice. Nothing but TensorBoard's own records is used to write, so that no thread waits in the background and PyTorch is not asked.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gatewise.durable import write_file
from gatewise.extras import require_package
from gatewise.records import Verdict
from gatewise.tracking.figures import curves_of, findings_of, parameters_of, totals_of
from gatewise.tracking.tracker import TrackedRun, TrackedTraining

__all__ = ["TensorBoardFiles"]

_FOUND = "comparison"


class TensorBoardFiles:
    """Writes beneath DIR. Raises MissingPackageError where TensorBoard is not installed, and OSError of the folder."""

    def __init__(self, place: str, run: TrackedRun) -> None:
        require_package("tensorboard")
        self._folder = Path(place) / quote(run.name, safe=" ")
        self._folder.mkdir(parents=True, exist_ok=True)

    def has(self, key: str) -> bool:
        """Whether the file of a training is there."""
        return any(self._folder_of(key).glob("events.out.tfevents.*"))

    def add(self, unit: TrackedTraining) -> None:
        """Write the file of a training."""
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb

        training = unit.training
        began = unit.ended - training.seconds
        last = max((epoch.epoch for epoch in training.history), default=0)
        events = [_event(began, summary=hparams_pb(parameters_of(training), trial_id=unit.key, start_time_secs=began))]
        events += [_scalar(name, value, epoch, began + at) for name, value, epoch, at in curves_of(training)]
        events += [_scalar(name, value, last, unit.ended) for name, value in totals_of(training).items()]
        self._write(self._folder_of(unit.key), int(unit.ended), events)

    def finish(self, verdict: Verdict, files: tuple[Path, ...]) -> None:
        """Write what was found: the verdict's figures, over the replicates, and its sentences."""
        now = time.time()
        events = [_scalar(name, value, verdict.replicates, now) for name, value in findings_of(verdict).items()]
        events.append(_text("verdict", "\n\n".join(verdict.explanation), verdict.replicates, now))
        self._write(self._folder / _FOUND, verdict.replicates, events)

    def close(self) -> None:
        """Nothing is open between two files."""

    def _folder_of(self, key: str) -> Path:
        return self._folder.joinpath(*(quote(part, safe=" ") for part in key.split(":")))

    def _write(self, folder: Path, number: int, events: Iterable[Any]) -> None:
        from tensorboard.summary.writer.record_writer import RecordWriter

        content = io.BytesIO()
        writer = RecordWriter(content)
        for event in (_event(time.time(), file_version="brain.Event:2"), *events):
            writer.write(event.SerializeToString())
        folder.mkdir(parents=True, exist_ok=True)
        write_file(folder / f"events.out.tfevents.{number:010}.gatewise", content.getvalue())


def _event(at: float, **content: Any) -> Any:
    from tensorboard.compat.proto.event_pb2 import Event

    return Event(wall_time=at, **content)


def _scalar(name: str, value: float, step: int, at: float) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary

    return _event(at, step=step, summary=Summary(value=[Summary.Value(tag=name, simple_value=value)]))


def _text(name: str, text: str, step: int, at: float) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.compat.proto.types_pb2 import DT_STRING
    from tensorboard.plugins.text.metadata import create_summary_metadata

    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
    tensor = TensorProto(dtype=DT_STRING, string_val=[text.encode()], tensor_shape=shape)
    about = create_summary_metadata(name, "")
    return _event(at, step=step, summary=Summary(value=[Summary.Value(tag=name, metadata=about, tensor=tensor)]))
