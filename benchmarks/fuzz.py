"""Call the public operators with whatever comes to mind: no call may crash, and what is accepted must be right.

    python -m benchmarks.fuzz [--calls 100000] [--seed 0] [--seconds 600] [--memory-only]

Every call of `torch.ops.gatewise.recurrent` and `recurrent_backward` draws a cell, an order, sizes from nothing to thousands,
dtypes, views, tensors that share memory, absent tensors, lengths, notes and threads; every third call has one argument spoilt. A
call is refused by an exception, or its results are those of the equations in float64. Before each call its seed goes to standard
error where --trace is given, so that a crash can be repeated with --seed and --calls 1.

Under the address sanitizer: build the module with -DGATEWISE_SANITIZE=address and run with
LD_PRELOAD=$(gcc -print-file-name=libasan.so):$(gcc -print-file-name=libstdc++.so) and
ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1. With --memory-only the same calls are made and their results are not
compared, which takes a third of the time. Beside other work OMP_WAIT_POLICY=passive keeps two threads from waiting for each other
at full speed.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

import gatewise.kernels.ops  # noqa: F401  registers the operators
from gatewise.cells import EQUATIONS
from gatewise.kernels import equations, instruction_sets, select_instruction_set
from gatewise.kernels.options import Options

CELLS = ("gru", "lstm", "rnn_tanh", "rnn_relu", "min_gru", "min_lstm", "gru", "gru", "lstm", "rnn_tanh", "rnn_relu")
"""What the operators' `kernel` stands for; 6 resets before the product, from 7 on there is layer normalisation."""

STEPS, ROWS, SIZES = (0, 1, 1, 2, 3, 5, 17), (0, 1, 1, 2, 3, 8, 9, 33), (0, 1, 1, 3, 5, 8, 16, 17, 33)
HUGE = {"steps": 400, "rows": 700, "input_size": 5000, "hidden_size": 600}
TOLERANCE = {torch.float32: 2e-5, torch.float64: 1e-10}
"""Of the error's norm by the norm of the reference, 1 added."""

MAGNIFIED = 30
"""Where a case magnifies rounding, as layer normalisation of nearly equal numbers does, the error may be this many times that of
the equations in the same dtype, or what one rounding of each argument does to the equations in float64."""

NUDGES = 3

LARGEST = {torch.float32: 1e18, torch.float64: 1e150}
"""Where the reference has larger numbers, an overflow on the way to them is no fault."""

NORMALIZED = {torch.float32: 1.0, torch.float64: 100.0}
"""More of the tolerance for layer normalisation: in float64 the equations' own rounding is not told apart, and a variance of zero
magnifies it by 1 / sqrt(eps)."""


class Wrong(AssertionError):
    """A call was accepted, and its result is not that of the equations."""


