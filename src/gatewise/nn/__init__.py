"""Recurrent cells and the network around them."""

from gatewise.nn.network import SequenceClassifier, build_network
from gatewise.nn.recurrent import CELLS, Recurrent

__all__ = ["CELLS", "Recurrent", "SequenceClassifier", "build_network"]
