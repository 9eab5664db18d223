#!/usr/bin/env python3
"""`make bench-engine`: what a photo costs, stage by stage, beside the usual way of doing it.

    .venv/bin/python bench/engine.py [--runs 5] [--chart docs/images/bench-engine.png]

One demo photo is resampled to 2, 12 and 48 megapixels, with seeded grain. Stages and methods are
measured in processor time of one thread and of the cell that decodes for it, the methods in turns,
and the best run counts; the tables of the cell and of photos a second are measured by the clock on
the wall, and mean something on a machine with nothing else to do. Prints tables in Markdown.
"""

import argparse
import io
import os
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # read when NumPy is imported

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

import cv2
import numpy as np
import simplejpeg
from PIL import Image, ImageDraw, ImageFont

from jobs.gpu.engine import stopwatch
from jobs.gpu.engine.cell import pool
from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.formats.canvas import Canvas
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.photo import Photo
from jobs.gpu.engine.pipeline import Engine
from jobs.gpu.engine.png import encode_png
from jobs.gpu.engine.preview import encode_preview
from jobs.gpu.engine.reading import read_photo
from jobs.gpu.engine.segmenters.registry import load_segmenter
from jobs.gpu.engine.segmenters.room import look_at_room

SOURCE = PROJECT / "jobs" / "demo" / "photos" / "interior_waiting_room.jpg"
SIZES = {"2 MP": (1632, 1224), "12 MP": (4000, 3000), "48 MP": (8000, 6000)}
EDITS = {
    "Wall": Edit("recolor", "sage"),
    "Floor": Edit("recolor", "oak_a"),
    "Ceiling": Edit("recolor", "white"),
}
PROTECT = ["Window", "Cabinet"]
COLOURS = {
    "decode": "#6f8f9d", "segment": "#c9a227", "outline": "#7b6d8d", "paints": "#a35d6a",
    "light": "#d9b99b", "edit": "#9db4a0", "encode": "#b5654a", "preview": "#3b3a36",
}  # fmt: skip
STAGES = tuple(COLOURS)  # in their order


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--chart", type=Path, help="write a bar chart (PNG) here")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    files = {name: photo_of(size) for name, size in SIZES.items()}
    stages = {name: stage_times(data, arguments.runs) for name, data in files.items()}
    print(
        "\n### Milliseconds per stage: three recolours, two concepts to protect, one core,"
        " processor time\n"
    )
    print("| | " + " | ".join(STAGES) + " | whole photo | all but segmentation |")
    print("|---|" + "---:|" * (len(STAGES) + 2))
    for name, times in stages.items():
        whole = sum(times.values())
        cells = [*times.values(), whole, whole - times["segment"]]
        print(f"| {name} | " + " | ".join(f"{1000 * value:.0f}" for value in cells) + " |")
    print("\n### Milliseconds of reading and writing, beside the usual way\n")
    print("| | engine | OpenCV defaults | Pillow | times as fast as OpenCV | as Pillow |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, data in files.items():
        for step, (ours, opencv, pillow) in input_output(data, arguments.runs).items():
            print(
                f"| {name}, {step} | {1000 * ours:.0f} | {1000 * opencv:.0f} | "
                f"{1000 * pillow:.0f} | {opencv / ours:.1f} | {pillow / ours:.1f} |"
            )
    print("\n### Milliseconds of decoding in a cell, and in the process itself, clock time\n")
    print("| | cell | without | more |\n|---|---:|---:|---:|")
    for name, data in files.items():
        cell, without = cell_seconds(data, 3 * arguments.runs)
        print(
            f"| {name} | {1000 * cell:.1f} | {1000 * without:.1f} | {1000 * (cell - without):.1f} |"
        )
    data = files["12 MP"]
    ours = sum(value for stage, value in stages["12 MP"].items() if stage != "segment")
    usual = usual_seconds(data, min(arguments.runs, 3))
    print("\n### Seconds of a 12 MP photo, everything but segmentation, three recolours\n")
    print("| engine | Pillow, NumPy and PNG level 6 | times as fast |\n|---:|---:|---:|")
    print(f"| {ours:.2f} | {usual:.2f} | {usual / ours:.1f} |")
    print(
        "\n### Photos a second, 12 MP, the whole way from bytes to bytes, clock time "
        f"(load of the machine before: {os.getloadavg()[0]:.1f})\n"
    )
    print("| processes | masks new | masks remembered |")
    print("|---:|---:|---:|")
    for processes in (1, 2):
        new, remembered = (throughput(files["12 MP"], processes, once) for once in (True, False))
        print(f"| {processes} | {new:.2f} | {remembered:.2f} |")
    if arguments.chart:
        arguments.chart.parent.mkdir(parents=True, exist_ok=True)
        draw_chart(stages).save(arguments.chart, optimize=True)


def photo_of(size: tuple[int, int]) -> bytes:
    """A JPEG of this width and height that compresses like a camera's."""
    rgb = np.asarray(Image.open(SOURCE).convert("RGB"))
    large = cv2.resize(rgb, size, interpolation=cv2.INTER_CUBIC)
    grain = np.random.default_rng(0).normal(0, 2, (size[1], size[0], 1)).astype(np.float32)
    noisy = np.clip(large + grain, 0, 255).astype(np.uint8)
    encoded: bytes = simplejpeg.encode_jpeg(noisy, quality=85, colorspace="RGB")
    return encoded


def fresh_copy(data: bytes, number: int) -> bytes:
    """The same photo as a file nobody has seen: bytes after the end of a JPEG are ignored."""
    return data + number.to_bytes(8, "big")


def processor_time() -> float:
    """Of this thread and of the cells, which wait before and after a photo."""
    return time.thread_time() + pool.cpu_seconds()


def cell_seconds(data: bytes, runs: int) -> tuple[float, float]:
    """The best seconds with and without the cell, taking turns. Each photo is let go before the
    next, as by a worker."""
    methods = (lambda: decode(data), lambda: read_photo(data, Canvas()))
    seconds = [float("inf")] * len(methods)
    for _ in range(runs):
        for index, method in enumerate(methods):
            start = time.perf_counter()
            photo = method()
            seconds[index] = min(seconds[index], time.perf_counter() - start)
            del photo
    return seconds[0], seconds[1]


def stage_times(data: bytes, runs: int) -> dict[str, float]:
    """The best seconds of each stage."""
    stopwatch.clock = processor_time
    engine = Engine(load_segmenter("cpu"))
    engine.edit(fresh_copy(data, 0), EDITS, PROTECT)
    timings = [engine.edit(fresh_copy(data, 1 + n), EDITS, PROTECT).timings for n in range(runs)]
    return {stage: min(timing[stage] for timing in timings) for stage in STAGES}


def input_output(data: bytes, runs: int) -> dict[str, tuple[float, float, float]]:
    """Step → best seconds of the engine, OpenCV and Pillow, taking turns."""
    photo = decode(data)
    image = Image.fromarray(photo.rgb)
    packed = np.frombuffer(data, np.uint8)
    swapped = np.ascontiguousarray(photo.rgb[..., ::-1])
    methods: dict[str, tuple[Callable[[], object], ...]] = {
        "decode JPEG": (
            lambda: decode(data),
            lambda: cv2.imdecode(packed, cv2.IMREAD_COLOR),
            lambda: Image.open(io.BytesIO(data)).convert("RGB"),
        ),
        "write PNG": (
            lambda: encode_png(photo),
            lambda: cv2.imencode(".png", swapped),
            lambda: image.save(io.BytesIO(), "PNG"),  # level 6
        ),
        "write preview": (
            lambda: encode_preview(photo),
            lambda: opencv_preview(swapped),
            lambda: pillow_preview(photo),
        ),
    }
    # Pillow's level 6 takes ten seconds at 48 MP: fewer turns there, but more than the first, which
    # waits for memory.
    turns = min(runs, 3 if photo.rgb.size > 60e6 else runs)
    return {step: best(some, turns) for step, some in methods.items()}


def usual_seconds(data: bytes, runs: int) -> float:
    """The best seconds of doing the same the usual way, with the masks given."""
    small = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_COLOR_4)
    found = look_at_room(np.ascontiguousarray(small[..., ::-1]))
    masks = [found[name].mask for name in EDITS]
    seconds = float("inf")
    for _ in range(runs):
        start = time.thread_time()
        edit_as_usual(data, masks)
        seconds = min(seconds, time.thread_time() - start)
    return seconds


