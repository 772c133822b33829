"""Field and type numbers of the ONNX file format.

Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

MODEL_IR_VERSION, MODEL_GRAPH, MODEL_OPERATOR_SET = 1, 7, 8
OPERATOR_SET_VERSION = 2
NODE, GRAPH_NAME, INITIALIZER, INPUT, OUTPUT = 1, 2, 5, 11, 12
NODE_INPUT, NODE_OUTPUT, NODE_OP, NODE_ATTRIBUTE = 1, 2, 4, 5
ATTRIBUTE_NAME, ATTRIBUTE_INTEGER, ATTRIBUTE_TENSOR, ATTRIBUTE_INTEGERS = 1, 3, 5, 8
ATTRIBUTE_TYPE = 20
TENSOR_SHAPE, TENSOR_DATA_TYPE, TENSOR_FLOATS, TENSOR_INT32, TENSOR_INT64 = 1, 2, 4, 5, 7
TENSOR_NAME, TENSOR_RAW = 8, 9
VALUE_NAME, VALUE_TYPE, TYPE_TENSOR, TENSOR_ELEMENT = 1, 2, 1, 1

FLOAT32, UINT8, INT8, INT64, FLOAT16 = 1, 2, 3, 7, 10
"""Element types of a tensor."""
INTEGER, INTEGERS = 2, 7
"""Types of an attribute: an integer, a list of integers."""
