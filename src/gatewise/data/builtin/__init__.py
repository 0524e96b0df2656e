"""Data without a download."""
