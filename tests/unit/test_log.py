"""The log: one durable step per append, and never a signature against its own past."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import KEY, ORIGIN, OTHER_KEY, TRUSTED, filled, flip, leaves, log_at, slow_root

from avrecord.errors import LogBroken
from avrecord.seal import tiles
from avrecord.seal.log import SEPARATOR, Log
from avrecord.seal.merkle import leaf_hash
from avrecord.seal.note import Checkpoint, open_note, sign


def head(log: Log) -> Checkpoint:
    return Checkpoint.parse(open_note(log.checkpoint(), [TRUSTED]))


def root_of(size: int) -> bytes:
    return slow_root(leaf_hash(entry) for entry in leaves(0, size))


def records(log: Log) -> list[str]:
    return (log.folder / "checkpoints.txt").read_text("utf-8").split(SEPARATOR)[:-1]


def test_a_new_log_publishes_nothing_before_its_first_leaf(tmp_path):
    log = log_at(tmp_path)
    assert (log.size, log.checkpoint(), list(log.entries())) == (0, "", [])
    assert log.append(lambda first: []) == range(0)
    assert not (tmp_path / "checkpoints.txt").exists()


def test_each_append_publishes_one_checkpoint_over_all_leaves(tmp_path):
    log = filled(tmp_path, 3, 4)
    assert head(log) == Checkpoint(ORIGIN, 7, root_of(7))
    assert [Checkpoint.parse(open_note(record, [TRUSTED])).size for record in records(log)] == [3, 7]
    assert records(log)[-1] == log.checkpoint()


def test_an_append_tells_the_indices_it_gave(tmp_path):
    log = filled(tmp_path, 3)
    assert log.append(lambda first: leaves(first, 2)) == range(3, 5)


def test_a_log_opened_again_goes_on_where_it_stood(tmp_path):
    filled(tmp_path, 3)
    log = log_at(tmp_path)
    assert log.size == 3
    log.append(lambda first: leaves(first, 2))
    assert head(log).root == root_of(5)


@given(batches=st.lists(st.integers(1, 300), min_size=1, max_size=6), reopen=st.booleans())
@settings(max_examples=25, deadline=None)
def test_the_root_does_not_depend_on_how_leaves_were_batched(tmp_path_factory, batches, reopen):
    folder = tmp_path_factory.mktemp("log")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda fd: None)
        log = log_at(folder)
        for count in batches:
            log = log_at(folder) if reopen else log
            log.append(lambda first, count=count: leaves(first, count))
    assert head(log) == Checkpoint(ORIGIN, sum(batches), root_of(sum(batches)))
    assert [entry for _, entry in log.entries()] == leaves(0, sum(batches))
    shutil.rmtree(folder)


@pytest.mark.parametrize("size", [255, 256, 257, 512])
def test_a_log_is_opened_again_at_the_edge_of_a_tile(tmp_path, size):
    filled(tmp_path, size)
    log = log_at(tmp_path)
    log.append(lambda first: leaves(first, 1))
    assert head(log) == Checkpoint(ORIGIN, size + 1, root_of(size + 1))


def test_what_another_process_appended_is_noticed_before_appending(tmp_path):
    mine = filled(tmp_path, 3)
    appending = (
        "import sys; sys.path.insert(0, sys.argv[1]); from making import leaves, log_at; from pathlib import Path;"
        "log_at(Path(sys.argv[2])).append(lambda first: leaves(first, 4))"
    )
    here = Path(__file__).parent
    subprocess.run([sys.executable, "-c", appending, here, tmp_path], check=True, timeout=30)
    assert mine.append(lambda first: leaves(first, 2)) == range(7, 9)
    assert head(mine).root == root_of(9)


def test_what_another_process_appended_is_seen_after_a_refresh(tmp_path):
    mine, other = filled(tmp_path, 3), log_at(tmp_path)
    other.append(lambda first: leaves(first, 4))
    assert mine.refresh() == 7
    assert [entry for _, entry in mine.entries()] == leaves(0, 7)


def test_threads_with_logs_of_their_own_never_give_one_index_twice(tmp_path):
    log_at(tmp_path)
    given_out: list[int] = []

    def work() -> None:
        log = log_at(tmp_path)
        for _ in range(8):
            given_out.extend(log.append(lambda first: leaves(first, 2)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(given_out) == list(range(64))
    assert head(log_at(tmp_path)) == Checkpoint(ORIGIN, 64, root_of(64))


def test_the_lock_may_be_held_around_several_appends(tmp_path):
    log = log_at(tmp_path)
    with log.writing(), log.writing():
        log.append(lambda first: leaves(first, 1))
    assert log_at(tmp_path).size == 1


def test_an_entry_too_long_for_a_bundle_appends_nothing(tmp_path):
    log = filled(tmp_path, 3)
    with pytest.raises(Exception, match="format"):
        log.append(lambda first: [*leaves(first, 1), bytes(65_536)])
    assert log_at(tmp_path).size == 3
    assert log.append(lambda first: leaves(first, 1)) == range(3, 4)


@pytest.mark.parametrize("where", ["tile/0/000.p/3", "tile/entries/000.p/3"])
def test_a_log_whose_right_edge_was_altered_is_not_signed_again(tmp_path, where):
    log = filled(tmp_path, 3)
    flip(tmp_path / where, 40)
    with pytest.raises(LogBroken):
        log_at(tmp_path)
    assert head(log).size == 3


@pytest.mark.parametrize("where", ["tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44"])
def test_a_log_whose_right_edge_is_missing_is_not_signed_again(tmp_path, where):
    filled(tmp_path, 300)
    (tmp_path / where).unlink()
    with pytest.raises(LogBroken):
        log_at(tmp_path)


def test_entry_and_hash_exchanged_together_contradict_the_checkpoint(tmp_path):
    filled(tmp_path, 3)
    forged = [*leaves(0, 2), *leaves(2, 1, "forged")]
    tiles.write_bundle(tmp_path, 0, forged)
    tiles.write_tile(tmp_path, 0, 0, [leaf_hash(entry) for entry in forged])
    with pytest.raises(LogBroken, match="检查点"):
        log_at(tmp_path)


def test_an_older_checkpoint_put_back_gives_way_to_the_journals_last(tmp_path):
    """A crash between journal and publication looks like this, and what is in the journal counts."""
    log = filled(tmp_path, 3, 4)
    (tmp_path / "checkpoint").write_text(records(log)[0], "utf-8")
    assert head(log_at(tmp_path)) == Checkpoint(ORIGIN, 7, root_of(7))


def test_a_journal_that_was_cut_below_what_was_published_is_refused(tmp_path):
    log = filled(tmp_path, 3, 4)
    (tmp_path / "checkpoints.txt").write_text(records(log)[0] + SEPARATOR, "utf-8")
    with pytest.raises(LogBroken):
        log_at(tmp_path)
    assert len(records(log)) == 1


def test_a_log_whose_journal_was_deleted_is_refused(tmp_path):
    filled(tmp_path, 3)
    (tmp_path / "checkpoints.txt").unlink()
    with pytest.raises(LogBroken):
        log_at(tmp_path)


def test_a_running_log_refuses_to_append_once_its_journal_was_cut(tmp_path):
    log = filled(tmp_path, 3, 4)
    old = records(log)[0]
    (tmp_path / "checkpoints.txt").write_text(old + SEPARATOR, "utf-8")
    (tmp_path / "checkpoint").write_text(sign(Checkpoint(ORIGIN, 8, root_of(8)).text, KEY, ORIGIN), "utf-8")
    with pytest.raises(LogBroken):
        log.append(lambda first: leaves(first, 1))


def test_the_log_of_another_key_is_refused(tmp_path):
    filled(tmp_path, 3)
    with pytest.raises(LogBroken):
        Log(tmp_path, OTHER_KEY, ORIGIN)


def test_the_log_of_another_station_is_refused(tmp_path):
    filled(tmp_path, 3)
    with pytest.raises(LogBroken):
        Log(tmp_path, KEY, "avrecord.log/station-02")


def test_a_checkpoint_with_another_origin_under_our_name_is_refused(tmp_path):
    filled(tmp_path, 3)
    stranger = sign(Checkpoint("avrecord.log/station-02", 3, root_of(3)).text, KEY, ORIGIN)
    (tmp_path / "checkpoint").write_text(stranger, "utf-8")
    (tmp_path / "checkpoints.txt").write_text(stranger + SEPARATOR, "utf-8")
    with pytest.raises(LogBroken, match="另一个采集站"):
        log_at(tmp_path)


def test_a_checkpoint_that_nobody_signed_is_not_overwritten(tmp_path):
    filled(tmp_path, 3)
    (tmp_path / "checkpoint").write_text("not a note\n", "utf-8")
    with pytest.raises(LogBroken):
        log_at(tmp_path)
    assert (tmp_path / "checkpoint").read_text("utf-8") == "not a note\n"
