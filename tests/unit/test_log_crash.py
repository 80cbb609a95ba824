"""The power goes at every durable step of an append: the log is wholly before it or wholly after."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from making import ORIGIN, TRUSTED, filled, leaves, log_at, slow_root

from avrecord import durable
from avrecord.seal.log import SEPARATOR
from avrecord.seal.merkle import leaf_hash
from avrecord.seal.note import Checkpoint, open_note
from avrecord.seal.verify import read_log

BEFORE, ADDED = 250, 20
"""Across the edge of a tile: two bundles, a full tile, its parent, a partial tile, journal, checkpoint."""
STEPS = 7


class PowerCut(BaseException):
    """Not an Exception: nothing may catch it and go on."""


def cut_at(step: int, how: str, patch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Let the `step`-th durable call die: before it begins, in the middle, or after it is done."""
    calls = 0

    def dying(real: Callable[..., None]) -> Callable[..., None]:
        def call(path: Path, content: bytes, *more: object, **named: object) -> None:
            nonlocal calls
            calls += 1
            if calls == step and how == "before":
                raise PowerCut
            if calls == step and how == "during":
                half = content[: len(content) // 2]
                if real is append_to:
                    append_to(path, half)
                else:
                    path.with_name(f".{path.name}.0.new").write_bytes(half)
                raise PowerCut
            real(path, content, *more, **named)
            if calls == step:
                raise PowerCut

        return call

    append_to, replace_with = durable.append_to, durable.replace_with
    patch.setattr(durable, "append_to", dying(append_to))
    patch.setattr(durable, "replace_with", dying(replace_with))
    return lambda: calls


def assert_whole(folder: Path, size: int) -> None:
    log = log_at(folder)
    head = Checkpoint.parse(open_note(log.checkpoint(), [TRUSTED]))
    assert head == Checkpoint(ORIGIN, size, slow_root(leaf_hash(entry) for entry in leaves(0, size)))
    assert [entry for _, entry in log.entries()] == leaves(0, size)
    assert read_log(folder, TRUSTED).findings == []


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda fd: None)


def test_an_append_takes_the_steps_that_are_cut_below(tmp_path, monkeypatch):
    log = filled(tmp_path, BEFORE)
    calls = cut_at(0, "before", monkeypatch)
    log.append(lambda first: leaves(first, ADDED))
    assert calls() == STEPS


@pytest.mark.parametrize("how", ["before", "during", "after"])
@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_after_a_power_cut_at_any_step_the_log_opens_and_the_append_can_be_made(tmp_path, monkeypatch, step, how):
    log = filled(tmp_path, BEFORE)
    with monkeypatch.context() as patch:
        cut_at(step, how, patch)
        with pytest.raises(PowerCut):
            log.append(lambda first: leaves(first, ADDED))
    in_journal = step == STEPS or (step == STEPS - 1 and how == "after")
    assert_whole(tmp_path, BEFORE + (ADDED if in_journal else 0))
    missing = 0 if in_journal else ADDED
    log_at(tmp_path).append(lambda first: leaves(first, missing))
    assert_whole(tmp_path, BEFORE + ADDED)


@pytest.mark.parametrize("step", range(1, STEPS - 1))
def test_a_failed_append_can_be_made_again_by_the_same_process(tmp_path, monkeypatch, step):
    log = filled(tmp_path, BEFORE)
    with monkeypatch.context() as patch:
        cut_at(step, "before", patch)
        with pytest.raises(PowerCut):
            log.append(lambda first: leaves(first, ADDED, "lost"))
    assert log.append(lambda first: leaves(first, ADDED)) == range(BEFORE, BEFORE + ADDED)
    assert_whole(tmp_path, BEFORE + ADDED)


@pytest.mark.parametrize("step", range(1, STEPS))
def test_no_checkpoint_leaves_before_its_leaves_are_durable(tmp_path, monkeypatch, step):
    """Whatever step died, what is published can be proved from what is on the disk."""
    log = filled(tmp_path, BEFORE)
    published = (tmp_path / "checkpoint").read_bytes()
    with monkeypatch.context() as patch:
        cut_at(step, "before", patch)
        with pytest.raises(PowerCut):
            log.append(lambda first: leaves(first, ADDED))
    assert (tmp_path / "checkpoint").read_bytes() == published
    assert read_log(tmp_path, TRUSTED).findings == []


@pytest.mark.parametrize("kept", [1, 10, 40, 90, -5, -4, -1])
def test_a_torn_tail_of_the_journal_was_never_published_and_is_cut_off(tmp_path, kept):
    filled(tmp_path, 3)
    journal = tmp_path / "checkpoints.txt"
    whole, published = journal.read_bytes(), (tmp_path / "checkpoint").read_bytes()
    filled(tmp_path, 2)
    record = journal.read_bytes()[len(whole) :]
    journal.write_bytes(whole + record[:kept])
    (tmp_path / "checkpoint").write_bytes(published)
    assert_whole(tmp_path, 3)
    assert journal.read_bytes() == whole


def test_zeros_that_a_file_system_left_at_the_journals_end_are_cut_off(tmp_path):
    filled(tmp_path, 3)
    journal = tmp_path / "checkpoints.txt"
    whole = journal.read_bytes()
    journal.write_bytes(whole + bytes(300))
    assert_whole(tmp_path, 3)
    assert journal.read_bytes() == whole


def test_a_record_of_the_journal_that_was_not_published_yet_is_published(tmp_path):
    """The journal is the commit point: a checkpoint that was signed is never signed over."""
    filled(tmp_path, 3)
    published = (tmp_path / "checkpoint").read_bytes()
    filled(tmp_path, 2)
    last = (tmp_path / "checkpoints.txt").read_text("utf-8").split(SEPARATOR)[-2]
    (tmp_path / "checkpoint").write_bytes(published)
    assert log_at(tmp_path).checkpoint() == last
    assert_whole(tmp_path, 5)
