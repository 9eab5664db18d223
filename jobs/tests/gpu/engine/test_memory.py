from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jobs.gpu.engine.arrays import Rgb
from jobs.gpu.engine.memory import Finding, Findings, NoStore, RememberingSegmenter
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.order import Order
from jobs.gpu.engine.pipeline import Engine
from jobs.gpu.engine.segmenters.base import Segmentation
from jobs.gpu.engine.segmenters.instance import Instance
from jobs.tests.gpu.engine.pictures import FixedSegmenter, left_half, opened, png_file, wall


class Shelf:
    """A store in this process that writes down what it is asked."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str, str], Finding] = {}
        self.asked: list[tuple[str, ...]] = []

    def load(self, digest: str, model: str, concepts: Sequence[str]) -> Findings:
        self.asked.append(tuple(concepts))
        keys = [(name, (digest, model, name)) for name in concepts]
        return {name: self.kept[key] for name, key in keys if key in self.kept}

    def save(self, digest: str, model: str, findings: Findings) -> None:
        self.kept.update({(digest, model, name): one for name, one in findings.items()})


def look(memory: RememberingSegmenter, names: Sequence[str], store: Shelf | None = None,
         digest: str = "a") -> Segmentation:  # fmt: skip
    place = store or NoStore()
    found, fresh = memory.segment(digest, wall(), names, memory.recall(digest, names, place))
    if fresh:
        place.save(digest, memory.model, fresh)
    return found


def test_the_same_photo_and_concept_is_segmented_once() -> None:
    segmenter = FixedSegmenter({"Wall": left_half(), "Floor": 255 - left_half()}, absent=["Door"])
    memory = RememberingSegmenter(segmenter)
    first = look(memory, ["Wall", "Door"])
    second = look(memory, ["Door", "Floor", "Wall"])
    look(memory, ["Wall"], digest="b")
    assert segmenter.calls == [("Wall", "Door"), ("Floor",), ("Wall",)]
    assert np.array_equal(first.masks["Wall"], second.masks["Wall"])
    assert list(second.masks) == ["Floor", "Wall"]
    assert first.not_found == second.not_found == ("Door",)


def test_what_is_not_supported_is_said_every_time() -> None:
    memory = RememberingSegmenter(FixedSegmenter({}))
    assert look(memory, ["Sofa"]).unsupported == look(memory, ["Sofa"]).unsupported == ("Sofa",)


def test_a_new_process_finds_the_masks_of_an_old_one() -> None:
    store, masks = Shelf(), {"Wall": left_half()}
    old = FixedSegmenter(masks, absent=["Door"])
    old.doubtful = frozenset({"Wall"})
    before = look(RememberingSegmenter(old), ["Wall", "Door"], store)
    young = FixedSegmenter(masks, absent=["Door"])
    after = look(RememberingSegmenter(young), ["Wall", "Door"], store)
    assert young.calls == []
    assert np.array_equal(before.masks["Wall"], after.masks["Wall"])
    assert after.not_found == ("Door",)
    assert before.doubtful == after.doubtful == {"Wall"}


def test_another_version_of_a_model_starts_anew() -> None:
    store = Shelf()
    look(RememberingSegmenter(FixedSegmenter({"Wall": left_half()})), ["Wall"], store)
    newer = FixedSegmenter({"Wall": left_half()})
    newer.version = "2"
    look(RememberingSegmenter(newer), ["Wall"], store)
    assert newer.calls == [("Wall",)]


def test_a_segmenter_without_a_version_is_asked_every_time() -> None:
    segmenter, store = FixedSegmenter({"Wall": left_half()}), Shelf()
    segmenter.version = None
    memory = RememberingSegmenter(segmenter)
    for _ in range(2):
        assert set(look(memory, ["Wall"], store).masks) == {"Wall"}
    assert segmenter.calls == [("Wall",), ("Wall",)]
    assert (store.asked, store.kept) == ([], {})


def test_a_damaged_or_foreign_mask_is_made_again() -> None:
    store = Shelf()
    small = FixedSegmenter({"Wall": left_half()})
    for png in (b"", b"junk", png_file(wall(8, 8))):
        store.kept["a", "fixed/1", "Wall"] = Finding(png)
        found = look(RememberingSegmenter(small), ["Wall"], store)
        assert np.array_equal(found.masks["Wall"], left_half())
    assert len(small.calls) == 3


def test_memory_is_bounded_and_forgets_what_was_not_used_longest() -> None:
    segmenter = FixedSegmenter({"Wall": left_half()})
    memory = RememberingSegmenter(segmenter, capacity=1200)
    for digest in "abc":
        look(memory, ["Wall"], digest=digest)
        look(memory, ["Wall"], digest="a")
    assert len(segmenter.calls) == 3
    for digest in "defgh":
        look(memory, ["Wall"], digest=digest)
    look(memory, ["Wall"], digest="a")
    assert len(segmenter.calls) == 9


def test_instances_are_remembered_with_their_mask() -> None:
    class Pointing(FixedSegmenter):
        def segment(self, rgb: Rgb, concepts: Sequence[str]) -> Segmentation:
            one = Instance((0.0, 0.0, 0.5, 1.0), 0.9)
            return Segmentation({"Wall": left_half()}, instances={"Wall": (one,)})

    memory = RememberingSegmenter(Pointing({}))
    assert look(memory, ["Wall"]).instances == look(memory, ["Wall"]).instances
    assert look(memory, ["Wall"]).instances["Wall"][0].score == 0.9


def test_a_second_look_over_a_photo_gives_the_same_result_without_the_model() -> None:
    segmenter, store = FixedSegmenter({"Wall": left_half()}), Shelf()
    order = Order({"Wall": Edit("recolor", "navy")}, store=store)
    results = []
    for engine in (Engine(segmenter), Engine(segmenter)):
        prepared = engine.prepare(png_file(wall()), order)
        results.append(engine.finish(engine.look(prepared)).png)
    assert segmenter.calls == [("Wall", "Floor", "Ceiling")]
    assert results[0] == results[1]
    assert not np.array_equal(opened(results[0]), wall())
