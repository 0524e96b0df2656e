"""Drop-in recurrent layers, and the network that the comparison trains."""

from gatewise.nn.accelerate import Accelerated, accelerate, restore
from gatewise.nn.backend import Backend, backend
from gatewise.nn.cells import GRUCell, LSTMCell
from gatewise.nn.gru import GRU
from gatewise.nn.lstm import LSTM
from gatewise.nn.min_gru import MinGRU
from gatewise.nn.min_lstm import MinLSTM
from gatewise.nn.network import CELLS, RIVALS, SequenceNetwork, build_network
from gatewise.nn.quantize import quantize
from gatewise.nn.quantized import QuantizedGRU, QuantizedLayer, QuantizedLSTM, QuantizedRNN
from gatewise.nn.rnn import RNN
from gatewise.nn.sizes import MatchedSizes, matched_hidden_sizes, recurrent_parameters
from gatewise.nn.stream import Stream, StreamState

__all__ = [
    "CELLS",
    "GRU",
    "LSTM",
    "RIVALS",
    "RNN",
    "Accelerated",
    "Backend",
    "GRUCell",
    "LSTMCell",
    "MatchedSizes",
    "MinGRU",
    "MinLSTM",
    "QuantizedGRU",
    "QuantizedLSTM",
    "QuantizedLayer",
    "QuantizedRNN",
    "SequenceNetwork",
    "Stream",
    "StreamState",
    "accelerate",
    "backend",
    "build_network",
    "matched_hidden_sizes",
    "quantize",
    "recurrent_parameters",
    "restore",
]
