"""Generators of sequences whose answer is known: each needs one kind of memory, and what guessing achieves is stated.

Every one takes a numpy generator and its own options, and returns what the functions of `data.assemble` and its like take. The
same state of the generator makes the same data.
"""

from gatewise.data.builtin.synthetic.languages import counting, dyck1, dyck2, parity
from gatewise.data.builtin.synthetic.memory import adding, copy, recall, temporal_order
from gatewise.data.builtin.synthetic.music import chords
from gatewise.data.builtin.synthetic.reviews import reviews
from gatewise.data.builtin.synthetic.signals import seasonal, waves
from gatewise.data.builtin.synthetic.spans import spans

__all__ = [
    "adding",
    "chords",
    "copy",
    "counting",
    "dyck1",
    "dyck2",
    "parity",
    "recall",
    "reviews",
    "seasonal",
    "spans",
    "temporal_order",
    "waves",
]
