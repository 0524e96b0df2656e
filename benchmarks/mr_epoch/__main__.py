"""Seconds of a training epoch on Rotten Tomatoes' sentences, from tokens to the optimiser's step, and where they go.

    python -m benchmarks.mr_epoch --data mr.parquet [--threads 2] [--epochs 3] [--batches bucketed] [--output FOLDER]
    python -m benchmarks.mr_epoch --render docs/performance.md    write the last figures into the document

8,530 reviews, a vocabulary of about 10,000, embedding 100, hidden 128, batch 32; lengths are honoured everywhere. `bucketed`
batches hold reviews of nearly equal length, as gatewise trains; `shuffled` ones are plain random batches. All recipes start from
the same weights, see the same batches and take turns, an epoch each; none is timed whose gradients differ from a float64
reference.

The recipes differ in one thing at a time:

    stock        torch's layer on packed vectors, Adam as it comes
    layer        gatewise's layer with `lengths=`, Adam as it comes
    fused        and Adam(fused=True): the same update in one pass over memory
    tokens       and only real tokens are looked up, packed before the embedding instead of after it: the same results
    sparse       and the embedding's gradient is sparse, its update SparseAdam's: rows that a batch lacks keep their moments and
                 their values, where Adam lets the moments decay and goes on moving them ("lazy Adam"): another algorithm
    Keras        where it is installed, on what KERAS_BACKEND says: masked and compiled as a whole, steps padded to a multiple of
                 16, for every number of them takes a program of its own
    compiled     the step of a comparison, whole: what `fused` computes, and clipping and averaged weights besides
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from benchmarks.layers.machine import busy, describe
from benchmarks.layers.markdown import markdown_table, replace_between_marks
from benchmarks.layers.tables import Table
from benchmarks.layers.terminal import rich_table
from benchmarks.mr_epoch.accelerated import accelerated, deployed
from benchmarks.mr_epoch.race import race
from benchmarks.mr_epoch.reviews import file_of, first, load
from rich.console import Console

from gatewise.records import Encoded


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print, or render what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="mr.parquet, with the columns text, label and fold")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=3, help="counted epochs of each recipe")
    parser.add_argument("--seeds", type=int, default=3, help="of the accelerated classifier")
    parser.add_argument("--batches", choices=("bucketed", "shuffled"), default="bucketed")
    parser.add_argument("--rows", type=int, help="only the first reviews, to see that everything runs")
    parser.add_argument("--output", type=Path, default=Path("build/benchmarks"), help="folder (default build/benchmarks)")
    parser.add_argument("--render", type=Path, metavar="DOCUMENT", help="write the last figures into it, measure nothing")
    options = parser.parse_args(arguments)
    results = options.output / "mr_epoch.json"
    if options.render:
        saved = [Table(**table) for table in json.loads(results.read_text(encoding="utf-8"))["tables"]]
        replace_between_marks(options.render, "mr_epoch", "\n\n".join(markdown_table(table) for table in saved) + "\n")
        return 0
    data = file_of(parser, options.data)
    print(f"warning: {busy()}\n" if busy() else "", end="")
    torch.set_num_threads(options.threads)
    train, validation = (first(part, options.rows) for part in load(data))
    print(f"{len(train):,} training reviews, vocabulary {train.input_size:,}, {train.lengths.mean():.1f} tokens on average")
    console = Console(width=max(80, Console().width))
    found = []
    for table in _tables(options, train, validation):
        found.append(table)
        console.print(table.title, rich_table(table), table.note, "", sep="\n")
        options.output.mkdir(parents=True, exist_ok=True)
        results.write_text(json.dumps({"machine": describe(), "tables": [vars(one) for one in found]}, indent=1) + "\n")
    return 0


def _tables(options: argparse.Namespace, train: Encoded, validation: Encoded) -> Iterator[Table]:
    yield from race(train, validation, options.batches, options.epochs)
    yield accelerated(train, validation, options.batches, options.epochs, options.seeds)
    yield deployed(train.input_size, seconds=5.0)


if __name__ == "__main__":
    sys.exit(main())
