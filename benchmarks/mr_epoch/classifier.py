"""The classifier of the race, and the recipes of its training."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from benchmarks.layers.rivals import STOCK, Layer
from benchmarks.layers.torch_rivals import OURS
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

__all__ = ["BATCH", "CLASSES", "EMBEDDING", "HIDDEN", "RECIPES", "STOCK_RECIPE", "Classifier", "Recipe"]

EMBEDDING, HIDDEN, BATCH, CLASSES = 100, 128, 32, 2


@dataclass(frozen=True)
class Recipe:
    """One way to train the same network. tokens: whether only real tokens are looked up."""

    name: str
    layers: dict[str, Layer]
    tokens: bool
    fused: bool
    sparse: bool


STOCK_RECIPE = Recipe("stock", STOCK, tokens=False, fused=False, sparse=False)
RECIPES = (
    STOCK_RECIPE,
    (layer := replace(STOCK_RECIPE, name="layer", layers=OURS)),
    (fused := replace(layer, name="fused", fused=True)),
    (tokens := replace(fused, name="tokens", tokens=True)),
    replace(tokens, name="sparse", sparse=True),
)


class Classifier(nn.Module):
    """Embed, recur, classify the last state. Built from `seed` alone, so that all recipes start alike."""

    def __init__(self, recipe: Recipe, cell: str, vocabulary: int, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.embedding = nn.Embedding(vocabulary, EMBEDDING, padding_idx=0, sparse=recipe.sparse)
        self.recurrent = recipe.layers[cell](EMBEDDING, HIDDEN, batch_first=True)
        self.head = nn.Linear(HIDDEN, CLASSES)
        self.recipe = recipe

    def look_up(self, inputs: Tensor, lengths: Tensor) -> Tensor | PackedSequence:
        """Vectors of int64 [batch, steps]: [batch, steps, E], or packed."""
        if self.recipe.tokens:
            packed = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
            return packed._replace(data=self.embedding(packed.data))
        vectors: Tensor = self.embedding(inputs)
        return vectors

    def last_state(self, vectors: Tensor | PackedSequence, lengths: Tensor) -> Tensor:
        """State after each review's last token, [batch, H]."""
        if isinstance(vectors, PackedSequence):
            _, state = self.recurrent(vectors)
        elif self.recipe.layers is STOCK:
            _, state = self.recurrent(pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False))
        else:
            _, state = self.recurrent(vectors, lengths=lengths)
        last: Tensor = (state[0] if isinstance(state, tuple) else state)[0]
        return last

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Class scores [batch, classes]."""
        scores: Tensor = self.head(self.last_state(self.look_up(inputs, lengths), lengths))
        return scores
