"""A decoder never runs in the service: whatever it does costs one examination and is stated."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from avrecord.media.isolation import Isolation
from avrecord.media.trial import in_force
from avrecord.media.worker import Limits, isolated

TASKS = Path(__file__).parent
SMALL = Limits(memory=1 << 30, cpu_s=2, wall_s=3, written=20 << 20)


pytestmark = pytest.mark.usefixtures("bad_tasks")


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ("crash", "崩溃（SIGABRT）"),
        ("segfault", "崩溃（SIGSEGV）"),
        ("out_of_memory", "超过内存上限"),
        ("hang", "超过时间上限"),
        ("bomb", "超过内存上限"),
        ("burn", "被资源限制终止"),
        ("flood", "退出"),
    ],
)
def test_a_hostile_decoder_is_ended_and_the_reason_is_told(task, reason):
    started = time.monotonic()
    limits = SMALL if task == "hang" else replace(SMALL, cpu_s=1 if task == "burn" else 20, wall_s=60)
    with isolated(f"bad_tasks:{task}", {}, limits, reads=[TASKS], isolation=in_force("auto")) as outcome:
        assert outcome.answer is None
        assert reason in (outcome.reason or "")
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("code", [0, 1, 127, 160, 200, 255])
@pytest.mark.parametrize("what", ["nothing", "pipe", "link", "nonsense", "depth", "list", "size", "folders", "closed"])
def test_whatever_a_child_leaves_behind_its_parent_goes_on_and_gives_no_answer(what, code, tmp_path):
    (tmp_path / "key").write_text('{"secret": 1}')
    request = {"what": what, "code": code, "key": str(tmp_path / "key")}
    with isolated("bad_tasks:leave", request, SMALL, reads=[TASKS], isolation=in_force("auto")) as outcome:
        assert outcome.answer is None
        assert outcome.reason
    assert not outcome.folder.exists()


def test_nothing_that_the_child_started_or_wrote_outlives_it(tmp_path):
    pid_file = tmp_path / "pid"
    request = {"pid_file": str(pid_file)}
    with isolated("bad_tasks:spawn_and_hang", request, SMALL, reads=[TASKS], isolation=Isolation()) as outcome:
        folder = outcome.folder
    assert not folder.exists()
    grandchild = int(pid_file.read_text())
    deadline = time.monotonic() + 5
    while Path(f"/proc/{grandchild}").exists() and time.monotonic() < deadline:
        state = Path(f"/proc/{grandchild}/stat").read_text().rsplit(")", 1)[1].split()[0]
        if state == "Z":
            return
        time.sleep(0.05)
    assert not Path(f"/proc/{grandchild}").exists()


def test_what_it_started_behind_all_isolation_ends_with_it(tmp_path):
    """A name space numbers its processes itself, so they are found by the folder in their command line."""
    request = {"pid_file": "pid"}
    with isolated("bad_tasks:spawn_and_hang", request, SMALL, reads=[TASKS], isolation=in_force("auto")) as outcome:
        folder = str(outcome.folder).encode()
    deadline = time.monotonic() + 5
    while (left := running(folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []


def running(word: bytes) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found += [str(path)] if word in path.read_bytes() else []
    return found
