"""The log on disk: C2SP tlog-tiles, so that any reader of that format reads it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from making import KEY, ORIGIN, filled, flip, leaves, log_at, slow_root

from avrecord.errors import LogBroken
from avrecord.seal import tiles
from avrecord.seal.log import Log
from avrecord.seal.merkle import leaf_hash
from avrecord.seal.note import Checkpoint, sign


@pytest.fixture
def quick_disk(monkeypatch):
    """Names and widths are the question here, not durability."""
    monkeypatch.setattr(os, "fsync", lambda fd: None)


@pytest.mark.parametrize(
    ("level", "number", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 5, 256, "tile/0/005"),
        (0, 999, 256, "tile/0/999"),
        (0, 1000, 256, "tile/0/x001/000"),
        (0, 1234067, 256, "tile/0/x001/x234/067"),
        (3, 1000000, 256, "tile/3/x001/x000/000"),
        (0, 273, 112, "tile/0/273.p/112"),
        (1, 1234067, 1, "tile/1/x001/x234/067.p/1"),
        ("entries", 1234067, 255, "tile/entries/x001/x234/067.p/255"),
    ],
)
def test_a_tile_has_the_name_of_the_format(level, number, width, path):
    assert tiles.tile_path(Path(), level, number, width) == Path(path)


def test_a_log_of_70000_leaves_has_the_tiles_of_the_formats_example(tmp_path, quick_disk):
    """273 full and one partial of 112 at level 0, one full and 17 at level 1, one at level 2."""
    Log(tmp_path, KEY, ORIGIN).append(lambda first: [b"%d" % number for number in range(first, 70_000)])
    names = {path.relative_to(tmp_path).as_posix() for path in (tmp_path / "tile").rglob("*") if path.is_file()}
    full = {f"tile/{level}/{number:03d}" for level in ("0", "entries") for number in range(273)}
    partial = {"tile/0/273.p/112", "tile/entries/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"}
    assert names == full | partial | {"tile/1/000"}
    assert {(tmp_path / name).stat().st_size for name in full if "entries" not in name} == {8192}
    assert (tmp_path / "tile/1/001.p/17").stat().st_size == 17 * 32


def test_the_tiles_of_higher_levels_hold_the_roots_of_full_tiles_below(tmp_path, quick_disk):
    log = Log(tmp_path, KEY, ORIGIN)
    log.append(lambda first: [b"%d" % number for number in range(first, 700)])
    hashes = [leaf_hash(b"%d" % number) for number in range(700)]
    assert tiles.read_tile(tmp_path, 0, 1, 256) == hashes[256:512]
    assert tiles.read_tile(tmp_path, 0, 2, 188) == hashes[512:]
    assert tiles.read_tile(tmp_path, 1, 0, 2) == [slow_root(hashes[:256]), slow_root(hashes[256:512])]


def test_every_published_size_has_its_partial_tiles(tmp_path):
    """A reader who holds an old checkpoint must be able to fetch the tree that belongs to it."""
    filled(tmp_path, 3, 1, 2)
    for size in (3, 4, 6):
        hashes = [leaf_hash(entry) for entry in tiles.read_bundle(tmp_path, 0, size)]
        assert tiles.read_tile(tmp_path, 0, 0, size) == hashes
    assert not tiles.tile_path(tmp_path, 0, 0, 5).exists()


def test_a_full_tile_is_never_written_again(tmp_path, quick_disk):
    log = filled(tmp_path, 300)
    full = [tiles.tile_path(tmp_path, level, 0, 256) for level in (0, "entries")]
    before = [path.stat().st_ino for path in full]
    log.append(lambda first: leaves(first, 300))
    assert [path.stat().st_ino for path in full] == before


@pytest.mark.parametrize(("start", "stop"), [(0, 700), (0, 1), (255, 257), (256, 512), (300, 300), (699, 700), (511, 700)])
def test_entries_are_read_back_from_anywhere(tmp_path, quick_disk, start, stop):
    filled(tmp_path, 100, 500, 100)
    assert list(tiles.entries(tmp_path, start, stop, 700)) == list(enumerate(leaves(start, stop - start), start))


def test_entries_are_read_from_the_full_bundle_once_partial_ones_were_tidied_away(tmp_path, quick_disk):
    filled(tmp_path, 10, 290)
    tiles.tile_path(tmp_path, "entries", 0, 10).unlink()
    assert [entry for _, entry in tiles.entries(tmp_path, 0, 10, 10)] == leaves(0, 10)


def test_entries_of_every_length_are_kept_exactly(tmp_path):
    odd = [b"", b"\0", b"\n" * 300, bytes(65_535)]
    tiles.write_bundle(tmp_path, 0, odd)
    assert tiles.read_bundle(tmp_path, 0, 4) == odd


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_bundle_that_was_cut_is_refused(tmp_path, cut):
    filled(tmp_path, 3)
    path = tiles.tile_path(tmp_path, "entries", 0, 3)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(LogBroken):
        tiles.read_bundle(tmp_path, 0, 3)


def test_a_bundle_with_an_entry_too_many_is_refused(tmp_path):
    filled(tmp_path, 3)
    path = tiles.tile_path(tmp_path, "entries", 0, 3)
    path.write_bytes(path.read_bytes() + b"\0\0")
    with pytest.raises(LogBroken):
        tiles.read_bundle(tmp_path, 0, 3)


def test_a_bundle_whose_lengths_were_bent_is_refused(tmp_path):
    filled(tmp_path, 3)
    flip(tiles.tile_path(tmp_path, "entries", 0, 3), 1)
    with pytest.raises(LogBroken):
        tiles.read_bundle(tmp_path, 0, 3)


@pytest.mark.parametrize("change", [lambda tile: tile[:-1], lambda tile: tile + bytes(32), lambda tile: b""])
def test_a_hash_tile_of_another_length_is_refused(tmp_path, change):
    filled(tmp_path, 3)
    path = tiles.tile_path(tmp_path, 0, 0, 3)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(LogBroken):
        tiles.read_tile(tmp_path, 0, 0, 3)


def test_a_missing_bundle_is_named_by_the_index_of_its_first_leaf(tmp_path, quick_disk):
    filled(tmp_path, 300)
    tiles.tile_path(tmp_path, "entries", 1, 44).unlink()
    with pytest.raises(LogBroken) as caught:
        list(tiles.entries(tmp_path, 0, 300, 300))
    assert caught.value.facts["index"] == 256


def test_the_folder_copied_elsewhere_is_the_same_log(tmp_path):
    filled(tmp_path / "log", 5, 3)
    shutil.copytree(tmp_path / "log", tmp_path / "copy")
    copy = log_at(tmp_path / "copy")
    root = slow_root(leaf_hash(entry) for entry in leaves(0, 8))
    assert copy.checkpoint() == sign(Checkpoint(ORIGIN, 8, root).text, KEY, ORIGIN)
    assert [entry for _, entry in copy.entries()] == leaves(0, 8)
