"""Transforms that make a program of a model: compiled, exported, traced. Each raises AssertionError where the program is wrong.

The program is made from a first batch and has to be right for a second one of other rows, steps and lengths too; and where it can
be trained, so have its gradients.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from benchmarks.transforms.cases import Case, Model, flat
from benchmarks.transforms.derivatives import gradients
from torch import Tensor, nn
from torch.export import Dim
from torch.nn.utils.rnn import PackedSequence
from torch.testing import assert_close

__all__ = ["TRANSFORMS", "compiled_by"]

Program = Callable[..., Any]

BATCHES = 2


def _dynamic(case: Case) -> dict[str, dict[int, Any]]:
    """The dimensions of the model's arguments that differ from batch to batch."""
    rows, steps = Dim("rows", min=2), Dim("steps", min=2)
    if case.form == "packed":
        indices = ("sorted_indices", "unsorted_indices")
        return {"data": {0: Dim("positions", min=2)}, "batch_sizes": {0: steps}} | {name: {0: rows} for name in indices}
    if case.is_cell:
        return {"data": {0: rows}}
    return {"data": {0: steps, 1: rows}} | ({"lengths": {0: rows}} if case.form == "lengths" else {})


def _check(case: Case, make: Callable[[Model, tuple[Tensor, ...]], Program], *, trained: bool, dtype: torch.dtype) -> None:
    model = case.model(dtype)
    program = make(model, case.example(0, dtype))
    relative, absolute = (1e-5, 1e-6) if dtype == torch.float32 else (1e-7, 1e-9)
    for number in range(BATCHES):
        arguments = case.example(number, dtype)
        assert_close(flat(program(*arguments)), model(*arguments), rtol=relative, atol=absolute)
        if trained:
            assert isinstance(program, nn.Module)
            assert_close(gradients(program, arguments), gradients(model, arguments), rtol=relative, atol=absolute)


def _program(
    make: Callable[[Case, Model, tuple[Tensor, ...]], Program], *, trained: bool = True, dtype: torch.dtype = torch.float64
) -> Callable[[Case], None]:
    return lambda case: _check(case, lambda model, arguments: make(case, model, arguments), trained=trained, dtype=dtype)


def compiled_by(compiler: str) -> Callable[[Case], None]:
    """torch.compile without a graph break, by one of its compilers: inductor, or aot_eager, which writes no code of its own."""

    def make(case: Case, model: Model, arguments: tuple[Tensor, ...]) -> Program:
        torch.compiler.reset()
        program: Program = torch.compile(model, backend=compiler, fullgraph=True)
        return program

    return _program(make)


def _exported(case: Case, model: Model, arguments: tuple[Tensor, ...], *, strict: bool) -> Any:
    return torch.export.export(model, arguments, dynamic_shapes=_dynamic(case), strict=strict)


def _ahead_of_time(case: Case, model: Model, arguments: tuple[Tensor, ...]) -> Program:
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        package = torch._inductor.aoti_compile_and_package(
            _exported(case, model, arguments, strict=False), package_path=str(Path(folder) / "model.pt2")
        )
        program: Program = torch._inductor.aoti_load_package(package)
        return program


class _Taken(nn.Module):
    """As torch.fx takes a model: its input may be anything, its result is whatever the layer returns."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, input: Any) -> Any:
        return self.layer(input)


class _TakenWithLengths(_Taken):
    def forward(self, input: Any, lengths: Any) -> Any:  # type: ignore[override]
        return self.layer(input, None, lengths)


class _Flat(Model):
    """The program that torch.fx made, with the model's arguments and results."""

    def __init__(self, case: Case, program: nn.Module) -> None:
        super().__init__(program)
        self.packed = case.form == "packed"

    def forward(self, data: Tensor, *more: Tensor) -> tuple[Tensor, ...]:
        return flat(self.layer(PackedSequence(data, *more)) if self.packed else self.layer(data, *more))


def _by_fx(case: Case, model: Model, arguments: tuple[Tensor, ...]) -> Program:
    taken = (_TakenWithLengths if case.form == "lengths" else _Taken)(model.layer)
    return _Flat(case, torch.fx.symbolic_trace(taken))


def _traced(case: Case, model: Model, arguments: tuple[Tensor, ...]) -> Program:
    program: Program = torch.jit.trace(model, arguments, check_trace=False)
    return program


def _scripted(case: Case, model: Model, arguments: tuple[Tensor, ...]) -> Program:
    program: Program = torch.jit.script(model)
    return program


def _onnx(case: Case, model: Model, arguments: tuple[Tensor, ...], *, dynamo: bool) -> Program:
    import onnxruntime

    dynamic = _dynamic(case)
    names = list(dynamic)
    with tempfile.TemporaryDirectory() as folder:
        written = str(Path(folder) / "model.onnx")
        if dynamo:
            torch.onnx.export(model, arguments, written, dynamo=True, dynamic_shapes=dynamic, verbose=False)
        else:
            axes = {name: {axis: f"{name}_{axis}" for axis in dimensions} for name, dimensions in dynamic.items()}
            torch.onnx.export(model, arguments, written, dynamo=False, input_names=names, dynamic_axes=axes)
        session = onnxruntime.InferenceSession(written)
    taken = {one.name for one in session.get_inputs()}

    def run(*given: Tensor) -> tuple[Tensor, ...]:
        fed = {name: value.numpy() for name, value in zip(names, given, strict=True) if name in taken}
        return tuple(map(torch.from_numpy, session.run(None, fed)))

    return run


TRANSFORMS: dict[str, Callable[[Case], None]] = {
    "torch.compile": compiled_by("inductor"),
    "torch.export, strict": _program(lambda *given: _exported(*given, strict=True).module()),
    "torch.export, not strict": _program(lambda *given: _exported(*given, strict=False).module()),
    "AOTInductor": _program(_ahead_of_time, trained=False),
    "torch.jit.trace": _program(_traced),
    "torch.jit.script": _program(_scripted),
    "torch.fx.symbolic_trace": _program(_by_fx),
    "torch.onnx.export, dynamo": _program(lambda *given: _onnx(*given, dynamo=True), trained=False, dtype=torch.float32),
    "torch.onnx.export, legacy": _program(lambda *given: _onnx(*given, dynamo=False), trained=False, dtype=torch.float32),
}
