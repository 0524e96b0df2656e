"""Parts of data on disk: rows that are drawn for each replicate, as many as memory is meant for and a comparison needs."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.stored import Facts, StoredDataset, blocks_of
from gatewise.records import Dataset, Split
from gatewise.wording import counted

__all__ = ["BASELINE_ROWS", "VOCABULARY_ROWS", "drawing_note", "drawn_split", "epoch_rows", "in_memory", "lookup_rows"]

TRAIN_ROWS, VALIDATION_ROWS, TEST_ROWS = 1_000_000, 10_000, 20_000
"""Rows of each part at most."""
EPOCH_ROWS = 25_000
"""Rows of an epoch at most: a training goes on with others in the next."""
BASELINE_ROWS = 25_000
"""Rows that a baseline learns from at most, and from which scales are fitted."""
VOCABULARY_ROWS = 200_000
"""Rows whose words are counted for a vocabulary at most."""
SAMPLE_ROWS = 20_000
"""Rows of a sample for quick measurements at most."""
# Tokens, steps or frames that are in memory at once: of an epoch, and of the test part.
STEPS = 8_000_000
# Numbers of a series' steps likewise.
VALUES = 32_000_000
SHARE = 0.1
"""Share of the rows that the validation and the test part each have where there are few."""


def drawn_split(dataset: StoredDataset, number: int, seed: int) -> Split:
    """The parts of replicate `number`, drawn anew for each: row indices in rising order.

    Which part a row may be taken for follows from its group's digest, the replicate and the seed, and whether it is taken from
    its own number: rows of a group are never in two parts, and nothing is kept of the rows that are not taken. Where the source
    has a test part, test rows are drawn from it, the same for all replicates; where it has a validation part too, so are the
    validation rows. The same data, number and seed give the same split.
    """
    parts = tuple(zip(*(_parts(dataset, block, number, seed) for block in blocks_of(len(dataset))), strict=True))
    train, validation, test = (np.concatenate(rows) for rows in parts)
    return Split(train=train, validation=validation, test=test)


def _parts(dataset: StoredDataset, block: slice, number: int, seed: int) -> tuple[NDArray[np.int64], ...]:
    """Training, validation and test rows among those of a block.

    Groups are dealt to the parts, and of each part's rows as many are taken as are wanted.
    """
    facts, channels = dataset.facts, len(dataset.channels)
    groups = dataset.groups[block]
    side = _drawn(groups, seed, number + 1)
    rows = np.arange(block.start, block.start + len(groups))
    own, always = _drawn(rows, seed, number + 1, of_rows=True), _drawn(rows, seed, 0, of_rows=True)
    test_below, validation_below = _bounds(dataset, number, seed)
    test_rows, validation_rows = (_fitting(count, facts, channels) for count in (TEST_ROWS, VALIDATION_ROWS))
    left = float(facts.rows)
    if dataset.fixed_test is None or facts.fixed_test_rows is None:
        is_test = side < test_below
        pool, drawn = ~is_test, own
        tested = SHARE * left
    else:
        is_test = dataset.fixed_test[block]
        pool, drawn = ~is_test, always
        tested = float(facts.fixed_test_rows)
    left -= tested
    test = is_test & (drawn < test_rows / tested)
    if dataset.fixed_validation is None or facts.fixed_validation_rows is None:
        # Of the groups that no test part of its own takes away, the lowest are the next.
        is_validation = pool & (side < validation_below if dataset.fixed_test is None else side < test_below)
        drawn, stopping = own, SHARE * (left if dataset.fixed_test is not None else facts.rows)
    else:
        is_validation = dataset.fixed_validation[block]
        drawn, stopping = always, float(facts.fixed_validation_rows)
    validation = is_validation & (drawn < validation_rows / stopping)
    train = pool & ~is_validation & (own < TRAIN_ROWS / max(left - stopping, 1.0))
    return tuple(block.start + np.flatnonzero(part) for part in (train, validation, test))


def _bounds(dataset: StoredDataset, number: int, seed: int) -> tuple[float, float]:
    """Below which number of its own a group is of the test part, and below which of that or the validation part.

    Of few groups one at least is of each; of many a tenth is, or nearly so.
    """
    few = dataset.few_groups
    if few is None:
        return SHARE, 2 * SHARE
    ordered = np.sort(_drawn(few, seed, number + 1))
    count = max(1, round(SHARE * len(ordered)))
    above = [*ordered[1:].tolist(), 1.0]
    return above[min(count, len(above)) - 1], above[min(2 * count, len(above)) - 1]


def epoch_rows(dataset: Dataset, rows: int) -> int:
    """How many of so many training rows an epoch goes through: all, but of data on disk no more than are held at once."""
    return min(rows, _fitting(EPOCH_ROWS, dataset.facts, len(dataset.channels))) if isinstance(dataset, StoredDataset) else rows


def lookup_rows(dataset: Dataset, rows: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    """The rows that are looked at where all need not be: of data on disk at most so many, drawn at random, in rising order."""
    if not isinstance(dataset, StoredDataset) or len(rows) <= (limit := _fitting(most, dataset.facts, len(dataset.channels))):
        return rows
    return np.sort(np.random.default_rng([seed, 6]).choice(rows, limit, replace=False))


def in_memory(dataset: Dataset, seed: int) -> Dataset:
    """The data set itself, or of one on disk a sample: as many rows, drawn at random, as quick measurements look at."""
    if not isinstance(dataset, StoredDataset):
        return dataset
    facts = dataset.facts
    count = min(facts.rows, _fitting(SAMPLE_ROWS, facts, len(dataset.channels)))
    rows = np.sort(np.random.default_rng([seed, 7]).choice(facts.rows, count, replace=False))
    said = f"Of the {facts.rows:,} rows on disk {len(rows):,} were drawn at random, and measured alone."
    return Dataset(
        **{item.name: getattr(dataset, item.name) for item in fields(Dataset)}
        | {
            "sequences": tuple(dataset.sequences[row] for row in rows.tolist()),
            "targets": dataset.targets[rows],
            "groups": np.unique(dataset.groups[rows], return_inverse=True)[1].reshape(-1),
            "fixed_test": None if dataset.fixed_test is None else dataset.fixed_test[rows],
            "fixed_validation": None if dataset.fixed_validation is None else dataset.fixed_validation[rows],
            "weights": None if dataset.weights is None else dataset.weights[rows],
            "inferred": (*dataset.inferred, said),
        }
    )


def drawing_note(facts: Facts, channels: int) -> str:
    """What is said of data that are read from disk."""
    train, validation, test = (
        _fitting(rows, facts, channels) if rows < TRAIN_ROWS else rows for rows in (TRAIN_ROWS, VALIDATION_ROWS, TEST_ROWS)
    )
    shown = counted(facts.rows, "row")
    return (
        f"The {shown} are read from disk: each replicate draws its own, at most {train:,} to learn from, {validation:,} to stop "
        f"by and {test:,} to be tested on. An epoch is {_fitting(EPOCH_ROWS, facts, channels):,} rows at most, and the next goes "
        f"on with others; baselines learn from {_fitting(BASELINE_ROWS, facts, channels):,} at most."
    )


def _fitting(rows: int, facts: Facts, channels: int) -> int:
    """As many rows as are wanted, or as their steps allow."""
    steps = min(STEPS, VALUES // max(channels, 1))
    return max(1, min(rows, int(steps / max(facts.length_mean, 1.0))))


def _drawn(groups: NDArray[np.int64], seed: int, number: int, *, of_rows: bool = False) -> NDArray[np.float64]:
    """A number from 0 to 1 for each digest, or each number of a row: splitmix64 of it (Steele et al. 2014)."""
    salt = np.random.SeedSequence([seed, number, int(of_rows)]).generate_state(1, np.uint64)[0]
    mixed = groups.view(np.uint64) ^ salt
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = (mixed ^ (mixed >> np.uint64(31))) >> np.uint64(11)
    share: NDArray[np.float64] = mixed.astype(np.float64) * 2.0**-53
    return share
