"""Words put together."""

from collections.abc import Sequence

__all__ = ["capitalised", "listed"]


def capitalised(text: str) -> str:
    """Return text that begins a sentence; names inside it keep their letters."""
    return text[:1].upper() + text[1:]


def listed(words: Sequence[str], last: str = "and") -> str:
    """Return words as a list in a sentence: "a, b and c"."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
