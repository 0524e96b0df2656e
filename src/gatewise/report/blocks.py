"""What a section of the page is made of. The template knows these and nothing of comparisons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gatewise.records import Comparison, Kind, Profile
from gatewise.titles import Titles

__all__ = [
    "LENGTH_UNITS",
    "Block",
    "Bullets",
    "Command",
    "Figure",
    "Gallery",
    "Key",
    "Passage",
    "Piece",
    "Section",
    "Table",
    "arm_keys",
    "colours",
    "unit_of_length",
]

ARM_COLOURS = 6
# What the lengths of sequences are counted in, by their kind.
LENGTH_UNITS: Mapping[Kind, str] = {"text": "tokens", "series": "steps", "audio": "frames"}


@dataclass(frozen=True)
class Key:
    """One entry of a legend: a colour class and what it stands for."""

    colour: str
    text: str


@dataclass(frozen=True)
class Figure:
    """A drawing, as the SVG element it is, with its legend and a caption that says how to read it."""

    svg: str
    caption: str
    legend: tuple[Key, ...] = ()
    heading: str = ""
    kind: str = "figure"


@dataclass(frozen=True)
class Gallery:
    """Small figures side by side where there is room, under a heading and a legend that they share."""

    heading: str
    figures: tuple[Figure, ...]
    caption: str = ""
    legend: tuple[Key, ...] = ()
    kind: str = "gallery"


@dataclass(frozen=True)
class Table:
    """A table whose first column heads its rows; numbers stand right. `highlighted` rows, by number, decide something.

    fold: what stands there until it is opened; "" for a table that is shown at once.
    words: the second of two columns holds sentences. texts: the first column holds texts from the data, the others what was said
    of them. stacked: where the screen is narrow, each row stands as lines below each other, headed by the words of the header.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    note: str = ""
    highlighted: tuple[int, ...] = ()
    words: bool = False
    fold: str = ""
    texts: bool = False
    stacked: bool = False
    kind: str = "table"


@dataclass(frozen=True)
class Bullets:
    """Sentences that stand side by side under a heading of their own."""

    heading: str
    items: tuple[str, ...]
    kind: str = "bullets"


@dataclass(frozen=True)
class Command:
    """A command line to copy, and the sentence that says what for."""

    text: str
    sentence: str = ""
    kind: str = "command"


@dataclass(frozen=True)
class Piece:
    """A piece of a text. colour: its class where it is marked, "" elsewhere; strength: of the mark, 0 to 1. hint: appears where a
    pointer rests on it."""

    text: str
    colour: str = ""
    strength: float = 0.0
    hint: str = ""


@dataclass(frozen=True)
class Passage:
    """A text of which some pieces are marked, the more the stronger."""

    pieces: tuple[Piece, ...]
    legend: tuple[Key, ...] = ()
    caption: str = ""
    kind: str = "passage"


Block = Figure | Gallery | Table | Bullets | Command | Passage


@dataclass(frozen=True)
class Section:
    """One section of the page; `blocks` is empty where `paragraphs` says why there is nothing to show."""

    identifier: str
    title: str
    paragraphs: tuple[str, ...]
    blocks: Sequence[Block] = ()


def colours(comparison: Comparison) -> dict[str, str]:
    """Return the colour class of every arm and baseline, the same in all figures."""
    arms = {arm.name: f"arm-{arm.index % ARM_COLOURS}" for arm in comparison.arms}
    return {**dict.fromkeys(comparison.baselines, "baseline"), **arms}


def arm_keys(comparison: Comparison) -> tuple[Key, ...]:
    """Return the legend of a figure in which every arm has its colour, for lines too close to be labelled at their ends."""
    title = Titles(comparison.arms)
    shades = colours(comparison)
    return tuple(Key(shades[arm.name], title(arm.name)) for arm in comparison.arms)


def unit_of_length(profile: Profile) -> str:
    """Return what the lengths of sequences are counted in."""
    return LENGTH_UNITS[profile.kind]
