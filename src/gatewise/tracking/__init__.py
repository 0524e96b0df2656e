"""A run in TensorBoard and in MLflow: what is in its journal, written once more where other runs are looked at."""
