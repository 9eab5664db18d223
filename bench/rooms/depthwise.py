"""A convolution of every channel by itself, whose gradient a processor finds quickly.

PyTorch is quick at the gradient of 3 x 3 kernels only. That of a larger one is put together from
windows of 3 x 3; an epoch takes half of the time with them.
"""

from typing import Any

import torch
import torch.nn.functional as F


def depthwise(
    x: torch.Tensor, kernel: torch.Tensor, offset: torch.Tensor | None, stride: int, padding: int
) -> torch.Tensor:
    """kernel is channels x 1 x side x side, and side odd; `padding` is that of all four edges."""
    if kernel.shape[2] == 3 or torch.onnx.is_in_onnx_export():
        return F.conv2d(x, kernel, offset, stride, padding, 1, kernel.shape[0])
    if torch.is_autocast_enabled("cpu"):
        x, kernel = x.bfloat16(), kernel.bfloat16()
    found: torch.Tensor = _Depthwise.apply(x, kernel, stride, padding)
    return found if offset is None else found + offset.to(found.dtype)[:, None, None]


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(
        context: Any, x: torch.Tensor, kernel: torch.Tensor, stride: int, padding: int
    ) -> torch.Tensor:
        context.save_for_backward(x, kernel)
        context.stride, context.padding = stride, padding
        return F.conv2d(x, kernel, None, stride, padding, 1, kernel.shape[0])

    @staticmethod
    def backward(context: Any, *slopes: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, kernel = context.saved_tensors
        stride, padding = context.stride, context.padding
        slope = slopes[0].contiguous(memory_format=torch.channels_last)
        of_x = None
        if context.needs_input_grad[0]:
            of_x = _slope_of_picture(x, kernel, slope, stride, padding)
        padded = F.pad(x, [padding] * 4)
        return of_x, _slope_of_kernel(padded, kernel, slope, stride), None, None


def _slope_of_picture(
    x: torch.Tensor, kernel: torch.Tensor, slope: torch.Tensor, stride: int, padding: int
) -> torch.Tensor:
    """A convolution with the kernel turned round."""
    side = kernel.shape[2]
    if stride > 1:
        rows, columns = (stride * (length - 1) + 1 for length in slope.shape[2:])
        spread = slope.new_zeros(*slope.shape[:2], rows, columns)
        spread = spread.contiguous(memory_format=torch.channels_last)
        spread[:, :, ::stride, ::stride] = slope
        slope = spread
    edge = side - 1 - padding
    down, across = (
        of + 2 * padding - length - side + 1
        for of, length in zip(x.shape[2:], slope.shape[2:], strict=True)
    )
    slope = F.pad(slope, (edge, edge + across, edge, edge + down))
    return F.conv2d(slope, kernel.flip(2, 3), groups=kernel.shape[0])


def _slope_of_kernel(
    padded: torch.Tensor, kernel: torch.Tensor, slope: torch.Tensor, stride: int
) -> torch.Tensor:
    found = torch.empty_like(kernel)
    side = kernel.shape[2]
    rows, columns = (stride * (length - 1) + 3 for length in slope.shape[2:])
    firsts = [*range(0, side - 2, 3), side - 3]
    for top in firsts:
        for left in firsts:
            window = padded[:, :, top : top + rows, left : left + columns]
            part = torch.ops.aten.convolution_backward(
                slope,
                window.contiguous(memory_format=torch.channels_last),
                kernel[:, :, :3, :3].contiguous(),
                None,
                [stride, stride],
                [0, 0],
                [1, 1],
                False,
                [0, 0],
                kernel.shape[0],
                [False, True, False],
            )
            found[:, :, top : top + 3, left : left + 3] = part[1]
    return found
