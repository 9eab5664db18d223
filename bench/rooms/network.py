"""The network: the encoder of the text detector, and a decoder that sees the whole room."""

import torch
import torch.nn.functional as F
from onnx_graph import OnnxGraph
from photos import CLASSES, PROJECT
from torch import nn

DETECTOR = PROJECT / "jobs" / "gpu" / "engine" / "weights" / "PP-OCRv6_det_small.onnx"
# What the encoder says at a 4th, 8th, 16th and 32nd of the size, and in how many channels.
STAGES = {
    "p2o.pd_op.add.14.0": 48,
    "p2o.pd_op.add.27.0": 96,
    "p2o.pd_op.add.50.0": 192,
    "p2o.pd_op.add.63.0": 384,
}
WIDTH = 96
PLACES = 2


class RoomNetwork(nn.Module):
    """n x 5 x h x w (blue, green, red as the detector wants them, and two coordinates) in, scores
    n x classes x h/4 x w/4 out; h and w are multiples of 32.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = OnnxGraph(DETECTOR, list(STAGES))
        fine, medium, coarse, coarsest = STAGES.values()
        self.layout = nn.Sequential(
            convolved(coarsest + PLACES, 2 * WIDTH),
            Overview(2 * WIDTH),
            Overview(2 * WIDTH),
            nn.Dropout2d(0.1),
        )
        self.mood = nn.Sequential(nn.Conv2d(2 * WIDTH, 2 * WIDTH, 1), nn.ReLU())
        self.sides = nn.ModuleList(
            [convolved(coarse, WIDTH), convolved(medium, WIDTH), convolved(fine, WIDTH // 2)]
        )
        self.ups = nn.ModuleList(
            [convolved(2 * WIDTH, WIDTH), nn.Identity(), convolved(WIDTH, WIDTH // 2)]
        )
        self.joins = nn.ModuleList([joined(WIDTH), joined(WIDTH), joined(WIDTH // 2)])
        self.scores = nn.Conv2d(WIDTH // 2, len(CLASSES), 1)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        fine, medium, coarse, coarsest = self.encoder(picture[:, :3])
        places = F.avg_pool2d(picture[:, 3:], 32)
        x = self.layout(torch.cat([coarsest, places], 1))
        x = x + self.mood(x.mean((2, 3), keepdim=True))
        for seen, side, up, join in zip(
            (coarse, medium, fine), self.sides, self.ups, self.joins, strict=True
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
            nn.Conv2d(channels, channels, 9, padding=4, groups=channels, bias=False),
            nn.BatchNorm2d(channels),
        )
        self.mixed = nn.Sequential(
            nn.Conv2d(channels, 2 * channels, 1), nn.ReLU(), nn.Conv2d(2 * channels, channels, 1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mixed: torch.Tensor = self.mixed(self.spread(x))
        return x + mixed


def convolved(channels: int, into: int, side: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, into, side, padding=side // 2, groups=groups, bias=False),
        nn.BatchNorm2d(into),
        nn.ReLU(inplace=True),
    )


def joined(channels: int) -> nn.Sequential:
    return nn.Sequential(convolved(channels, channels, 5, channels), convolved(channels, channels))
