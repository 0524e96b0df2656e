"""What a comparison will do: its arms, and the checks that an option's value makes sense before any work begins."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Sequence

from gatewise.errors import OptionError
from gatewise.records import COSTS, Arm, Config

__all__ = ["CELL_NAMES", "arms_of", "check_config", "parse_duration"]

CELL_NAMES = ("gru", "lstm", "rnn", "min_gru", "min_lstm")
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def arms_of(cells: Sequence[str]) -> tuple[Arm, ...]:
    """One arm a cell; a cell named again becomes a second arm of its own (`gru_2`), as in an A/A run."""
    seen: Counter[str] = Counter()
    arms = []
    for index, cell in enumerate(cells):
        seen[cell] += 1
        arms.append(Arm(cell if seen[cell] == 1 else f"{cell}_{seen[cell]}", cell, index))
    return tuple(arms)


def parse_duration(text: str) -> float:
    """Seconds of `90s`, `10m`, `1.5h`, `1h30m` or a plain number of seconds.

    Raises OptionError on anything else.
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*([smh])", text.strip().lower())
    if re.fullmatch(r"\d+(?:\.\d+)?", text.strip()):
        seconds = float(text)
    elif parts and re.fullmatch(r"(?:\d+(?:\.\d+)?\s*[smh]\s*)+", text.strip().lower()):
        seconds = sum(float(number) * UNITS[unit] for number, unit in parts)
    else:
        raise OptionError(f"--budget {text!r} is not a duration; write it like 90s, 10m or 1h30m")
    if seconds <= 0:
        raise OptionError(f"--budget {text!r} leaves no time; write a duration above zero, like 10m")
    return seconds


def check_config(config: Config) -> None:
    """Raise OptionError for the first value that cannot work, saying what is allowed."""
    for cell in config.cells:
        if cell not in CELL_NAMES:
            near = difflib.get_close_matches(cell, CELL_NAMES, n=1)
            hint = f"; did you mean {near[0]}?" if near else "."
            raise OptionError(f"--cells: unknown cell {cell!r}{hint} Known cells: {', '.join(CELL_NAMES)}")
    if len(config.cells) < 2:
        raise OptionError(f"--cells names {len(config.cells)} cell; a comparison needs at least two, for example gru,lstm")
    if config.cost not in COSTS:
        raise OptionError(f"--cost {config.cost!r} is unknown; choose one of {', '.join(COSTS)}")
    if config.budget_s is None and config.pairs is None:
        raise OptionError("neither a budget nor a number of pairs is given; pass --budget 10m or --pairs 10")
    if not 0 < config.margin < 0.5:
        raise OptionError(
            f"--margin {config.margin:g} is outside (0, 0.5); it is a difference in accuracy, for example 0.01 for one point"
        )
    if not 0 <= config.seed < 2**31:
        raise OptionError(f"--seed {config.seed} is outside 0 to 2147483647")
    smallest = {
        "pairs": 2,
        "tune": 1,
        "jobs": 1,
        "threads": 1,
        "hidden_size": 1,
        "layers": 1,
        "embedding_size": 1,
        "batch_size": 1,
    }
    smallest |= {"max_length": 1, "max_vocabulary": 10, "max_epochs": 1}
    for name, least in smallest.items():
        value = getattr(config, name)
        if value is not None and value < least:
            raise OptionError(f"--{name.replace('_', '-')} {value} is too small; give at least {least}")
