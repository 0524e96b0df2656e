"""The three posterior probabilities as one bar of characters, with its legend."""

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from gatewise.records import Difference
from gatewise.titles import Titles
from gatewise.wording import probability

__all__ = ["ProbabilityBar", "outcomes"]

STYLES = ("blue", "bright_black", "dark_orange3")
WIDTH = 60


def outcomes(difference: Difference, title: Titles) -> tuple[tuple[str, float], ...]:
    """Return (outcome, posterior probability) of the three outcomes: first better, practically equal, second better."""
    return (
        (f"{title(difference.first)} better", difference.p_first),
        ("practically equal", difference.p_equivalent),
        (f"{title(difference.second)} better", difference.p_second),
    )


@dataclass(frozen=True)
class ProbabilityBar:
    """Renderable of two lines. Each outcome has a character of its own, so the bar reads without colours too."""

    difference: Difference
    title: Titles

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        characters = "#=." if options.ascii_only else "█▒░"
        parts = outcomes(self.difference, self.title)
        width = min(WIDTH, options.max_width)
        bar, legend = Text(no_wrap=True), Text()
        reached, drawn = 0.0, 0
        for (label, share), character, style in zip(parts, characters, STYLES, strict=True):
            reached += share
            # Rounding the running sum, not each part, keeps the bar's width.
            cells = round(reached * width) - drawn
            drawn += cells
            bar.append(character * cells, style)
            legend.append(f"{character} ", style)
            legend.append(f"{label} {probability(share)}   ")
        yield bar
        legend.rstrip()
        yield legend