def edit_as_usual(data: bytes, masks: list[np.ndarray]) -> None:
    """Read by Pillow, recoloured in Lab as floats with feathered masks, written by Pillow."""
    rgb = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    result = rgb
    for mask, colour in zip(
        masks, ((178, 172, 136), (196, 154, 108), (245, 245, 240)), strict=True
    ):
        large = cv2.resize(mask, (rgb.shape[1], rgb.shape[0])).astype(np.float32) / 255
        weight = cv2.GaussianBlur(large, (0, 0), 3)[..., np.newaxis]
        lab = cv2.cvtColor(result.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        target = cv2.cvtColor(np.float32([[colour]]) / 255, cv2.COLOR_RGB2LAB)[0, 0]
        lab += target - lab[large > 0.5].mean(axis=0)
        recoloured = 255 * cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
        blended = result * (1 - weight) + recoloured * weight
        result = blended.clip(0, 255).round().astype(np.uint8)
    protected = cv2.resize(masks[-1], (rgb.shape[1], rgb.shape[0])) > 0
    result[protected] = rgb[protected]
    image = Image.fromarray(result)
    image.save(io.BytesIO(), "PNG")
    image.thumbnail((512, 512))
    image.save(io.BytesIO(), "JPEG", quality=85)


def best(methods: tuple[Callable[[], object], ...], turns: int) -> tuple[float, float, float]:
    seconds = [float("inf")] * len(methods)
    for _ in range(turns):
        for index, method in enumerate(methods):
            start = processor_time()
            method()
            seconds[index] = min(seconds[index], processor_time() - start)
    return seconds[0], seconds[1], seconds[2]


def opencv_preview(bgr: np.ndarray) -> object:
    scale = 512 / max(bgr.shape)
    small = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 85])


