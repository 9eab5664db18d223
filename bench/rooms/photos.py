"""Photos of rooms with what was outlined in them, as arrays."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from classes import CLASSES

OUTLINES = Path(__file__).with_name("outlines.json")
# Photos of one origin are held out together: they often show one flat.
HELD_OUT = frozenset({"github brianvasqueza/novahomeremodeling.com"})
OTHER = CLASSES.index("Other")
# Outlined as "Other" when no more was told apart: any of the classes from OTHER on.
SOMETHING = 254
UNCLEAR = 255
LONGEST = 640
# An outline that comes this near to the picture's edge was meant to reach it.
EDGE = 6


@dataclass(frozen=True)
class Room:
    """rgb: HxWx3 uint8. labels: HxW uint8, the position in CLASSES, SOMETHING or UNCLEAR. origin:
    where the photo is from."""

    rgb: np.ndarray
    labels: np.ndarray
    origin: str = ""


def read_rooms(folder: Path) -> dict[str, Room]:
    """The outlined photos that lie in a folder, by name."""
    outlines: dict[str, Any] = json.loads(OUTLINES.read_text(encoding="utf-8"))
    absent = [name for name in outlines if not (folder / name).exists()]
    if absent:
        print(f"{len(absent)} of {len(outlines)} photos are not in {folder}: {', '.join(absent)}")
    return {
        name: read_room(folder / name, outline)
        for name, outline in outlines.items()
        if name not in absent
    }


def read_room(path: Path, outline: dict[str, Any]) -> Room:
    bgr = cv2.imread(str(path))
    height, width = bgr.shape[:2]
    scale = LONGEST / max(height, width)
    size = (round(width * scale), round(height * scale))
    labels = cv2.resize(painted(outline), size, interpolation=cv2.INTER_NEAREST)
    rgb = cv2.cvtColor(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)
    return Room(rgb, labels, origin_of(outline))


def origin_of(outline: dict[str, Any]) -> str:
    return str(outline["source"]).partition(",")[0]


def painted(outline: dict[str, Any]) -> np.ndarray:
    """The areas in their order, later ones over earlier ones, at the size of the print."""
    width, height = outline["print"]
    labels = np.full((height, width), SOMETHING, np.uint8)
    for name, points in outline["areas"]:
        corners = np.array(points, np.float64)
        beyond = corners >= np.array([width, height]) - EDGE
        corners = np.where(beyond, [width + 2, height + 2], corners)
        corners = np.where(corners < EDGE, -2, corners)
        cv2.fillPoly(labels, [corners.astype(np.int32)], value_of(name))
    return labels


def value_of(name: str) -> int:
    """The label of an area of that name."""
    match name:
        case "?":
            return UNCLEAR
        case "Other":
            return SOMETHING
        case "Rest":
            return OTHER
    return CLASSES.index(name)
