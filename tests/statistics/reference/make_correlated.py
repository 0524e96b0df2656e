"""Write correlated.json: what baycomp, another implementation of the correlated t-test, says about made-up scores.

    pip install baycomp && python tests/statistics/reference/make_correlated.py

baycomp is published as a source archive alone and brings a plotting library: the tests need its figures, not the package.
"""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import baycomp
import numpy as np

SETTINGS = [(runs, rope) for runs in (1, 3) for rope in (0.005, 0.02)]


def case(runs: int, rope: float) -> dict[str, Any]:
    """The posterior of the second minus the first, over `runs` rounds of ten-fold cross-validation."""
    generator = np.random.default_rng(runs)
    first = generator.normal(0.80, 0.02, 10 * runs)
    second = generator.normal(0.79, 0.02, 10 * runs)
    mean, variance, degrees = baycomp.CorrelatedTTest.compute_statistics(second, first, runs)
    # baycomp's left is "the first argument is better", so the second of ours comes first.
    probabilities = baycomp.CorrelatedTTest.probs(first, second, rope, runs)
    return {
        "rope": rope,
        "first": first.tolist(),
        "second": second.tolist(),
        "mean": float(mean),
        "variance": float(variance),
        "degrees_of_freedom": float(degrees),
        "probabilities": [float(one) for one in probabilities],
    }


if __name__ == "__main__":
    content = {"baycomp": version("baycomp"), "cases": [case(*setting) for setting in SETTINGS]}
    Path(__file__).with_name("correlated.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
