"""Formal languages learned at some lengths and tried at longer ones: whoever counts goes on counting."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.claims.solving import Course, learner
from gatewise.data.builtin.synthetic import parity
from gatewise.data.builtin.synthetic.languages import balanced_steps
from gatewise.data.dataset.assemble import series_dataset
from gatewise.data.encoding.encoders import encode_raw
from gatewise.data.encoding.series import plain_series_encoder
from gatewise.nn import SequenceNetwork, build_network
from gatewise.records import Architecture, Encoded
from gatewise.study.units import seed_of
from gatewise.training.objectives import NextStep

__all__ = ["BEYOND", "learn_counting", "learn_dyck1", "learn_parity"]

Word = NDArray[np.float32]

BEYOND = 1.5
"""How many times as long as the longest words learned those are that count as beyond them."""
HIDDEN = 10
LONGEST, MOST = 20, 100
COPIES = 8
FIRST, SECOND, END = range(3)
COURSE = Course(6000, learning_rate=1e-2, batch_size=16)
DYCK_ROWS, DYCK_COURSE = 2000, Course(6000, learning_rate=1e-2, batch_size=32)
PARITY_ROWS, PARITY_COURSE = 4000, Course(8000, settled=0.995)
TRIED = 200


def learn_counting(cell: str, seed: int) -> dict[str, Any]:
    """a^n b^n with n from 1 to 20 (Gers & Schmidhuber 2001; Weiss et al. 2018), each symbol predicted from those before it.

    score: the largest n up to 100 such that in all words up to it every step is right: after each b another one is more likely
    than the end, and after the last the end. What follows an a is open, and not asked.
    """
    words = {n: _word([FIRST] * n + [SECOND] * n) for n in range(1, MOST + 1)}
    network, found = _learn(
        cell,
        seed,
        COURSE,
        train=[words[n] for n in range(1, LONGEST + 1) for _ in range(COPIES)],
        validation=[words[n] for n in range(1, LONGEST + 1)],
    )
    right = [_is_right(network, [words[n]], lambda word: np.flatnonzero(word[:-1, SECOND]), _ends)[0] for n in words]
    return {**found, "score": float(right.index(False) if False in right else MOST)}


def learn_dyck1(cell: str, seed: int) -> dict[str, Any]:
    """Balanced words of one kind of brackets, up to 20 pairs, each symbol predicted from those before it.

    score: the share of words of 30 pairs in which every step is right: where something is open a closing bracket is more likely
    than the end, and where nothing is the end is.
    """
    generator = np.random.default_rng([seed, 1])

    def words(count: int, least: int, most: int) -> list[Word]:
        pairs = generator.integers(least, most + 1, size=count)
        return [_word(np.where(balanced_steps(generator, int(number)) < 0, SECOND, FIRST).tolist()) for number in pairs]

    train, validation = words(DYCK_ROWS, 1, LONGEST), words(TRIED, 1, LONGEST)
    beyond = round(BEYOND * LONGEST)
    tried = words(TRIED, beyond, beyond)
    network, found = _learn(cell, seed, DYCK_COURSE, train=train, validation=validation)
    right = _is_right(network, tried, lambda word: np.arange(len(word) - 1), _closes)
    return {**found, "score": float(np.mean(right))}


def learn_parity(cell: str, seed: int) -> dict[str, Any]:
    """Whether the number of ones is even, of 2 to 10 random bits. score: the share of words of 40 bits that are right."""
    generator = np.random.default_rng([seed, 2])
    lengths = range(2, 11)
    made = [parity(generator, length=length, rows=PARITY_ROWS // len(lengths)) for length in lengths]
    sequences = [word for words, _, _ in made for word in words]
    labels = [label for _, own, _ in made for label in own]
    dataset = series_dataset("parity", sequences, labels, target="the class", channels=made[0][2])
    own = learner(dataset, cell, seed, metric="accuracy")
    found = own.learn(PARITY_COURSE)
    tried, truth, _ = parity(generator, length=4 * lengths[-1], rows=TRIED)
    targets = np.array([dataset.classes.index(label) for label in truth])
    predictions = own.workload.trainer.objective.predict(own.network, encode_raw(own.encoded.encoder, tried))
    return {**found, "score": float((predictions.argmax(1) == targets).mean())}


def _word(symbols: Sequence[int]) -> Word:
    return np.eye(3, dtype=np.float32)[[*symbols, END]]


def _encoded(words: Sequence[Word]) -> Encoded:
    return plain_series_encoder(3, max_length=None).encode(words, np.zeros(len(words), dtype=np.int64))


def _learn(
    cell: str, seed: int, course: Course, *, train: Sequence[Word], validation: Sequence[Word]
) -> tuple[SequenceNetwork, dict[str, Any]]:
    started = time.perf_counter()
    network = build_network(
        Architecture(
            cell,
            input_size=3,
            tokens=False,
            outputs=3,
            pooling="steps",
            embedding_size=1,
            hidden_size=HIDDEN,
            layers=1,
            bidirectional=False,
            dropout=0.0,
            input_dropout=0.0,
            seed=seed_of(seed, 0),
            cell_seed=seed_of(seed, 1),
        )
    )
    # The weights of the least validation loss are taken; no score is looked at on the way.
    fitted, steps = course.fit(network, _encoded(train), _encoded(validation), NextStep(), lambda _: 0.0, seed=seed_of(seed, 2))
    return fitted.network, {"steps": steps, "seconds": time.perf_counter() - started}


def _is_right(
    network: SequenceNetwork,
    words: Sequence[Word],
    asked: Callable[[Word], NDArray[np.int64]],
    ended: Callable[[Word], NDArray[np.bool_]],
) -> list[bool]:
    """Whether every word is right at all steps that are asked. ended: whether the word may end after each of its steps."""
    predicted = NextStep().predict(network, _encoded(words))
    right, start = [], 0
    for word in words:
        own = predicted[start : start + len(word) - 1]
        start += len(own)
        places = asked(word)
        right.append(bool(((own[:, END] > own[:, SECOND]) == ended(word))[places].all()))
    return right


def _ends(word: Word) -> NDArray[np.bool_]:
    """After the last b."""
    return np.asarray(np.arange(len(word) - 1) == len(word) - 2)


def _closes(word: Word) -> NDArray[np.bool_]:
    """Where nothing is open."""
    return np.asarray(np.cumsum(word[:-1, FIRST] - word[:-1, SECOND]) == 0)