class Call:
    """One call: its arguments in the operators' order, drawn from `seed`."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        torch.manual_seed(seed)
        draw = self.random
        self.kernel, self.order = draw.randrange(len(CELLS)), draw.randrange(3)
        self.cell = CELLS[self.kernel]
        self.dtype = draw.choice([torch.float32, torch.float64])
        self.directions = draw.choice([1, 2])
        sizes = {"steps": draw.choice(STEPS), "rows": draw.choice(ROWS)}
        sizes |= {name: draw.choice(SIZES) for name in ("input_size", "hidden_size")}
        if draw.random() < 0.01:
            sizes |= dict.fromkeys(sizes, 2)
            name = draw.choice(list(HUGE))
            sizes[name] = HUGE[name]
        self.steps, self.rows, self.input_size, self.hidden_size = sizes.values()
        self.cells, self.save = draw.random() < 0.5, draw.random() < 0.8
        self.constants = [draw.choice([1.0, 1.0, 0.7, 0.0]) for _ in range(2)]
        self.lengths = self._lengths()
        self.positions = int(self.lengths.sum()) if self.order == 2 and self.lengths is not None else 0
        self.tensors = self._tensors()

    def _lengths(self) -> Tensor | None:
        if self.order == 2:
            falling = sorted((self.random.randint(0, self.rows) for _ in range(self.steps)), reverse=True)
            falling[:1] = [self.rows] * len(falling[:1])
            return torch.tensor(falling, dtype=torch.int64)
        if self.random.random() < 0.6:
            return None
        return torch.tensor([self.random.randint(0, self.steps) for _ in range(self.rows)], dtype=torch.int64)

    def _tensor(self, *shape: int, scale: float = 1.0) -> Tensor:
        """Random numbers: as they are, a transposed or a strided view, or one number for all.

        Layer normalisation divides what is all equal by nearly nothing, and then there is nothing to compare."""
        kind = self.random.random() * (0.95 if self.kernel > 6 else 1.0)
        if kind < 0.7 or not shape:
            return torch.randn(shape, dtype=self.dtype) * scale
        if kind < 0.85:
            return (torch.randn(shape[::-1], dtype=self.dtype) * scale).permute(*range(len(shape) - 1, -1, -1))
        if kind < 0.95:
            return (torch.randn(*shape[:-1], 2 * shape[-1], dtype=self.dtype) * scale)[..., ::2]
        return (torch.randn((), dtype=self.dtype) * scale).expand(shape)

    def _maybe(self, share: float, *shape: int, scale: float = 1.0) -> Tensor | None:
        return self._tensor(*shape, scale=scale) if self.random.random() < share else None

    def layout(self, last: int) -> tuple[int, ...]:
        """Shape of input or output with `last` features."""
        if self.order == 2:
            return self.positions, last
        return (self.rows, self.steps, last) if self.order == 1 else (self.steps, self.rows, last)

    def _tensors(self) -> list[Tensor | None]:
        hidden, gates = self.hidden_size, EQUATIONS[self.cell].gates * self.hidden_size
        recurrent, lstm, normalized = not self.cell.startswith("min"), self.cell == "lstm", self.kernel > 6
        scale = self.random.choice([0.1, 1.0, 1.0, 3.0]) / math.sqrt(max(hidden, 1))
        weights: list[Tensor | None] = []
        gains: list[Tensor | None] = []
        for direction in range(2):
            if direction >= self.directions:
                weights += [None] * 4
                gains += [None] * 4
                continue
            weights += [self._tensor(gates, self.input_size, scale=scale)]
            weights += [self._tensor(gates, hidden, scale=scale) if recurrent else None]
            weights += [self._maybe(0.7, gates), self._maybe(0.7, gates) if recurrent else None]
            gains += [self._tensor(gates) if normalized else None for _ in range(2)]
            gains += [self._tensor(hidden) if normalized and lstm else None for _ in range(2)]
        state, output = (self.directions, self.rows, hidden), self.layout(self.directions * hidden)
        c_0 = self._maybe(0.5, *state) if lstm else None
        noise = [self._maybe(0.2, *state) if recurrent else None, self._maybe(0.2, *output)]
        noise.append(self._maybe(0.2, *output) if lstm else None)
        return [
            self._tensor(*self.layout(self.input_size)),
            *weights,
            self._maybe(0.5, *state),
            c_0,
            *gains,
            self.lengths,
            *noise,
        ]

    def share_memory(self) -> None:
        """Let tensors of one shape be one tensor."""
        places = [place for place, tensor in enumerate(self.tensors) if tensor is not None]
        for place in places:
            other = self.random.choice(places)
            if self.tensors[place].shape == self.tensors[other].shape and self.tensors[place].dtype == self.tensors[other].dtype:  # type: ignore[union-attr]
                self.tensors[place] = self.tensors[other]

    def spoil(self) -> None:
        """Break one argument."""
        draw = self.random
        kind = draw.randrange(7)
        present = [place for place, tensor in enumerate(self.tensors) if tensor is not None]
        place = draw.choice(present)
        tensor = self.tensors[place]
        assert tensor is not None
        if kind == 0:
            self.tensors[place] = tensor.to(draw.choice([torch.float16, torch.int32, torch.complex64, torch.bool, torch.float64]))
        elif kind == 1:
            self.tensors[place] = tensor[..., None] if draw.random() < 0.5 else tensor.flatten()
        elif kind == 2 and tensor.dim() and tensor.shape[0]:
            self.tensors[place] = tensor[: draw.randrange(tensor.shape[0])]
        elif kind == 3 and place:
            self.tensors[place] = None
        elif kind == 4:
            self.kernel = draw.choice([-1, 11, 12345, draw.randrange(11)])
        elif kind == 5:
            self.order = draw.choice([-1, 3, draw.randrange(3)])
        elif self.lengths is not None and len(self.lengths):
            lengths = self.lengths.clone()
            lengths[draw.randrange(len(lengths))] = draw.choice([-1, 0, 7, self.steps + 1, 2**40, -(2**62)])
            self.tensors[19] = lengths
        else:
            absent = [place for place, tensor in enumerate(self.tensors) if tensor is None]
            self.tensors[draw.choice(absent)] = torch.randn(3, dtype=self.dtype)

    def run(self, *, compare: bool = True) -> str:
        """Call the operators, and say which of them accepted. compare: with the equations. Raises Wrong."""
        spoilt = self.random.random() < 0.33
        if self.random.random() < 0.1:
            self.share_memory()
        if spoilt:
            self.spoil()
        shared = (*self.tensors, self.kernel, self.order, *self.constants)
        try:
            results = torch.ops.gatewise.recurrent(*shared, self.cells, self.save)
        except Exception as failure:
            return f"refused: {type(failure).__name__}"
        expected: list[Tensor | None] = []
        leaves: list[Tensor | None] = []
        if compare:
            try:
                expected, leaves = self._reference(torch.float64)
            except (RuntimeError, IndexError):
                if spoilt:  # the equations find fault with more than the operators
                    return "accepted forward, without a reference"
                raise
            self._compare("results", results[:4], expected, lambda nudge: self._rounded(nudge)[0])
        if not self.hidden_size:
            return "accepted forward"
        incoming = [None if self.random.random() < 0.3 or not len(value) else self._tensor(*value.shape) for value in results[:4]]
        output, h_n, c_n, cells = incoming
        saved = results[4] if self.random.random() < 0.8 else self._notes(results[4])
        need = [self.random.random() < 0.7, self.tensors[9] is not None, self.tensors[10] is not None]
        try:
            gradients = torch.ops.gatewise.recurrent_backward(*shared, results[0], saved, output, h_n, c_n, cells, *need)
        except Exception as failure:
            return f"accepted forward, refused backward: {type(failure).__name__}"
        if saved is not results[4] and saved.numel() == results[4].numel() and saved.numel() > 64:
            return "accepted both, other notes"
        if not compare:
            return "accepted both"
        reference = _gradients(expected, leaves, incoming, need[0])
        self._compare("gradients", gradients, reference, lambda nudge: _gradients(*self._rounded(nudge), incoming, need[0]))
        return "accepted both"

    def _notes(self, saved: Tensor) -> Tensor:
        """Other notes than those that the forward pass left."""
        kind = self.random.randrange(4)
        if kind == 0:
            return saved[: self.random.randrange(saved.numel() + 1)]
        if kind == 1:
            return torch.randint(0, 256, saved.shape, dtype=torch.uint8)
        if kind == 2:
            return saved.new_empty(0)
        changed = saved.clone()
        changed[64:].random_(0, 256)
        return changed

    def _rounded(self, nudge: int) -> tuple[list[Tensor | None], list[Tensor | None]]:
        """The reference in the call's own dtype, or from 1 on in float64 with other roundings of the arguments."""
        return self._reference(torch.float64, nudge) if nudge else self._reference(self.dtype)

    def _reference(self, dtype: torch.dtype, nudge: int = 0) -> tuple[list[Tensor | None], list[Tensor | None]]:
        """What the equations give, and the leaves of its graph in the order of the operators' gradients."""
        roundings = torch.Generator().manual_seed(nudge)

        def leaf(tensor: Tensor | None) -> Tensor | None:
            if tensor is None:
                return None
            value = tensor.to(dtype).clone()
            if nudge:
                value *= 1 + torch.finfo(self.dtype).eps * torch.randn(value.shape, generator=roundings, dtype=dtype)
            return value.requires_grad_()

        leaves = [leaf(tensor) for tensor in self.tensors[:19]]
        noise = [None if tensor is None else tensor.to(dtype) for tensor in self.tensors[20:]]
        directions = 1 if leaves[5] is None else 2
        cell = CELLS[self.kernel]
        options = Options(
            cell=cell,
            batch_first=self.order == 1,
            cells=self.cells,
            reset_after=self.kernel != 6,
            update_h=self.constants[0],
            update_c=self.constants[1],
        )
        norm = [leaves[11 + 4 * direction : 15 + 4 * direction] for direction in range(directions)] if self.kernel > 6 else None
        lengths = self.tensors[19]
        packed = self.order == 2
        assert leaves[0] is not None
        if not (leaves[0].shape[1] if self.order == 1 else leaves[0].shape[0]):  # no steps: the equations want one
            return [None, leaves[9], leaves[10], None], leaves
        output, h_n, c_n, cells = equations.recurrent(
            options,
            leaves[0],
            leaves[1 : 1 + 4 * directions],
            leaves[9],
            leaves[10],
            None if packed else lengths,
            lengths if packed else None,
            noise[0],
            noise[1],
            noise[2],
            norm,
        )
        return [output, h_n, c_n, cells], leaves

    def _compare(
        self,
        what: str,
        found: Sequence[Tensor],
        reference: Sequence[Tensor | None],
        rounded: Callable[[int], Sequence[Tensor | None]],
    ) -> None:
        """rounded: the reference with other roundings, by number."""
        if any(value is not None and value.numel() and not value.abs().max() < LARGEST[self.dtype] for value in reference):
            return
        for number, (came, expected) in enumerate(zip(found, reference, strict=True)):
            if expected is None or not expected.numel():
                continue
            if came.shape != expected.shape:
                raise Wrong(f"{what} {number}: {list(came.shape)}, expected {list(expected.shape)}, {self.describe()}")
            bound, error = TOLERANCE[self.dtype] * (1 + float(expected.detach().norm())), _distance(came, expected)
            if self.kernel > 6:
                bound *= NORMALIZED[self.dtype]
            if error <= bound:
                continue
            others = [rounded(nudge)[number] for nudge in range(1 + NUDGES)]
            rounding = max(_distance(other, expected) for other in others if other is not None)
            if not (error <= bound + MAGNIFIED * rounding or math.isnan(rounding)):  # no number there either, by overflow
                raise Wrong(
                    f"{what} {number}: error {error:.1e} of norm {float(expected.detach().norm()):.1e}, {self.describe()}"
                )

    def describe(self) -> str:
        """The call in a line."""
        sizes = f"T {self.steps}, B {self.rows}, I {self.input_size}, H {self.hidden_size}, directions {self.directions}"
        return f"kernel {self.kernel}, order {self.order}, {self.dtype}, {sizes}"


