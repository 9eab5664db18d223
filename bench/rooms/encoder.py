"""EfficientNet-Lite0, as far as its last block, with the names of the weights that it starts from.

Source: Tan and Le, "EfficientNet", 2019, and the Lite variant that TensorFlow's authors made of it
(no squeeze-and-excitation, ReLU6, fixed stem).
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from depthwise import depthwise
from torch import nn

# Repeats, kernel, stride, expansion, channels in and out.
_STAGES = (
    (1, 3, 1, 1, 32, 16),
    (2, 3, 2, 6, 16, 24),
    (2, 5, 2, 6, 24, 40),
    (3, 3, 2, 6, 40, 80),
    (3, 5, 1, 6, 80, 112),
    (4, 5, 2, 6, 112, 192),
    (1, 3, 1, 6, 192, 320),
)
# What the encoder says at a 2nd, 4th, 8th, 16th and 32nd of the size, in how many channels.
CHANNELS = (16, 24, 40, 112, 320)
# So many blocks keep their weights: those down to an 8th of the size.
_KEPT = 5


class Encoder(nn.Module):
    """n x 3 x h x w (red, green, blue, about -1 to 1), h and w multiples of 32."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = _convolution(3, 32, 3, stride=2)
        self._bn0 = _Normal(32)
        self._blocks = nn.ModuleList()
        for repeats, side, stride, expansion, channels, into in _STAGES:
            for repeat in range(repeats):
                self._blocks.append(
                    _Block(channels, into, side, 1 if repeat else stride, expansion)
                )
                channels = into
        # What edges and textures look like is known: the finest layers are not trained further,
        # which saves half of the time.
        for part in (self._conv_stem, self._bn0, self._blocks[:_KEPT]):
            part.requires_grad_(False)

    def forward(self, picture: torch.Tensor) -> list[torch.Tensor]:
        """The maps at a 4th, 8th, 16th and 32nd of the size."""
        return self.looked_at(self.glanced_at(picture))

    def glanced_at(self, picture: torch.Tensor) -> list[torch.Tensor]:
        """The map at a 4th of the size, and what the first block that learns is given."""
        x = F.relu6(_normal(picture, self._conv_stem, self._bn0))
        maps = []
        for block in self._blocks[:_KEPT]:
            if block.stride == 2:
                maps.append(x)
            x = block(x)
        return [*maps[1:], x]

    def looked_at(self, glance: list[torch.Tensor]) -> list[torch.Tensor]:
        """The maps of `forward`, from what `glanced_at` gives."""
        *maps, x = glance
        for block in self._blocks[_KEPT:]:
            if block.stride == 2:
                maps.append(x)
            x = block(x)
        return [*maps, x]

    def blocks(self) -> list[list[nn.Parameter]]:
        """The parameters of each block, the first block first."""
        return [list(block.parameters()) for block in self._blocks]

    def start_from(self, path: Path) -> None:
        """Take over the published weights; those of the classifier are left out."""
        weights = torch.load(path, weights_only=True)
        left_out = ("_conv_head.", "_bn1.", "_fc.")
        kept = {
            name: value
            for name, value in weights.items()
            if not name.startswith(left_out) and not name.endswith("num_batches_tracked")
        }
        self.load_state_dict(kept)


class _Block(nn.Module):
    """Widen, look around in every channel, narrow."""

    def __init__(self, channels: int, into: int, side: int, stride: int, expansion: int) -> None:
        super().__init__()
        self.stride = stride
        self.adds = stride == 1 and channels == into
        self.widens = expansion != 1
        wide = channels * expansion
        if self.widens:
            self._expand_conv = _convolution(channels, wide, 1)
            self._bn0 = _Normal(wide)
        self._depthwise_conv = _convolution(wide, wide, side, stride, groups=wide)
        self._bn1 = _Normal(wide)
        self._project_conv = _convolution(wide, into, 1)
        self._bn2 = _Normal(into)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        x = given
        if self.widens:
            x = F.relu6(_normal(x, self._expand_conv, self._bn0), inplace=True)
        x = F.relu6(_normal(x, self._depthwise_conv, self._bn1), inplace=True)
        x = _normal(x, self._project_conv, self._bn2)
        return x + given if self.adds else x


class _Normal(nn.Module):
    """A batch normalisation whose statistics stay those of ImageNet: eight rooms say little."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))


def _convolution(
    channels: int, into: int, side: int, stride: int = 1, groups: int = 1
) -> nn.Conv2d:
    return nn.Conv2d(channels, into, side, stride, groups=groups, bias=False)


def _normal(x: torch.Tensor, convolution: nn.Conv2d, normal: _Normal) -> torch.Tensor:
    """Both in one step: the normalisation is a factor and an offset of the kernel."""
    gain = normal.weight / torch.sqrt(normal.running_var + 1e-3)
    kernel = convolution.weight * gain[:, None, None, None]
    offset = normal.bias - normal.running_mean * gain
    stride, side = convolution.stride[0], convolution.kernel_size[0]
    padding = side // 2
    if stride == 2:
        # As TensorFlow pads a picture of even sides: one pixel more right and below.
        x, padding = F.pad(x, ((side - 2) // 2, (side - 1) // 2) * 2), 0
    if convolution.groups > 1:
        return depthwise(x, kernel, offset, stride, padding)
    return F.conv2d(x, kernel, offset, stride, padding)
