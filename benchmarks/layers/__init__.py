"""Recurrent layers side by side: `python -m benchmarks.layers --help`."""
