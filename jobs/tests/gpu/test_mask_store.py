"""Masks that are kept in the bucket."""

from uuid import uuid4

import pytest

from jobs.gpu.engine.memory import RememberingSegmenter
from jobs.gpu.keyed_store import KeyedStore
from jobs.gpu.mask_store import BucketMaskStore
from jobs.storage.bucket import photo_storage
from jobs.tests.gpu.engine.pictures import FixedSegmenter, left_half, wall

pytestmark = pytest.mark.usefixtures("engines")


def test_masks_lie_under_the_keys_of_the_contract_and_survive_strange_names() -> None:
    job, digest, user = f"job_{uuid4().hex}", uuid4().hex, f"u_{uuid4().hex}"
    store = BucketMaskStore(KeyedStore(), user, job, 3)
    masks = {"Wall": left_half(), "벽/../x": left_half()}
    segmenter = FixedSegmenter(masks, absent=["Door"])
    segmenter.doubtful = frozenset({"Wall"})
    memory = RememberingSegmenter(segmenter)
    _, findings = memory.segment(digest, wall(), ["Wall", "벽/../x", "Door"], {})
    store.save(digest, "fixed/1", findings)
    folder = f"masks/{user}/{job}/"
    names = sorted(key.removeprefix(folder) for key in photo_storage().sizes(folder))
    assert names[:1] + names[2:] == ["3_Wall.png", "3_instances.json"]
    assert names[1].startswith("3__")
    elsewhere = BucketMaskStore(KeyedStore(), user, f"job_{uuid4().hex}", 0)
    assert elsewhere.load(digest, "fixed/1", ["Wall", "벽/../x", "Door", "Sofa"]) == findings
    assert elsewhere.load(digest, "fixed/2", ["Wall"]) == {}
    assert (
        BucketMaskStore(KeyedStore(), f"u_{uuid4().hex}", job, 3).load(digest, "fixed/1", ["Wall"])
        == {}
    )


def test_a_description_that_is_not_ours_costs_a_segmentation_only() -> None:
    digest, user = uuid4().hex, f"u_{uuid4().hex}"
    store = BucketMaskStore(KeyedStore(), user, f"job_{uuid4().hex}", 0)
    for junk in (b"{", b"[]", b'{"photo":1}', b'{"prefix":"masks/u_9/x/0"}'):
        KeyedStore().write(f"masks/{user}/by_photo/{digest}.json", junk, "application/json")
        assert store.load(digest, "fixed/1", ["Wall"]) == {}