def pillow_preview(photo: Photo) -> object:
    image = Image.fromarray(photo.rgb)
    image.thumbnail((512, 512))
    return image.save(io.BytesIO(), "JPEG", quality=85)


def throughput(data: bytes, processes: int, unseen: bool, photos: int = 8) -> float:
    """Photos a second; each process edits `photos` of them, all starting together."""
    context = get_context("spawn")
    ready, go = context.Semaphore(0), context.Event()
    workers = [
        context.Process(target=work, args=(data, number, photos, unseen, ready, go))
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    for _ in workers:
        ready.acquire()
    start = time.perf_counter()
    go.set()
    for worker in workers:
        worker.join()
    return processes * photos / (time.perf_counter() - start)


def work(data, number, photos, unseen, ready, go):
    engine = Engine(load_segmenter("cpu"))
    engine.edit(data, EDITS, PROTECT)
    ready.release()
    go.wait()
    for index in range(photos):
        file = fresh_copy(data, 1 + number * photos + index) if unseen else data
        engine.edit(file, EDITS, PROTECT)


def draw_chart(stages: dict[str, dict[str, float]]) -> Image.Image:
    """One bar per size, milliseconds per megapixel, so that sizes can be compared."""
    width, height, left, top, bar = 900, 250, 90, 50, 44
    chart = Image.new("RGB", (width, height), "#f6f5f2")
    draw, font = ImageDraw.Draw(chart), ImageFont.load_default(15)
    per_pixel = {
        name: {stage: 1000 * value / megapixels(name) for stage, value in times.items()}
        for name, times in stages.items()
    }
    longest = max(sum(times.values()) for times in per_pixel.values())
    scale = (width - left - 110) / longest
    x = left
    for stage, colour in COLOURS.items():
        draw.rectangle((x, 18, x + 14, 32), fill=colour)
        draw.text((x + 20, 16), stage, fill="#3b3a36", font=font)
        x += (width - left) // len(STAGES)
    for row, (name, times) in enumerate(per_pixel.items()):
        x, y = float(left), top + row * (bar + 16)
        draw.text((16, y + 12), name, fill="#3b3a36", font=font)
        for stage in STAGES:
            draw.rectangle((x, y, x + times[stage] * scale, y + bar), fill=COLOURS[stage])
            x += times[stage] * scale
        draw.text((x + 8, y + 12), f"{sum(times.values()):.0f} ms/MP", fill="#3b3a36", font=font)
    return chart


def megapixels(name: str) -> float:
    width, height = SIZES[name]
    return width * height / 1e6


if __name__ == "__main__":
    main()
