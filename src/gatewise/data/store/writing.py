"""A table, block by block -> the folder of a data set. Memory does not grow with the rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.columns.columns import Columns
from gatewise.data.dataset.parts import check_each_weight, encoded_groups, only_zeros, part_masks
from gatewise.data.dataset.repeats import repeated_note, series_digest, value_digest
from gatewise.data.dataset.rows import TEST, TRAIN, VALIDATION, Rows
from gatewise.data.dataset.stored import Facts, write_about
from gatewise.data.store.arrays import GrowingArrays
from gatewise.data.store.blocks import Asked, Block, ReadSounds, in_order, read_blocks
from gatewise.data.store.groups import few_groups, group_sizes, rows_across
from gatewise.data.store.places import PLACE
from gatewise.data.store.target_column import ClassColumn
from gatewise.data.store.words import WordNumbers
from gatewise.durable import new_folder, write_synced
from gatewise.errors import DataError
from gatewise.records import AudioFeatures, Dataset, Reading
from gatewise.wording import counted, listed

__all__ = ["write_store"]

# Lengths beyond are counted as this one.
LONGEST = 2**22
# Numbers that a median is taken of.
SAMPLED = 2**20


def write_store(
    folder: Path,
    blocks: Iterable[Columns],
    asked: Asked,
    *,
    executor: Executor | None = None,
    at_once: int = 1,
    sounds: ReadSounds | None = None,
    on_rows: Callable[[int], None] = lambda _: None,
) -> None:
    """Write the folder of a data set, which takes its place at the end.

    executor: finds the words of texts, `at_once` blocks at a time. sounds: reads files of sound. on_rows: told how many rows were
    read. Raises DataError where the rows do not do, and where the disk is full.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with new_folder(folder) as place, GrowingArrays(place) as arrays:
            writer = _Writer(asked, arrays)
            for block in in_order(read_blocks(blocks, asked, sounds, on_rows), executor, at_once):
                writer.add(block)
            about = writer.finish(place)
            arrays.sync()
            write_synced(place / "about.json", about)
    except OSError as error:
        raise DataError(
            f"the data cannot be written to {folder.parent}: {error.strerror or error}. Make room, or name another folder: "
            f"{PLACE}=FOLDER. Nothing was left there."
        ) from error


