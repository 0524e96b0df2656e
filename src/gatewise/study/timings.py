"""What measurements are called in the journal."""

from __future__ import annotations

from gatewise.records import Config

__all__ = ["timing_key"]


def timing_key(what: str, device: str, config: Config) -> str:
    """Of what (`steps`, `latency` or `memory`) was measured on a device: of the one that trains, the name that runs of one device
    have."""
    return f"timing:{what}" if device == config.device[0] else f"timing:{what}:{device}"
