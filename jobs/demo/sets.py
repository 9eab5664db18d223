"""What the demo sends: two sets of photos, and what to do with them."""

from dataclasses import dataclass
from pathlib import Path

PHOTOS = Path(__file__).parent / "photos"


@dataclass(frozen=True)
class PhotoSet:
    preset: str
    photos: tuple[str, ...]
    concepts: dict[str, str]
    protect: list[str]

    @property
    def paths(self) -> list[Path]:
        return [PHOTOS / name for name in self.photos]


SETS = (
    PhotoSet(
        preset="interior",
        photos=(
            "interior_living_room.jpg",
            "interior_waiting_room.jpg",
            "interior_kitchen.jpg",
        ),
        concepts={
            "Wall": "recolor:#9db4a0",
            "Floor": "texture:oak",
            "Ceiling": "tone:bright:0.4",
        },
        protect=[],
    ),
    PhotoSet(
        preset="seller",
        photos=(
            "product_coffee_cup.png",
            "product_mug.png",
            "product_shoe.png",
            "product_juice_apple.png",
        ),
        concepts={"Body": "recolor:navy"},
        protect=[],
    ),
)
