"""Writing that survives the wall switch."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from avrecord import durable


@pytest.fixture
def synced(monkeypatch) -> list[str]:
    """What was fsynced, in order, by the name it had at that moment."""
    done: list[str] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        done.append(Path(f"/proc/self/fd/{fd}").readlink().name)
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    return done


def test_a_write_that_fails_leaves_nothing_beside_the_old_content(tmp_path, monkeypatch):
    """On a full disk a station tries again and again: each try left a file where there was no room for it."""
    (tmp_path / "checkpoint").write_bytes(b"old")

    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        durable.replace_with(tmp_path / "checkpoint", b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"checkpoint": b"old"}


def test_content_is_durable_before_its_name_and_the_name_before_the_return(tmp_path, synced):
    durable.replace_with(tmp_path / "checkpoint", b"new")
    assert (tmp_path / "checkpoint").read_bytes() == b"new"
    aside, folder = synced
    assert aside.startswith(".checkpoint")
    assert folder == tmp_path.name


def test_a_replacement_leaves_nothing_beside_it(tmp_path):
    durable.replace_with(tmp_path / "a", b"old")
    durable.replace_with(tmp_path / "a", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_replacement_has_the_mode_it_was_asked_for(tmp_path):
    durable.replace_with(tmp_path / "clip.key", b"secret", mode=0o600)
    assert (tmp_path / "clip.key").stat().st_mode & 0o777 == 0o600


def test_a_write_that_fails_leaves_the_old_content(tmp_path, monkeypatch):
    durable.replace_with(tmp_path / "a", b"old")

    def full(fd: int, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="no space"):
        durable.replace_with(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"


def test_a_sync_that_fails_is_not_taken_for_done(tmp_path, monkeypatch):
    durable.replace_with(tmp_path / "a", b"old")

    def broken(fd: int) -> None:
        raise OSError(errno.EIO, "bad disk")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="bad disk"):
        durable.replace_with(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"


def test_what_is_appended_is_durable_and_its_name_too_when_the_file_is_new(tmp_path, synced):
    durable.append_to(tmp_path / "journal", b"one")
    durable.append_to(tmp_path / "journal", b"two")
    assert (tmp_path / "journal").read_bytes() == b"onetwo"
    assert synced == ["journal", tmp_path.name, "journal"]


def test_short_writes_are_gone_on_with(tmp_path, monkeypatch):
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, content: real(fd, content[:3]))
    durable.replace_with(tmp_path / "a", bytes(range(100)))
    assert (tmp_path / "a").read_bytes() == bytes(range(100))


def test_a_rename_never_overwrites(tmp_path):
    (tmp_path / "new").write_bytes(b"new")
    (tmp_path / "old").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        durable.rename_new(tmp_path / "new", tmp_path / "old")
    assert (tmp_path / "old").read_bytes() == b"old"
    assert (tmp_path / "new").read_bytes() == b"new"


def test_a_rename_to_a_free_name_moves_the_file(tmp_path):
    (tmp_path / "new").write_bytes(b"new")
    durable.rename_new(tmp_path / "new", tmp_path / "证据.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["证据.mp4"]


def test_a_rename_of_what_is_not_there_says_so(tmp_path):
    with pytest.raises(FileNotFoundError):
        durable.rename_new(tmp_path / "nothing", tmp_path / "target")


@pytest.mark.parametrize("refusal", [errno.EINVAL, errno.ENOSYS])
def test_where_the_kernel_cannot_rename_without_overwriting_it_still_never_does(tmp_path, monkeypatch, refusal):
    """exFAT through FUSE, or an old kernel."""
    libc = type("Libc", (), {"renameat2": staticmethod(lambda *arguments: -1)})
    monkeypatch.setattr(durable, "_libc", libc)
    monkeypatch.setattr(durable.ctypes, "get_errno", lambda: refusal)
    (tmp_path / "new").write_bytes(b"new")
    durable.rename_new(tmp_path / "new", tmp_path / "target")
    (tmp_path / "new").write_bytes(b"newer")
    with pytest.raises(FileExistsError):
        durable.rename_new(tmp_path / "new", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"new"
    assert (tmp_path / "new").read_bytes() == b"newer"


def test_each_new_folder_is_made_durable_in_its_parent(tmp_path, synced):
    durable.make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    assert synced == [tmp_path.name, "a"]


def test_a_folder_that_is_there_costs_nothing(tmp_path, synced):
    durable.make_folder(tmp_path)
    assert synced == []


def test_a_lock_that_another_process_holds_is_refused_without_waiting(tmp_path):
    holding = (
        "import sys, pathlib; from avrecord import durable\n"
        "with durable.locked(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holding, tmp_path / "lock"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(BlockingIOError), durable.locked(tmp_path / "lock", wait=False):
            pass
        other.kill()
        other.wait()
        with durable.locked(tmp_path / "lock", wait=False):
            pass  # it went with the process, however that ended


def test_a_lock_is_held_against_another_thread_of_the_same_process(tmp_path):
    refused: list[bool] = []

    def attempt() -> None:
        try:
            with durable.locked(tmp_path / "lock", wait=False):
                refused.append(False)
        except BlockingIOError:
            refused.append(True)

    with durable.locked(tmp_path / "lock"):
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
    attempt()
    assert refused == [True, False]


def test_a_lock_is_given_back_when_its_block_fails(tmp_path):
    with pytest.raises(ZeroDivisionError), durable.locked(tmp_path / "lock"):
        _ = 1 / 0
    with durable.locked(tmp_path / "lock", wait=False):
        pass
