"""One outlined photo becomes many: other paint, other materials, other things in the way, another
part of it, another light. What is wall does not depend on any of these.
"""

import math
from random import Random

import cv2
import numpy as np
from photos import CLASSES, OTHER, SOMETHING, UNCLEAR, Room

WALL, FLOOR, CEILING = (CLASSES.index(name) for name in ("Wall", "Floor", "Ceiling"))
DOOR, CABINET, CURTAIN, RUG = (
    CLASSES.index(name) for name in ("Door", "Cabinet", "Curtain", "Rug")
)
# What may stand, hang or lie in a room as it did in another: no surface of it.
THINGS = tuple(range(CEILING + 1, len(CLASSES)))


def varied(room: Room, other: Room, size: tuple[int, int], chance: Random) -> Room:
    """A variation of a room, with things of another one, at a size (width, height)."""
    room = cropped(room, size, chance)
    if chance.random() < 0.5:
        room = mirrored(room)
    if chance.random() < 0.4:
        room = with_things_of(room, cropped(other, size, chance), chance)
    if chance.random() < 0.6:
        room = repainted(room, chance)
    if chance.random() < 0.4:
        room = covered(room, chance)
    room = relit(room, chance)
    if chance.random() < 0.25:
        room = obstructed(room, chance)
    return room


def mirrored(room: Room) -> Room:
    return Room(np.ascontiguousarray(room.rgb[:, ::-1]), np.ascontiguousarray(room.labels[:, ::-1]))


def with_things_of(room: Room, other: Room, chance: Random) -> Room:
    """Furniture and fittings of another room of the same size, where they stood there."""
    if chance.random() < 0.5:
        other = mirrored(other)
    labels = other.labels
    rgb, mixed = room.rgb.astype(np.float32), room.labels.copy()
    there = [int(kind) for kind in np.unique(labels) if kind in THINGS or kind == SOMETHING]
    for kind in chance.sample(there, min(len(there), chance.randint(1, 3))):
        count, parts, stats, _ = cv2.connectedComponentsWithStats((labels == kind).astype(np.uint8))
        fitting = [
            part
            for part in range(1, count)
            if 0.003 < stats[part, cv2.CC_STAT_AREA] / labels.size < 0.35
        ]
        for part in chance.sample(fitting, min(len(fitting), chance.randint(1, 2))):
            inside = parts == part
            soft = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 0.8)[..., np.newaxis]
            rgb += (other.rgb - rgb) * soft
            mixed[inside] = kind
    return Room(rgb.astype(np.uint8), mixed)


def repainted(room: Room, chance: Random) -> Room:
    """Some surfaces and fittings in other colours, under the light of the photo."""
    lab = cv2.cvtColor(room.rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    for kind in (WALL, FLOOR, CEILING, CABINET, DOOR, CURTAIN, RUG):
        inside = room.labels == kind
        if chance.random() < 0.5 or inside.sum() < 200:
            continue
        soft = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 1.0)[..., np.newaxis]
        mean = (lab * soft).sum(axis=(0, 1)) / soft.sum()
        darkest = 50 if kind == CEILING else 25
        paint = np.array(
            [chance.uniform(darkest, 97), chance.gauss(0, 12), chance.gauss(4, 16)], np.float32
        )
        share = chance.uniform(0.5, 1)
        target = mean * (1 - share) + paint * share
        relief = np.clip((paint[0] + 16) / (mean[0] + 16), 0.5, 1.3)
        painted = (lab - mean) * np.array([relief, 0.6, 0.6], np.float32) + target
        lab = lab + (painted - lab) * soft
    rgb = np.clip(cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_LAB2RGB), 0, 1)
    return Room((rgb * 255).astype(np.uint8), room.labels)


def covered(room: Room, chance: Random) -> Room:
    """Wallpaper, bricks, boards or tiles on walls and floors."""
    rgb = room.rgb.astype(np.float32)
    for kind, often in ((WALL, 0.15), (FLOOR, 0.3)):
        if chance.random() < often:
            soft = cv2.GaussianBlur((room.labels == kind).astype(np.float32), (0, 0), 1)
            relief = pattern(*room.labels.shape, chance) * soft * chance.uniform(12, 55)
            rgb += relief[..., np.newaxis]
    return Room(np.clip(rgb, 0, 255).astype(np.uint8), room.labels)