def _distance(came: Tensor, expected: Tensor) -> float:
    return float((came.detach().double() - expected.detach().double()).norm())


def _gradients(
    results: Sequence[Tensor | None], leaves: Sequence[Tensor | None], incoming: Sequence[Tensor | None], need_input: bool
) -> list[Tensor | None]:
    """Of the leaves, by autograd; None where there is none."""
    terms = [
        (value * gradient.to(value.dtype)).sum()
        for value, gradient in zip(results, incoming, strict=True)
        if value is not None and gradient is not None
    ]
    loss = torch.stack(terms).sum() if terms else torch.zeros(())
    wanted = [leaf for leaf in leaves if leaf is not None]
    found = torch.autograd.grad(loss, wanted, allow_unused=True) if loss.requires_grad else [None] * len(wanted)
    places = iter(found)
    gradients = [None if leaf is None else next(places) for leaf in leaves]
    return gradients if need_input else [None, *gradients[1:]]


def fuzz(
    calls: int,
    seed: int,
    seconds: float = math.inf,
    *,
    compare: bool = True,
    before: Callable[[int], Any] = lambda _: None,
) -> Iterator[tuple[int, str | Wrong]]:
    """Make calls, and say of each its seed and how it ended."""
    until = time.monotonic() + seconds
    sets = instruction_sets()
    for number in range(seed, seed + calls):
        if time.monotonic() > until:
            break
        before(number)
        select_instruction_set(sets[number % len(sets)])
        torch.set_num_threads(2 if number % 8 == 0 else 1)
        try:
            yield number, Call(number).run(compare=compare)
        except Wrong as wrong:
            yield number, wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz, and print how the calls ended. Returns 1 where a result was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=100_000, help="at most (default 100000)")
    parser.add_argument("--seed", type=int, default=0, help="of the first call; the next one has the next (default 0)")
    parser.add_argument("--seconds", type=float, default=math.inf, help="after which no call is begun")
    parser.add_argument("--trace", action="store_true", help="say each call's seed before it")
    parser.add_argument("--memory-only", action="store_true", help="compare no results: for the address sanitizer")
    options = parser.parse_args(arguments)
    before = (lambda number: print(number, file=sys.stderr, flush=True)) if options.trace else (lambda number: None)
    ends: Counter[str] = Counter()
    for number, end in fuzz(options.calls, options.seed, options.seconds, compare=not options.memory_only, before=before):
        if isinstance(end, Wrong):
            print(f"seed {number}: {end}", flush=True)
        ends["WRONG" if isinstance(end, Wrong) else end] += 1
    for name, count in sorted(ends.items()):
        print(f"{count:9,} {name}")
    wrong = (
        f"{ends['WRONG']:,} wrong results"
        if ends["WRONG"]
        else "no result compared"
        if options.memory_only
        else "no wrong result"
    )
    print(f"{ends.total():9,} calls, no crash, {wrong}")
    return 1 if ends["WRONG"] else 0


if __name__ == "__main__":
    sys.exit(main())
