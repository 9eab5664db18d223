"""Batches of varied rooms, as far as the part of the encoder that stays as it is."""

import math
import random
from dataclasses import dataclass

import numpy as np
import torch
from augment import varied
from classes import prepared
from network import RoomNetwork
from photos import Room

BATCH = 8
SIZES = ((320, 224), (320, 224), (288, 256), (256, 288), (224, 320), (320, 256))
# Batches that are new although there are some to fall back upon, while those are few and later.
OFTEN_NEW, AT_TIMES_NEW = 0.6, 0.25
FEWEST = 64


@dataclass(frozen=True)
class Seen:
    """A batch: the first maps of the encoder, where in the picture their cells lie, and labels."""

    maps: list[torch.Tensor]
    places: torch.Tensor
    labels: torch.Tensor


class Views:
    """Batches without end. The first layers of the encoder do not learn, so that what they say is
    kept and used again: varying a photo and looking at it takes as long as learning from it.
    """

    def __init__(self, network: RoomNetwork, rooms: list[Room], each: int, chance: random.Random):
        """Of every room about that many views are kept, 300 kB each."""
        self._network = network
        self._rooms = rooms
        self._most = each * math.ceil(len(rooms) / BATCH)
        self._chance = chance
        self._kept: list[Seen] = []

    def next(self) -> Seen:
        full = len(self._kept) >= self._most
        new = self._chance.random() < (AT_TIMES_NEW if full else OFTEN_NEW)
        if not new and len(self._kept) >= FEWEST:
            return self._chance.choice(self._kept)
        seen = self._made()
        if full:
            self._kept[self._chance.randrange(self._most)] = seen
        else:
            self._kept.append(seen)
        return seen

    def _made(self) -> Seen:
        picture, labels = batch(self._rooms, self._chance)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            maps, places = self._network.glanced_at(picture)
        return Seen([each.bfloat16() for each in maps], places, labels)


def batch(rooms: list[Room], chance: random.Random) -> tuple[torch.Tensor, torch.Tensor]:
    size = chance.choice(SIZES)
    some = chance.sample(rooms, BATCH)
    views = [varied(room, chance.choice(rooms), size, chance) for room in some]
    picture = torch.from_numpy(np.stack([prepared(view.rgb) for view in views]))
    # In the middle of the cells that the network answers for.
    labels = torch.from_numpy(np.stack([view.labels[2::4, 2::4] for view in views]))
    return picture.contiguous(memory_format=torch.channels_last), labels.long()
