"""The network: an encoder that knows what things look like, a decoder that sees the whole room."""

import torch
import torch.nn.functional as F
from depthwise import depthwise
from encoder import CHANNELS, Encoder
from photos import CLASSES
from torch import nn

WIDTH = 96
PLACES = 2


class RoomNetwork(nn.Module):
    """n x 5 x h x w (red, green, blue and two coordinates, all from -1 to 1) in, scores n x classes
    x h/4 x w/4 out; h and w are multiples of 32.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        _, *finer, coarsest = CHANNELS
        self.layout = nn.Sequential(
            convolved(coarsest + PLACES, 2 * WIDTH),
            Overview(2 * WIDTH),
            Overview(2 * WIDTH),
            nn.Dropout2d(0.1),
        )
        self.mood = nn.Sequential(nn.Conv2d(2 * WIDTH, 2 * WIDTH, 1), nn.ReLU())
        # At a 16th, 8th and 4th of the size.
        widths = (WIDTH, WIDTH, WIDTH // 2)
        self.sides = nn.ModuleList(
            convolved(channels, width)
            for channels, width in zip(reversed(finer), widths, strict=True)
        )
        self.ups = nn.ModuleList(
            convolved(before, width)
            for before, width in zip((2 * WIDTH, *widths), widths, strict=False)
        )
        self.joins = nn.ModuleList(joined(width) for width in widths)
        self.scores = nn.Conv2d(widths[-1], len(CLASSES), 1)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        return self.judged(*self.glanced_at(picture))

    def glanced_at(self, picture: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        """What the layers say that learn nothing, and where the coarsest cells lie."""
        return self.encoder.glanced_at(picture[:, :3]), F.avg_pool2d(picture[:, 3:], 32)

    def judged(self, glance: list[torch.Tensor], places: torch.Tensor) -> torch.Tensor:
        *finer, coarsest = self.encoder.looked_at(glance)
        x = self.layout(torch.cat([coarsest, places], 1))
        x = x + self.mood(x.mean((2, 3), keepdim=True))
        for seen, side, up, join in zip(
            reversed(finer), self.sides, self.ups, self.joins, strict=True
        ):
            larger = F.interpolate(up(x), scale_factor=2.0, mode="bilinear", align_corners=False)
            x = join(side(seen) + larger)
        scores: torch.Tensor = self.scores(x)
        return scores


class Overview(nn.Module):
    """A large kernel on the coarsest grid: two of them span the room."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.spread = nn.Sequential(
            EachChannel(channels, 9),
            nn.BatchNorm2d(channels),
        )
        self.mixed = nn.Sequential(
            nn.Conv2d(channels, 2 * channels, 1), nn.ReLU(), nn.Conv2d(2 * channels, channels, 1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mixed: torch.Tensor = self.mixed(self.spread(x))
        return x + mixed


class EachChannel(nn.Module):
    """A convolution of every channel by itself."""

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.weight = nn.Conv2d(channels, channels, side, groups=channels).weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return depthwise(x, self.weight, None, 1, self.side // 2)


def convolved(channels: int, into: int) -> nn.Sequential:
    return _normalised(nn.Conv2d(channels, into, 1, bias=False), into)


def joined(channels: int) -> nn.Sequential:
    return nn.Sequential(
        _normalised(EachChannel(channels, 5), channels), convolved(channels, channels)
    )


def _normalised(layer: nn.Module, channels: int) -> nn.Sequential:
    return nn.Sequential(layer, nn.BatchNorm2d(channels), nn.ReLU(inplace=True))