class _Writer:
    """What grows with the blocks."""

    def __init__(self, asked: Asked, arrays: GrowingArrays) -> None:
        self._asked = asked
        self._arrays = arrays
        self._words = WordNumbers()
        self._read = self._rows = self._steps = self._bytes = 0
        self._no_input = self._no_target = 0
        self._lengths = np.zeros(1024, dtype=np.int64)
        self._counts = np.zeros(0, dtype=np.int64)
        self._parts = np.zeros(3, dtype=np.int64)
        self._weight = 0.0
        self._channels: tuple[str, ...] = ()
        self._features: AudioFeatures | None = None
        self._warnings: dict[str, None] = {}

    def add(self, block: Block) -> None:
        """Write the rows of a block that have a target."""
        rows, asked = block.rows, self._asked
        self._read += block.read
        self._no_input += block.read - len(rows)
        self._warnings.update(dict.fromkeys(block.warnings))
        if rows.labels is None or not len(rows):
            return
        targets, missing = asked.target.read(rows.labels, block.of)
        kept = np.flatnonzero(~missing)
        self._no_target += int(missing.sum())
        self._arrays.append("targets" if isinstance(asked.target, ClassColumn) else "numbers", targets[kept])
        if isinstance(asked.target, ClassColumn):
            counts = np.bincount(targets[kept], minlength=len(self._counts))
            counts[: len(self._counts)] += self._counts
            self._counts = counts
        self._beside(rows, kept)
        digests, lengths = self._words_in(block, kept) if block.words is not None else self._values_in(block, kept)
        if rows.groups is not None:
            codes, names = encoded_groups(rows.groups, f"the column {asked.reading.group!r}", rows.where)
            digests = np.array([value_digest(name) for name in names], dtype=np.int64)[codes[kept]]
        self._arrays.append("groups", digests)
        self._arrays.append("lengths", lengths)
        self._arrays.append("ends", self._steps + np.cumsum(lengths, dtype=np.int64))
        self._steps += int(lengths.sum())
        self._rows += len(kept)
        found = np.bincount(np.minimum(lengths, LONGEST), minlength=len(self._lengths))
        found[: len(self._lengths)] += self._lengths
        self._lengths = found

    def _beside(self, rows: Rows, kept: NDArray[np.int64]) -> None:
        if rows.parts is not None:
            parts = rows.parts[kept]
            self._parts += np.bincount(parts, minlength=3)
            self._arrays.append("test", parts == TEST)
            self._arrays.append("validation", parts == VALIDATION)
        if rows.weights is not None:
            weights = rows.weights[kept]
            check_each_weight(weights, self._weights_name, lambda row: rows.where(int(kept[row])))
            self._weight += float(weights.sum())
            self._arrays.append("weights", weights)

    def _words_in(self, block: Block, kept: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        words, whole = block.words, len(kept) == len(block.rows)
        if words is None:
            raise ValueError("the words of a block were not found")
        numbers = self._words.add(words)
        texts = block.rows.sequences if whole else [block.rows.sequences[row] for row in kept.tolist()]
        if not whole:
            inside = np.zeros(len(words.lengths), dtype=bool)
            inside[kept] = True
            numbers = numbers[np.repeat(inside, words.lengths)]
        contents = [text.encode("utf-8", "surrogatepass") for text in texts]
        ends = self._bytes + np.cumsum([len(content) for content in contents], dtype=np.int64)
        self._bytes += sum(map(len, contents))
        self._arrays.append_bytes("texts", b"".join(contents))
        self._arrays.append("text_ends", ends)
        self._arrays.append("words", numbers)
        return words.digests[kept], words.lengths[kept]

    def _values_in(self, block: Block, kept: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        series: list[NDArray[np.float32]] = [block.rows.sequences[row] for row in kept.tolist()]
        self._features = self._features or block.features
        if series:
            channels = series[0].shape[1]
            names = block.rows.channels or tuple(f"{self._channel} {number}" for number in range(1, channels + 1))
            if self._channels and channels != len(self._channels):
                raise DataError(
                    f"row {block.first + 1:,} has {channels} channels, earlier rows have {len(self._channels)}. Give all rows "
                    "the same channels."
                )
            self._channels = names
            self._arrays.append("values", np.concatenate(series))
        lengths = np.array([len(one) for one in series], dtype=np.int64)
        return np.array([series_digest(one) for one in series], dtype=np.int64), lengths

    @property
    def _channel(self) -> str:
        return "mel" if self._asked.choice.kind == "audio" else "channel"

    @property
    def _weights_name(self) -> str:
        return f"the column {self._asked.reading.weights!r}"

    def finish(self, place: Path) -> bytes:
        """What `about.json` says of it all."""
        asked, arrays = self._asked, self._arrays
        dropped = self._dropped()
        if "weights" in arrays.names and not self._weight:
            raise DataError(only_zeros(self._weights_name))
        fixed_test: int | None = None
        fixed_validation: int | None = None
        if "test" in arrays.names:
            # Only what is there counts here, not how often.
            masks = part_masks(np.repeat(np.array([TRAIN, VALIDATION, TEST], np.int8), np.minimum(self._parts, 1)))
            fixed_test = int(self._parts[TEST])
            fixed_validation = None if masks[1] is None else int(self._parts[VALIDATION])
        classes: tuple[str, ...] = ()
        labels: Any = ()
        rare: tuple[str, ...] = ()
        outputs: tuple[str, ...] = ()
        numbers: tuple[float, float, float] | None = None
        counts: tuple[int, ...] = ()
        name = str(asked.choice.target)
        if isinstance(asked.target, ClassColumn):
            final, classes, labels, rare = asked.target.finish(self._counts)
            arrays.look_up("targets", final)
            found = np.zeros(len(classes), dtype=np.int64)
            found[final[final >= 0]] = self._counts[final >= 0]
            counts = tuple(found.tolist())
            said = f"The task is classification into {len(classes)} classes: {listed(classes, 10)}."
        else:
            asked.target.finish()
            sampled = arrays.mapped("numbers")
            middle = float(np.median(sampled[:: max(1, len(sampled) // SAMPLED)]))
            numbers = (asked.target.least, middle, asked.target.greatest)
            outputs = (name,)
            said = f"The task is regression: {name!r}, numbers from {numbers[0]:g} to {numbers[2]:g}, is predicted."
        vocabulary: list[str] = []
        if asked.choice.kind == "text":
            vocabulary, places = self._words.finished()
            arrays.look_up("words", places)
        digests = arrays.mapped("groups")
        repeated, groups = group_sizes(digests)
        few = few_groups(digests)
        if few is not None:
            arrays.append("few_groups", few)
        across = self._across(digests)
        content = ("texts", "text_ends", "values", "ends", "numbers", "targets", "groups", "test", "weights")
        about = repr((asked.choice.kind, asked.target.task, classes, self._rows, self._features)).encode("utf-8", "surrogatepass")
        facts = Facts(
            rows=self._rows,
            counts=counts,
            outputs=numbers,
            **self._length_facts(),
            repeated_rows=repeated,
            groups=groups,
            fixed_test_rows=fixed_test,
            fixed_validation_rows=fixed_validation,
            fingerprint=hashlib.sha256(arrays.digest(content) + about).hexdigest(),
        )
        dataset = Dataset(
            name=asked.name,
            kind=asked.choice.kind,
            sequences=(),
            targets=np.zeros(0),
            classes=classes,
            groups=np.zeros(0, dtype=np.int64),
            channels=self._channels,
            inferred=(*asked.inferred, *self._group_note(), said),
            warnings=(*asked.warnings, *self._warnings, *dropped, *rare, *across),
            task=asked.target.task,
            outputs=outputs,
            audio=self._features,
            labels=labels,
            reading=self._reading(),
        )
        used = [one for one in arrays.names if fixed_validation is not None or one != "validation"]
        return write_about(place, dataset, facts, vocabulary, used)

    def _reading(self) -> Reading:
        asked = self._asked
        taken, first = replace(asked.reading, target=(str(asked.choice.target),)), asked.choice.inputs[0]
        match asked.choice.kind:
            case "text":
                return replace(taken, text=first)
            case "audio":
                return replace(taken, audio=first)
            case "series":
                return taken

    def _group_note(self) -> tuple[str, ...]:
        group = self._asked.reading.group
        return () if group is None else (f"Rows of one value of the column {group!r} stay on one side of every split.",)

    def _across(self, digests: NDArray[np.int64]) -> list[str]:
        """What to beware of in the source's own split. Raises DataError where a group that was named is on two of its sides."""
        if "test" not in self._arrays.names:
            return []
        test, validation = (self._arrays.mapped(name) for name in ("test", "validation"))
        group = self._asked.reading.group
        if group is None:
            return repeated_note(rows_across(digests, test, ~(test | validation)))
        if rows_across(digests, test, ~test) or rows_across(digests, validation, ~validation):
            raise DataError(
                f"groups of the column {group!r} are in more than one part of the source's own split. Leave out --group to keep "
                "that split, or the split to keep groups together."
            )
        return []

    def _dropped(self) -> tuple[str, ...]:
        lost = self._no_input + self._no_target
        if not lost:
            return ()
        found = f"{lost:,} of {counted(self._read, 'row')} lack an input ({self._no_input:,}) or a target ({self._no_target:,})"
        if lost > self._read / 2:
            raise DataError(f"{found}: over half. Fill them, or name other columns with --text, --channels and --target.")
        return (f"{found} and were dropped.",)

    def _length_facts(self) -> dict[str, Any]:
        """Of the lengths as they were counted; equal to those of the lengths themselves, up to LONGEST."""
        below = np.cumsum(self._lengths)
        rows = int(below[-1])

        def at(share: float) -> float:
            place = share * (rows - 1)
            low, high = (int(np.searchsorted(below, rank, side="right")) for rank in (int(place), int(np.ceil(place))))
            return low + (high - low) * (place - int(place))

        present = np.flatnonzero(self._lengths)
        return {
            "length_min": int(present[0]),
            "length_median": at(0.5),
            "length_p95": at(0.95),
            "length_max": int(present[-1]),
            "length_mean": self._steps / rows,
        }
