"""What training processes need, imported once in the process that they are forked from."""

import gc
import importlib

for _name in ("gatewise.study.work", "scipy.optimize", "sklearn.feature_extraction.text", "sklearn.linear_model", "sklearn.svm"):
    importlib.import_module(_name)

# What is here for good is not to be gone through again by every collection, nor copied for it in every fork.
gc.freeze()
