"""The arms of a run on its data: equal hidden size, equal parameters, or both."""

from __future__ import annotations

from gatewise.comparison.plan import arms_of
from gatewise.names import plain_title
from gatewise.nn.sizes import MatchedSizes, matched_hidden_sizes, recurrent_parameters
from gatewise.records import Arm, Config, Dataset
from gatewise.training.trainer import outputs_of, pooling_of

__all__ = ["arms_for", "match_note"]


def arms_for(config: Config, dataset: Dataset) -> tuple[Arm, ...]:
    """The arms that a configuration asks for on this data."""
    matched = _matched(config, dataset)
    return arms_of(config.cells, config.hidden_size, config.match, matched.hidden_sizes if matched else None)


def match_note(config: Config, dataset: Dataset) -> str | None:
    """How near the parameters of the matched arms are, as a sentence; None where nothing is matched."""
    matched = _matched(config, dataset)
    if matched is None:
        return None
    sizes = ", ".join(f"{plain_title(cell)} {size}" for cell, size in matched.hidden_sizes.items())
    return f"Arms of equal parameters have hidden sizes {sizes}; their parameters differ by {matched.spread:.1%} at most."


def _matched(config: Config, dataset: Dataset) -> MatchedSizes | None:
    if config.match == "hidden":
        return None
    input_size = config.embedding_size if dataset.kind == "text" else len(dataset.channels)

    def parameters(cell: str) -> int:
        return recurrent_parameters(cell, input_size, config.hidden_size, config.layers, config.bidirectional)

    # The largest cell keeps the size asked for: the others are given its parameters.
    return matched_hidden_sizes(
        sorted(dict.fromkeys(config.cells), key=parameters, reverse=True),
        config.hidden_size,
        input_size=input_size,
        layers=config.layers,
        bidirectional=config.bidirectional,
        outputs=outputs_of(dataset),
        pooling=pooling_of(config, dataset),
    )
