"""The data sets that studies ask for by name: built-in ones, and public ones where a folder holds them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["PUBLIC_SETS", "PublicSet"]


@dataclass(frozen=True)
class PublicSet:
    """A public data set. path: its file within the folder. reading: options of `Config` that say how it is read."""

    path: str
    reading: dict[str, Any] = field(default_factory=dict)

    def source(self, folder: Path) -> Path:
        """Where it lies."""
        return folder / self.path


_SPLIT = {"split": "split"}

PUBLIC_SETS: dict[str, PublicSet] = {
    "mr": PublicSet("mr/mr.parquet"),
    "sst2": PublicSet("sst2/sst2.parquet"),
    "uci_sentences": PublicSet("uci_sentences/uci_sentences.parquet"),
    "amazon_multidomain": PublicSet("amazon_multidomain/amazon_multidomain.parquet"),
    "imdb_10k": PublicSet("imdb_10k/imdb_10k.parquet"),
    **{name: PublicSet(f"tsc/{name}.npz") for name in ("JapaneseVowels", "BasicMotions", "GunPoint", "ItalyPowerDemand")},
    "ECG5000": PublicSet("tsc/ECG5000.npz"),
    "fsdd": PublicSet("fsdd/index.csv", {"audio": "file", "target": ("digit",), **_SPLIT}),
    "JSB_Chorales": PublicSet("polyphonic_music/JSB_Chorales.npz", {"task": "next_step"}),
    "Nottingham": PublicSet("polyphonic_music/Nottingham.npz", {"task": "next_step"}),
}
"""By name; README of the folder says where each comes from."""
