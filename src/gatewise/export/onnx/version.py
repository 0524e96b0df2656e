"""The version of what gatewise adds to an ONNX file."""

__all__ = ["VERSION"]

VERSION = 1
"""Of its entries of metadata, and of the names of inputs and outputs."""
