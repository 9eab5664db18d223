"""An ONNX model as a PyTorch module whose weights can be trained further.

Only the operations of the text detector in `jobs/gpu/engine/weights` are known; they are carried
out node by node.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import helper, numpy_helper


class OnnxGraph(torch.nn.Module):
    """The part of a model that leads to some of its tensors, which forward() returns."""

    def __init__(self, path: Path, outputs: list[str]) -> None:
        super().__init__()
        graph = onnx.load(path).graph
        self.input, self.outputs = graph.input[0].name, outputs
        maker = {name: node for node in graph.node for name in node.output}
        needed: set[int] = set()
        names = list(outputs)
        while names:
            node = maker.get(names.pop())
            if node is not None and id(node) not in needed:
                needed.add(id(node))
                names += node.input
        self.nodes = [node for node in graph.node if id(node) in needed]
        used = {name for node in self.nodes for name in node.input}
        self.constants: dict[str, Any] = {}
        self.trained: dict[str, str] = {}
        for tensor in graph.initializer:
            if tensor.name in used:
                value = numpy_helper.to_array(tensor)
                if value.dtype == np.float32 and value.size > 1:
                    self.trained[tensor.name] = f"weight_{len(self.trained)}"
                    parameter = torch.nn.Parameter(torch.from_numpy(value.copy()))
                    self.register_parameter(self.trained[tensor.name], parameter)
                else:
                    self.constants[tensor.name] = value

    def forward(self, picture: torch.Tensor) -> list[torch.Tensor]:
        known: dict[str, Any] = {self.input: picture}
        for node in self.nodes:
            given = [self._value(name, known) for name in node.input if name]
            options = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            known[node.output[0]] = _carried_out(node.op_type, given, options)
        return [known[name] for name in self.outputs]

    def _value(self, name: str, known: dict[str, Any]) -> Any:
        if name in known:
            return known[name]
        if name in self.trained:
            return getattr(self, self.trained[name])
        constant = self.constants[name]
        return torch.tensor(constant) if constant.dtype == np.float32 else constant


def _carried_out(kind: str, given: list[Any], options: dict[str, Any]) -> Any:
    x = given[0]
    match kind:
        case "Identity":
            return x
        case "Add":
            return x + given[1]
        case "Mul":
            return x * given[1]
        case "Div":
            return x / given[1]
        case "Erf":
            return torch.erf(x)
        case "Relu":
            return F.relu(x)
        case "HardSigmoid":
            return torch.clamp(x * options.get("alpha", 0.2) + options.get("beta", 0.5), 0, 1)
        case "Concat":
            return torch.cat(given, options["axis"])
        case "GlobalAveragePool":
            return x.mean((2, 3), keepdim=True)
        case "ReduceMean":
            axes = options.get("axes") or given[1].ravel().tolist()
            return x.mean([int(axis) for axis in axes], keepdim=bool(options.get("keepdims", 1)))
        case "MaxPool":
            sides, strides = options["kernel_shape"], options.get("strides", [1, 1])
            return F.max_pool2d(_padded(x, sides, strides, options, float("-inf")), sides, strides)
        case "Conv":
            weight, bias = given[1], given[2] if len(given) > 2 else None
            strides = options.get("strides", [1, 1])
            x = _padded(x, weight.shape[2:], strides, options, 0.0)
            return F.conv2d(x, weight, bias, strides, 0, 1, options.get("group", 1))
    raise ValueError(f"the operation {kind} is not known here")


def _padded(
    x: torch.Tensor, sides: Any, strides: Any, options: dict[str, Any], value: float
) -> torch.Tensor:
    pads = list(options.get("pads", [0, 0, 0, 0]))
    how = options.get("auto_pad", b"NOTSET")
    if how in (b"SAME_UPPER", b"SAME_LOWER"):
        for axis in (0, 1):
            length = x.shape[2 + axis]
            total = max(0, (-(-length // strides[axis]) - 1) * strides[axis] + sides[axis] - length)
            less, more = total // 2, total - total // 2
            pads[axis], pads[axis + 2] = (less, more) if how == b"SAME_UPPER" else (more, less)
    return F.pad(x, (pads[1], pads[3], pads[0], pads[2]), value=value) if any(pads) else x
