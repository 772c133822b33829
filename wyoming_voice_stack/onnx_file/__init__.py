"""ONNX files read as data: what they are made of, without a runtime that keeps a copy."""
