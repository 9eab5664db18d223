#!/usr/bin/env python3
"""Makes a network's file small: large weights in 8 bits with a scale for each channel, the others
in half precision. The engine computes in full precision with what that stands for.

    python bench/rooms/compact.py IN.onnx OUT.onnx
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

# Values of a tensor from which on its scales cost next to nothing, and it is stored at all so.
LARGE, SMALL = 16_384, 64


def compact(model: onnx.ModelProto) -> None:
    """In place. Weights that are stored in half precision already are read as they are."""
    kept = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    halves = {
        node.input[0]: node.output[0]
        for node in model.graph.node
        if node.op_type == "Cast" and node.input[0] in kept
    }
    nodes = [node for node in model.graph.node if node.output[0] not in halves.values()]
    stored: list[TensorProto] = []
    opened: list[NodeProto] = []
    for name, value in kept.items():
        wanted = halves.get(name, name)
        if value.dtype not in (np.float32, np.float16) or value.size <= SMALL:
            stored.append(numpy_helper.from_array(value, wanted))
        elif value.size < LARGE or value.ndim < 2:
            half = f"{wanted}_half"
            stored.append(numpy_helper.from_array(value.astype(np.float16), half))
            opened.append(helper.make_node("Cast", [half], [wanted], to=TensorProto.FLOAT))
        else:
            tensors, steps = in_8_bits(wanted, value.astype(np.float32))
            stored += tensors
            opened += steps
    del model.graph.initializer[:]
    model.graph.initializer.extend(stored)
    del model.graph.node[:]
    model.graph.node.extend([*opened, *nodes])
    onnx.checker.check_model(model)


def in_8_bits(name: str, value: np.ndarray) -> tuple[list[TensorProto], list[NodeProto]]:
    """Whole numbers and a scale for each of the first axis, and what makes weights of them: nodes
    that are worked out once, when the file is opened."""
    largest = np.abs(value.reshape(len(value), -1)).max(axis=1)
    shape = (-1,) + (1,) * (value.ndim - 1)
    scale = np.maximum(largest / 127, 1e-12).astype(np.float32).reshape(shape)
    whole = np.rint(value / scale).astype(np.int8)
    names = [f"{name}_whole", f"{name}_scale", f"{name}_steps"]
    tensors = [numpy_helper.from_array(whole, names[0]), numpy_helper.from_array(scale, names[1])]
    cast = helper.make_node("Cast", names[:1], names[2:], to=TensorProto.FLOAT)
    return tensors, [cast, helper.make_node("Mul", [names[2], names[1]], [name])]


if __name__ == "__main__":
    network = onnx.load(sys.argv[1])
    compact(network)
    onnx.save(network, sys.argv[2])
    print(f"{sys.argv[2]}: {Path(sys.argv[2]).stat().st_size / 1e6:.1f} MB")
