"""Section: how the page was made."""

from __future__ import annotations

from gatewise.inspection.data import MOST_ROWS
from gatewise.inspection.gradients import TOLERANCE
from gatewise.inspection.record import Inspected
from gatewise.inspection.units import DEAD
from gatewise.report.blocks import Bullets, Section
from gatewise.report.numbers import percent

__all__ = ["method_section"]


def method_section(found: Inspected) -> Section:
    """Definitions and sources."""
    gradients = found.importance.gradients
    return Section(
        "method",
        "How this was computed",
        (
            "Gates come from the cell's own equations, in double precision, with the weights of the model as they are; the "
            f"symbols are those of PyTorch's documentation. Units are measured on at most {MOST_ROWS} sequences, evenly spread; "
            "fewer where the network is large or they are long.",
            f"A unit never moves where its state stays within a span of {DEAD} over all steps. Gradients were taken at "
            f"{gradients.points} points on the way; more are taken until their parts add up within {percent(TOLERANCE, 0)} of "
            "the sum of their sizes.",
        ),
        (
            Bullets(
                "Sources",
                (
                    "K. Cho et al. (2014). Learning phrase representations using RNN encoder–decoder for statistical machine "
                    "translation. EMNLP. arXiv:1406.1078 (the GRU)",
                    "S. Hochreiter and J. Schmidhuber (1997). Long short-term memory. Neural Computation 9 (8), 1735–1780; "
                    "F. Gers et al. (2000). Learning to forget. Neural Computation 12 (10), 2451–2471 (the LSTM)",
                    "C. Tallec and Y. Ollivier (2018). Can recurrent neural networks warp time? ICLR. arXiv:1804.11188 (time "
                    "constants)",
                    "A. Karpathy, J. Johnson and L. Fei-Fei (2015). Visualizing and understanding recurrent networks. "
                    "arXiv:1506.02078 (saturation)",
                    "M. Zeiler and R. Fergus (2014). Visualizing and understanding convolutional networks. ECCV. arXiv:1311.2901 "
                    "(occlusion)",
                    "M. Sundararajan, A. Taly and Q. Yan (2017). Axiomatic attribution for deep networks. ICML. arXiv:1703.01365 "
                    "(integrated gradients)",
                ),
            ),
        ),
    )
