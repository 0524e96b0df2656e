"""Peak memory is what the operating system counts, so it is checked against memory really touched."""

import sys

import numpy as np
import pytest

from gatewise.timing import peak_resident_bytes, reset_peak

MEGABYTE = 2**20


def test_peak_rises_by_what_is_allocated_and_touched() -> None:
    if not reset_peak():
        pytest.skip("this system cannot reset the peak of resident memory")
    before = peak_resident_bytes()
    touched = np.ones(64 * MEGABYTE, dtype=np.uint8)
    rise = peak_resident_bytes() - before
    assert 60 * MEGABYTE < rise < 80 * MEGABYTE
    del touched
    assert peak_resident_bytes() - before > 60 * MEGABYTE
    reset_peak()
    assert peak_resident_bytes() - before < 30 * MEGABYTE


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux lets a process reset its peak")
def test_linux_can_reset_the_peak() -> None:
    assert reset_peak()
    assert peak_resident_bytes() > MEGABYTE
