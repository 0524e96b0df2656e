"""Which options advice shares with a comparison."""

from __future__ import annotations

__all__ = ["ADVISED"]

ADVISED = (
    *("text", "channels", "target", "group", "task", "metric", "cost", "audio", "id", "time", "split", "weights"),
    *(
        "date_format",
        "on_disk",
        "test",
        "window",
        "horizon",
        "season",
        "rivals",
        "margin",
        "hidden_size",
        "layers",
        "bidirectional",
    ),
    *("pooling", "max_length", "max_vocabulary", "batch_size", "weigh_classes", "jobs", "threads", "device", "seed"),
)
"""The options of a comparison that advice takes too, as the comparison that it stands for will have them."""
