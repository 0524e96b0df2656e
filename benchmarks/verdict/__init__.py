"""How long a verdict takes: `python -m benchmarks.verdict`."""
