"""What would be shipped where models are trained and run on another device, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping

from gatewise.comparison.cheapest import Choice
from gatewise.names import baseline_kind
from gatewise.titles import Titles
from gatewise.wording import capitalised

__all__ = ["elsewhere_sentence"]


def elsewhere_sentence(
    device: str,
    decision: str,
    choice: Choice,
    excluded: Mapping[str, str],
    *,
    here: str,
    chosen_here: str,
    alone: bool,
    title: Titles,
) -> str:
    """What is recommended on a device, and why, beside what is recommended on the one that trained.

    here: the device that trained; chosen_here: what is recommended on it. alone: whether no other arm meets the constraints.
    """
    reason = choice.reason
    called = f"the {title(choice.name)}"
    if decision == "undecided":
        said = f"undecided; {called} is recommended provisionally"
    elif decision == "baseline":
        as_well = f"which does as well as the best cell {reason}" if reason else "which beats the best cell"
        said = f"ship the {baseline_kind(choice.name)}, {called}, {'as no cell meets the constraints' if alone else as_well}"
    else:
        better = "which alone meets the constraints" if alone else "which is better"
        said = f"ship {called}, {reason or better}"
    other = ", as on" if choice.name == chosen_here else f"; it is the {title(chosen_here)} on"
    out = "; ".join(f"the {title(name)}, whose {why}" for name, why in excluded.items())
    return f"On {device}: {said}{other} {here}.{f' {capitalised(out)}, is out there.' if out else ''}"
