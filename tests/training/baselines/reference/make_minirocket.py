"""Write minirocket.npz: parameters and features of aeon's MiniRocket on made-up series of one and of five channels.

    pip install aeon && python tests/training/baselines/reference/make_minirocket.py

aeon brings numba, whose compilation takes longer than the tests: they need its figures, not the package.
"""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from aeon.transformations.collection.convolution_based import MiniRocket

CASES = {"one": (6, 1, 60, 1000), "five": (8, 5, 37, 504)}
PARAMETERS = ("channel_counts", "channels", "dilations", "counts", "thresholds")


def main() -> None:
    """Write the file beside this one."""
    found: dict[str, Any] = {"aeon": np.array(version("aeon"))}
    for name, (rows, channels, steps, features) in CASES.items():
        generator = np.random.default_rng(len(name))
        series = generator.normal(size=(rows, channels, steps)).cumsum(2).astype(np.float32)
        rocket = MiniRocket(n_kernels=features, random_state=0)
        found[f"{name}_series"] = series
        found[f"{name}_features"] = np.asarray(rocket.fit_transform(series), dtype=np.float32)
        for key, value in zip(PARAMETERS, rocket.parameters, strict=True):
            found[f"{name}_{key}"] = np.asarray(value)
    np.savez_compressed(Path(__file__).with_name("minirocket.npz"), **found)


if __name__ == "__main__":
    main()