def pattern(height: int, width: int, chance: Random) -> np.ndarray:
    """A repeating relief of about -0.7 to 0.7, flat or in perspective."""
    kind = chance.choice(["boards", "tiles", "bricks", "noise", "stripes"])
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    if chance.random() < 0.6:
        distance = 1 / (y / height * chance.uniform(0.5, 2.2) + 0.25)
        u, v = (x - width / 2) * distance, height * distance
    else:
        angle = 0.0 if kind == "bricks" else chance.uniform(0, math.pi)
        u = x * math.cos(angle) + y * math.sin(angle)
        v = y * math.cos(angle) - x * math.sin(angle)
    size = chance.uniform(8, 50)
    numbers = np.random.default_rng(chance.randrange(1 << 30))
    if kind == "stripes":
        return np.sin(u / size * 2 * math.pi) * 0.5
    if kind == "noise":
        grid = (max(2, round(2 * height / size)), max(2, round(2 * width / size)))
        coarse = numbers.standard_normal(grid, np.float32)
        return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) * 0.5
    length = {"boards": 6 * size, "tiles": size, "bricks": size / 2}[kind]
    down = v / length
    across = u / size
    if kind == "bricks":
        across = across + np.floor(down) % 2 / 2
    if kind == "boards":
        down = down + np.floor(across) * 0.37
    shade = numbers.random(4096)
    piece = np.floor(across).astype(int) * 31 + np.floor(down).astype(int) * 17
    joint = (across % 1 < 0.07) | (down % 1 < 0.07)
    return shade[piece % 4096] * 0.7 - 0.35 + joint * chance.choice([-0.6, 0.7])


def cropped(room: Room, size: tuple[int, int], chance: Random) -> Room:
    """A part of a room, slightly turned, as a photo of its own."""
    width, height = size
    rows, columns = room.labels.shape
    whole = chance.random() < 0.35
    share = 1.0 if whole else chance.uniform(0.45, 1)
    aspect = (width / height) / (columns / rows) * math.exp(chance.gauss(0, 0.12))
    across, down = (share, share / aspect) if aspect > 1 else (share * aspect, share)
    if whole and chance.random() < 0.5:
        across = down = 1.0  # all of it, stretched
    extent = np.array([min(1.0, across) * columns, min(1.0, down) * rows])
    corner = np.array([chance.uniform(0, columns - extent[0]), chance.uniform(0, rows - extent[1])])
    turn = chance.gauss(0, 2) * math.pi / 180
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    corners = corner + extent * np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
    centre = corner + extent / 2
    source = ((corners - centre) @ rotation.T + centre).astype(np.float32)
    target = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float32)
    if chance.random() < 0.5:
        # As seen from another height, or by a camera that is tilted.
        lean = [chance.gauss(0, 0.04) for _ in range(8)]
        target += (np.array(lean, np.float32) * max(size)).reshape(4, 2)
    move = cv2.getPerspectiveTransform(source, target)
    rgb = room.rgb
    if extent[0] > 1.4 * width:
        rgb = cv2.GaussianBlur(rgb, (0, 0), 0.4 * extent[0] / width)
    return Room(
        cv2.warpPerspective(rgb, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT),
        cv2.warpPerspective(
            room.labels, move, size, flags=cv2.INTER_NEAREST,
            borderMode=cv2.BORDER_CONSTANT, borderValue=UNCLEAR,
        ),
    )  # fmt: skip


def relit(room: Room, chance: Random) -> Room:
    """Another exposure, white balance and contrast, and what a worse camera does."""
    rgb = room.rgb.astype(np.float32) / 255
    if chance.random() < 0.15:
        # Evening: little light, and that of lamps.
        dim = chance.uniform(0.25, 0.6)
        rgb *= np.array(
            [dim, dim * chance.uniform(0.75, 1), dim * chance.uniform(0.5, 1)], np.float32
        )
    if chance.random() < 0.8:
        rgb = rgb ** math.exp(chance.gauss(0, 0.3)) * math.exp(chance.gauss(0, 0.12))
        rgb *= np.exp(np.array([chance.gauss(0, 0.07) for _ in range(3)], np.float32))
        gray = rgb.mean(axis=2, keepdims=True)
        rgb = gray + (rgb - gray) * math.exp(chance.gauss(0, 0.3))
        mean = rgb.mean()
        rgb = mean + (rgb - mean) * math.exp(chance.gauss(0, 0.15))
    if chance.random() < 0.1:
        rgb = np.repeat(rgb.mean(axis=2, keepdims=True), 3, axis=2)
    if chance.random() < 0.2:
        rgb = cv2.GaussianBlur(rgb, (0, 0), chance.uniform(0.4, 1.2))
    if chance.random() < 0.3:
        grain = np.random.default_rng(chance.randrange(1 << 30))
        noise = grain.standard_normal(rgb.shape, np.float32)
        rgb = rgb + noise * chance.uniform(0.005, 0.04)
    return Room((np.clip(rgb, 0, 1) * 255).astype(np.uint8), room.labels)


def obstructed(room: Room, chance: Random) -> Room:
    """Plain boxes stand in front."""
    height, width = room.labels.shape
    rgb, labels = room.rgb.copy(), room.labels.copy()
    for _ in range(chance.randint(1, 3)):
        across = chance.randint(width // 12, width // 4)
        down = chance.randint(height // 12, height // 4)
        left, top = chance.randint(0, width - across), chance.randint(0, height - down)
        box = np.s_[top : top + down, left : left + across]
        rgb[box] = [chance.randrange(256) for _ in range(3)]
        labels[box] = OTHER
    return Room(rgb, labels)
