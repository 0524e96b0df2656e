"""One thread for every library of every test process.

Tests run side by side, and threads that wait for each other on a busy machine starve all of them.
"""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

# Features of the tests' sounds belong in nobody's cache; the tests of the cache switch it on for themselves.
os.environ.setdefault("GATEWISE_AUDIO_CACHE", "off")
