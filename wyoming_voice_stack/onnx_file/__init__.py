"""Reading and writing ONNX files as views of their memory, without copies of the weights."""
