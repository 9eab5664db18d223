"""The judge mixes blindly, counts exactly, and takes only the photos it names."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.judge.collect import GIT, taken
from bench.judge.orders import PRODUCT, PROTECTED, ROOM, edits_of, kind_of
from bench.judge.photos import JudgedPhoto, digest_of, present, read_list
from bench.judge.sheets import Entry, mixed, sheet
from bench.judge.tabulate import judged, means_table, read_key, read_scores, reasons_table
from jobs.gpu.engine.messages import Edit

PHOTO = JudgedPhoto("a.jpg", "room", "o/r", "HEAD", "in/a.jpg", "MIT", "", ("sage_oak", "cabinet"))
SCORES = Path(__file__).resolve().parents[1] / "scores"
VERSIONS = {"after": Path("after"), "before": Path("before")}


def scores(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "scores.csv"
    path.write_text("\n".join(("code,photo,order,score,lost", *rows)), encoding="utf-8")
    return path


def test_every_photo_of_the_list_has_a_source_a_licence_and_orders_that_exist() -> None:
    photos = read_list()
    assert len(photos) == len({photo.sha256 for photo in photos.values()})
    for photo in photos.values():
        assert photo.repository.count("/") == 1
        assert photo.licence
        assert photo.kind in PROTECTED
        assert {kind_of(order) for order in photo.orders} <= set(
            ROOM if photo.kind == "room" else PRODUCT
        )


def test_a_product_is_painted_in_the_colour_of_its_order() -> None:
    assert edits_of("body:coral") == {"Body": Edit("recolor", "coral")}
    assert edits_of("sage_oak")["Floor"] == Edit("texture", "oak")
    with pytest.raises(KeyError):
        edits_of("body_shop")


def test_a_photo_is_taken_out_of_a_clone_only_when_it_is_the_very_one(tmp_path: Path) -> None:
    clone, folder = tmp_path / "clones" / "o" / "r", tmp_path / "photos"
    (clone / "in").mkdir(parents=True)
    folder.mkdir()
    (clone / "in" / "a.jpg").write_bytes(b"a photo")
    for command in (
        ("init", "-q"), ("add", "."),
        ("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "t"),
    ):  # fmt: skip
        subprocess.run([GIT, "-C", str(clone), *command], check=True)
    right = replace(PHOTO, sha256=digest_of(b"a photo"))

    assert not taken(replace(right, sha256=digest_of(b"another")), tmp_path / "clones", folder)
    assert not taken(replace(right, repository="o/none"), tmp_path / "clones", folder)
    assert not present({"a.jpg": right}, folder)
    assert taken(right, tmp_path / "clones", folder)
    assert list(present({"a.jpg": right}, folder)) == ["a.jpg"]

    (folder / "a.jpg").write_bytes(b"changed since")
    assert not present({"a.jpg": right}, folder)


def test_versions_are_mixed_the_same_way_for_the_same_seed_and_both_ways_over_many_orders() -> None:
    photos = {
        f"{number}.jpg": replace(PHOTO, name=f"{number}.jpg", orders=("sage_oak",))
        for number in range(40)
    }
    entries = list(mixed(photos, VERSIONS, seed=7))
    assert entries == list(mixed(photos, VERSIONS, seed=7))
    first = [entry.version for entry in entries[::2]]
    assert 10 < first.count("before") < 30
    assert len({entry.code for entry in entries}) == 80


def test_a_sheet_shows_the_photo_then_its_results_and_why_there_is_none(tmp_path: Path) -> None:
    Image.new("RGB", (300, 200), "red").save(tmp_path / "a.png")
    for version, colour in (("before", "lime"), ("after", "blue")):
        (tmp_path / version).mkdir()
        Image.new("RGB", (300, 200), colour).save(tmp_path / version / "a.sage_oak.jpg")
    (tmp_path / "after" / "a.cabinet.txt").write_text("nothing to change", encoding="utf-8")
    entries = [
        Entry("bcd", "before", "room", "a.png", "sage_oak"),
        Entry("fgh", "after", "room", "a.png", "sage_oak"),
        Entry("jkm", "after", "room", "a.png", "cabinet"),
    ]
    paper = sheet(
        tmp_path / "a.png", entries, {"before": tmp_path / "before", "after": tmp_path / "after"}
    )
    pixels = np.asarray(paper)
    assert pixels[100, 250::526].argmax(axis=1).tolist() == [0, 1, 2]
    assert pixels[600, 250].tolist() == [255, 255, 255]


def test_means_count_each_version_and_points_are_lost_by_reason(tmp_path: Path) -> None:
    entries = [
        Entry("aaa", "before", "room", "a.jpg", "cabinet"),
        Entry("bbb", "after", "room", "a.jpg", "cabinet"),
        Entry("ccc", "before", "product", "b.jpg", "body"),
        Entry("ddd", "after", "product", "b.jpg", "body"),
    ]
    judge = read_scores(
        scores(
            tmp_path, "aaa,,,1,leak:3 border:1", "bbb,,,4,border:1", "ccc,,,2,paints:3", "ddd,,,,"
        )
    )
    results = judged(entries, [judge])
    assert means_table(results).splitlines()[2:] == [
        "| **room** | 1 | 4.00 | 0 | 1 | 1.00 | 1 | 0 |",
        "| room, cabinet | 1 | 4.00 | 0 | 1 | 1.00 | 1 | 0 |",
        "| **product** | 1 | – | 0 | 0 | 2.00 | 0 | 0 |",
        "| product, body | 1 | – | 0 | 0 | 2.00 | 0 | 0 |",
    ]
    assert reasons_table(results).splitlines() == [
        "| points lost | rooms, after | rooms, before | products, after | products, before |",
        "|---|---:|---:|---:|---:|",
        "| leak | 0 | 3 | 0 | 0 |",
        "| paints | 0 | 0 | 0 | 3 |",
        "| border | 1 | 1 | 0 | 0 |",
    ]


def test_two_judges_count_with_their_mean(tmp_path: Path) -> None:
    entry = Entry("aaa", "before", "room", "a.jpg", "cabinet")
    one = read_scores(scores(tmp_path, "aaa,,,2,leak:3"))
    other = read_scores(scores(tmp_path, "aaa,,,5,"))
    results = judged([entry], [one, other])
    assert results[0].mean == 3.5
    assert "| leak | 1.5 |" in reasons_table(results)


@pytest.mark.parametrize(
    "row", ["aaa,,,6,", "aaa,,,0,leak:5", "aaa,,,3,leak:1", "aaa,,,4,moon:1", "aaa,,,4,leak"]
)
def test_a_sheet_that_does_not_add_up_is_refused_with_its_code(tmp_path: Path, row: str) -> None:
    with pytest.raises(ValueError, match="aaa"):
        read_scores(scores(tmp_path, row))


@pytest.mark.parametrize("judge", ["", "second-"])
def test_a_kept_judge_has_scored_every_order_in_two_versions(judge: str) -> None:
    key = read_key(SCORES / f"{judge}key.csv")
    assert set(read_scores(SCORES / f"{judge}scores.csv")) == {entry.code for entry in key}
    ordered = {
        (photo.name, kind_of(order)) for photo in read_list().values() for order in photo.orders
    }
    for version in {entry.version for entry in key}:
        of_version = [(entry.photo, entry.order) for entry in key if entry.version == version]
        assert len(of_version) == len(set(of_version))
        assert set(of_version) == ordered
    assert len(key) == 2 * len(ordered)
