"""Whether a run can fit into memory at all, asked before anything of it is written."""

from __future__ import annotations

from gatewise.data.dataset.memory import size_text, total_bytes
from gatewise.errors import OptionError
from gatewise.nn.sizes import recurrent_parameters
from gatewise.options.table import OPTION
from gatewise.records import Config, Dataset
from gatewise.training.trainer import outputs_of

__all__ = ["require_room"]

# The trained network, its average, its gradients, and the two moments of AdamW; each of 4 bytes.
_COPIES = 5
# Of a process that has loaded the libraries.
_PROCESS_BYTES = 150_000_000
# What makes a network or a batch large, and how large it usually is.
_USUAL = {"hidden_size": 64, "layers": 1, "embedding_size": 64, "batch_size": 64}


def require_room(config: Config, dataset: Dataset, train_rows: int) -> None:
    """Raise OptionError where training needs more memory than the machine has, by the least that it can need.

    train_rows: rows of the training part. A run that is let through may still not fit: other programs need memory, too.
    """
    total = total_bytes()
    if config.runner == "local" and config.jobs * _PROCESS_BYTES > total:
        needed = config.jobs * _PROCESS_BYTES
        raise OptionError(
            f"--jobs {config.jobs} needs about {size_text(needed)} of memory, and this machine has {size_text(total)}; give fewer"
        )
    is_text = dataset.kind == "text"
    inputs = config.embedding_size if is_text else len(dataset.channels)
    cells = dict.fromkeys(config.cells)
    weights = max(
        recurrent_parameters(cell, inputs, config.hidden_size, config.layers, config.bidirectional) for cell in cells
    ) + config.hidden_size * outputs_of(dataset)
    # A training step holds the states of every step; of texts one token each is certain.
    sizes = [1] if is_text else [len(sequence) for sequence in dataset.sequences[:1000]]
    steps = min(max(1, sum(sizes) // len(sizes)), config.max_length or max(sizes))
    states = min(config.batch_size or 1, train_rows) * steps * config.hidden_size * config.layers
    needed = 4 * (_COPIES * weights + states)
    if needed > total:
        raise OptionError(
            f"training needs about {size_text(needed)} of memory at least, and this machine has {size_text(total)}; "
            f"lower {_largest(config)}"
        )


def _largest(config: Config) -> str:
    """The option that is furthest above what is usual, as it is written."""
    name = max(_USUAL, key=lambda name: (getattr(config, name) or 0) / _USUAL[name])
    return f"{OPTION[name].flag} {getattr(config, name)}"
