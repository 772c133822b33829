"""Recognizers in ONNX files, such as Parakeet, run by the library onnx-asr."""
