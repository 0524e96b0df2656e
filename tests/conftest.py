"""One thread for every library of every test process.

Tests run side by side, and threads that wait for each other on a busy machine starve all of them.
"""

import os
from collections.abc import Iterator

import pytest

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

# Features of the tests' sounds belong in nobody's cache; the tests of the cache switch it on for themselves.
os.environ.setdefault("GATEWISE_AUDIO_CACHE", "off")


@pytest.fixture(scope="session", autouse=True)
def no_memory_probes() -> Iterator[None]:
    """Runs with a budget leave out the measurement of memory: it starts a process for every arm, and takes seconds each time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gatewise.study.phases.MEMORY_SHARE", 0.0)
        yield
