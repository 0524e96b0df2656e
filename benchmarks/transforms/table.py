"""Every transform of every layer in every form of input, and what of it is refused, in which words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.transforms import captures, derivatives
from benchmarks.transforms.cases import Case

__all__ = ["REFUSALS", "TRANSFORMS", "expected", "outcome"]

TRANSFORMS: dict[str, Callable[[Case], None]] = derivatives.TRANSFORMS | captures.TRANSFORMS

ONNX = ("torch.onnx.export, dynamo", "torch.onnx.export, legacy")
MINIMAL = ("MinGRU", "MinLSTM")


@dataclass(frozen=True)
class Refusal:
    """What is refused, and in which words: {layer} stands for the layer's name."""

    sentence: str
    covers: Callable[[str, Case], bool]

    def about(self, case: Case) -> str:
        """The sentence for one layer."""
        return self.sentence.format(layer=case.layer, whole=case.layer.removesuffix("Cell"))


REFUSALS = (
    Refusal(
        "torch.jit.script cannot compile gatewise.nn.{layer}; use torch.jit.trace or torch.export, or give an accelerated model "
        "its stock layers back first with gatewise.nn.restore(model)",
        lambda transform, case: transform == "torch.jit.script",
    ),
    Refusal(
        "{layer} takes one step, a tensor [batch, input_size]; a PackedSequence is for the layer gatewise.nn.{whole}",
        lambda transform, case: case.is_cell and case.form == "packed",
    ),
    Refusal(
        "the length of a PackedSequence depends on its values, which ONNX export does not know; pass the padded batch and its "
        "lengths instead: layer(input, hx, lengths)",
        lambda transform, case: transform in ONNX and case.form == "packed",
    ),
    Refusal(
        "torch.jit has no operator for {layer}(3, 2), and traced step by step it would hold for one length alone; use "
        "torch.export or torch.compile",
        lambda transform, case: transform == "torch.jit.trace" and case.layer in MINIMAL,
    ),
    Refusal(
        "torch.onnx.export(..., dynamo=False) would trace {layer} step by step, and the graph would hold for one length alone; "
        "use dynamo=True",
        lambda transform, case: transform == "torch.onnx.export, legacy" and case.layer in MINIMAL,
    ),
)


def expected(transform: str, case: Case) -> str:
    """The words in which this is refused; empty where it has to be right."""
    return next((refusal.about(case) for refusal in REFUSALS if refusal.covers(transform, case)), "")


def outcome(transform: str, case: Case) -> str:
    """Try it: the words in which it was refused, empty where it was right.

    Raises AssertionError where it was wrong, and whatever was raised in other words than those expected.
    """
    try:
        TRANSFORMS[transform](case)
    except AssertionError:
        raise
    except Exception as failure:
        sentence = expected(transform, case)
        if sentence and any(sentence in str(link) for link in _chain(failure)):
            return sentence
        raise
    return ""


def _chain(failure: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = failure
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__
