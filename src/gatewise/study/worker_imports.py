"""What training processes need, imported once in the process that they are forked from."""

import gc

from gatewise.study.processes import load_libraries

load_libraries()
# What is here for good is not to be gone through again by every collection, nor copied for it in every fork.
gc.freeze()
