#!/usr/bin/env python3
"""Makes jobs/gpu/engine/weights/rooms.onnx from outlined photos.

    pip install -r requirements-gpu.txt onnx==1.23.2
    python bench/rooms/train.py --photos FOLDER [--epochs 120] [--held-out 40] [--out rooms.onnx]

FOLDER holds the photos of outlines.json under their names there (at most 1024 pixels a side). With
some held out, their overlap is printed on the way; the weights in the repository were trained on
all of them. On two cores an epoch takes about 20 s.
"""

import argparse
import copy
import math
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
import torch.nn.functional as F
from augment import varied
from network import RoomNetwork
from onnx import TensorProto, helper, numpy_helper
from photos import CLASSES, UNCLEAR, Room, read_rooms

from jobs.gpu.engine.segmenters.room import prepared

BATCH = 8
SIZES = ((320, 224), (320, 224), (288, 256), (256, 288), (224, 320), (320, 256))
# Rare classes count more.
WEIGHTS = (1.0, 1.0, 1.0, 1.3, 2.0, 1.4, 1.6, 1.0)
RATE, ENCODER_RATE = 1e-3, 5e-4
VIEWED = 544


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--epochs", type=int, default=120)
    parser.add_argument("--held-out", type=int, default=0, metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path, metavar="STATE", help="go on from an earlier run")
    parser.add_argument("--out", type=Path, default=Path("rooms.onnx"))
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.manual_seed(options.seed)
    rooms = list(read_rooms(options.photos).values())
    random.Random(7).shuffle(rooms)
    held_out, shown = rooms[: options.held_out], rooms[options.held_out :]
    print(f"{len(shown)} photos, {len(held_out)} held out", flush=True)
    network = RoomNetwork()
    if options.start:
        network.load_state_dict(torch.load(options.start))
    state = options.out.with_suffix(".pt")
    network = trained(network, shown, held_out, options.epochs, random.Random(options.seed), state)
    export(network, options.out)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB")


def trained(
    network: RoomNetwork,
    rooms: list[Room],
    held_out: list[Room],
    epochs: int,
    chance: random.Random,
    state: Path,
) -> RoomNetwork:
    """The running mean of the weights, which is steadier than any one of them; kept in `state`."""
    network = network.to(memory_format=torch.channels_last)
    mean = copy.deepcopy(network)
    encoder = list(network.encoder.parameters())
    known = {id(parameter) for parameter in encoder}
    decoder = [parameter for parameter in network.parameters() if id(parameter) not in known]
    optimizer = torch.optim.AdamW(
        [{"params": encoder, "lr": ENCODER_RATE}, {"params": decoder, "lr": RATE}],
        weight_decay=0.02,
    )
    steps = math.ceil(len(rooms) / BATCH)
    warm_up, total, step, started = 2 * steps, steps * epochs, 0, time.monotonic()
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda now: min(1, (now + 1) / warm_up) * (0.5 + 0.5 * math.cos(math.pi * now / total)),
    )
    for epoch in range(1, epochs + 1):
        network.train()
        losses = []
        for picture, labels in batches(rooms, chance):
            loss = loss_of(network(picture), labels)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            step += 1
            keep = min(0.99, step / (step + 50))
            with torch.no_grad():
                now = network.state_dict()
                for name, kept in mean.state_dict().items():
                    if kept.is_floating_point():
                        kept.lerp_(now[name], 1 - keep)
        if epoch % 10 == 0 or epoch == epochs:
            seconds = time.monotonic() - started
            print(f"epoch {epoch}, {seconds:.0f} s: loss {np.mean(losses):.3f}", flush=True)
            torch.save(mean.state_dict(), state)
            if held_out:
                print("  " + overlaps(mean.eval(), held_out), flush=True)
    return mean.eval()


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
    labels = torch.from_numpy(np.stack([view.labels for view in views]).astype(np.int64))
    return picture.contiguous(memory_format=torch.channels_last), labels


def loss_of(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross entropy for every other pixel, and one less the soft overlap for each class that is
    there."""
    labels = labels[:, ::2, ::2]
    scores = F.interpolate(scores, size=labels.shape[1:], mode="bilinear", align_corners=False)
    weights = torch.tensor(WEIGHTS)
    entropy = F.cross_entropy(
        scores, labels, weight=weights, ignore_index=UNCLEAR, label_smoothing=0.05
    )
    clear = (labels != UNCLEAR)[:, None]
    likely = scores.softmax(1) * clear
    truth = F.one_hot(labels.clamp(max=len(CLASSES) - 1), len(CLASSES)).permute(0, 3, 1, 2) * clear
    both = (likely * truth).sum((0, 2, 3))
    either = (likely + truth - likely * truth).sum((0, 2, 3))
    there = truth.sum((0, 2, 3)) > 25
    return entropy + 0.7 * (1 - (both[there] + 1) / (either[there] + 1)).mean()


def overlaps(network: RoomNetwork, rooms: list[Room]) -> str:
    """The mean overlap of each class over the photos that show it."""
    found: dict[str, list[float]] = {name: [] for name in CLASSES}
    for room in rooms:
        labels = seen(network, room.rgb)
        clear = room.labels != UNCLEAR
        for index, name in enumerate(CLASSES):
            if (room.labels == index).mean() > 0.01:
                wanted, got = room.labels == index, labels == index
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
    return scores[0].argmax(0).numpy()


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
