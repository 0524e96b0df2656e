"""Memory over many calls of ever other shapes, beside PyTorch's layers.

    python -m benchmarks.mixed_shapes [--calls 55000]

Every call trains or runs a GRU on a batch of random rows and steps. One process each; prints the resident memory of the process
and what gatewise's pool holds, at ten moments.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

import gatewise.nn

MEBIBYTE = 1 << 20


def resident() -> int:
    """Bytes of this process that are in memory; Linux."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    raise OSError("/proc/self/status names no VmRSS")


def measure(kind: Callable[[int, int], nn.RNNBase], calls: int) -> None:
    """Print a line for each tenth of the calls."""
    from gatewise.kernels import _compiled

    torch.manual_seed(0)
    draw = np.random.default_rng(0)
    layers = [kind(32, size) for size in (16, 48, 96)]
    torch.set_num_threads(2)
    for call in range(1, calls + 1):
        layer = layers[draw.integers(len(layers))]
        input = torch.randn(int(draw.integers(1, 60)), int(draw.integers(1, 40)), 32)
        if draw.random() < 0.7:
            layer(input)[0].sum().backward()
        else:
            with torch.inference_mode():
                layer(input)
        if call % max(calls // 10, 1) == 0:
            in_use, idle = _compiled.workspace_bytes()
            print(
                f"{type(layers[0]).__module__.split('.')[0]:9} {call:7,} calls: {resident() / MEBIBYTE:6.0f} MiB resident, "
                f"{(in_use + idle) / MEBIBYTE:5.1f} MiB in the pool",
                flush=True,
            )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure both in processes of their own. Returns 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=55_000)
    parser.add_argument("--only", choices=("gatewise", "torch"), help="in this process")
    options = parser.parse_args(arguments)
    if options.only:
        measure(gatewise.nn.GRU if options.only == "gatewise" else nn.GRU, options.calls)
        return 0
    for name in ("gatewise", "torch"):
        subprocess.run(
            [sys.executable, "-m", "benchmarks.mixed_shapes", "--only", name, "--calls", str(options.calls)], check=True
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
