"""A decoder never runs in the service: whatever it does costs one examination and is stated."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from avrecord.media import worker
from avrecord.media.worker import Limits, isolated

TASKS = Path(__file__).parent
SMALL = Limits(memory=1 << 30, cpu_s=2, wall_s=3, written=20 << 20)


@pytest.fixture(autouse=True)
def bad_tasks(monkeypatch):
    """Let the child find the tasks of this folder: `-I` keeps it from looking anywhere else."""
    real = worker.subprocess.Popen

    def popen(command, **keywords):
        setup = f"import sys; sys.path.insert(0, {str(TASKS)!r}); import runpy; sys.argv = sys.argv[1:]; "
        setup += "runpy.run_module('avrecord.media.worker', run_name='__main__')"
        return real([command[0], "-I", "-c", setup, *command[3:]], **keywords)

    monkeypatch.setattr(worker.subprocess, "Popen", popen)


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ("crash", "崩溃（SIGABRT）"),
        ("hang", "超过时间上限"),
        ("bomb", "超过内存上限"),
        ("burn", "被资源限制终止"),
        ("flood", "退出"),
    ],
)
def test_a_hostile_decoder_is_ended_and_the_reason_is_told(task, reason):
    started = time.monotonic()
    limits = replace(SMALL, cpu_s=1, wall_s=60) if task == "burn" else SMALL
    with isolated(f"bad_tasks:{task}", {}, limits) as outcome:
        assert outcome.answer is None
        assert reason in (outcome.reason or "")
    assert time.monotonic() - started < 30


def test_nothing_that_the_child_started_or_wrote_outlives_it(tmp_path):
    pid_file = tmp_path / "pid"
    with isolated("bad_tasks:spawn_and_hang", {"pid_file": str(pid_file)}, SMALL) as outcome:
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
