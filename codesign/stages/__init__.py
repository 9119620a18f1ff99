"""An ONNX graph cut at its exits, heads attached."""
