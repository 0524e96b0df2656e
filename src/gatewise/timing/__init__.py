"""Measurement of time and memory, with nothing assumed about what is measured."""

from gatewise.timing.interleaved import interleave, percentiles
from gatewise.timing.memory import peak_resident_bytes, reset_peak

__all__ = ["interleave", "peak_resident_bytes", "percentiles", "reset_peak"]
