"""One thread for every library of every test process: tests run side by side, and threads that wait for each other would starve."""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
