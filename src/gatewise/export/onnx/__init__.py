"""A model as one ONNX file of standard operators, its preprocessing in the metadata; and that file as a model again.

write_onnx(model, Path("model.onnx"))       # needs onnx; int8=True for weights in 8 bits, streaming=True for one step a call
load_onnx(Path("model.onnx")).predict(...)  # needs onnxruntime, and neither onnx nor torch
"""

from gatewise.export.onnx.loading import load_onnx
from gatewise.export.onnx.running import OnnxNetwork
from gatewise.export.onnx.writing import write_onnx

__all__ = ["OnnxNetwork", "load_onnx", "write_onnx"]
