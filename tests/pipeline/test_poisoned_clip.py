"""A clip that kills its worker each time is stated as failed, with the reason, and is not tried for ever."""

from __future__ import annotations

import pytest

from avrecord.model.statement import ClipExamined
from avrecord.pipeline import examine
from avrecord.pipeline.examine import THOROUGH, examine_clips, examine_pending
from avrecord.seal.codec import decode


@pytest.fixture
def poison(bad_tasks, monkeypatch, kit):
    """Make clips of 13 bytes kill their worker; the others are examined as ever."""

    def set_(task: str) -> None:
        real = examine.isolated

        def isolated(asked, request, *rest, **more):
            size = examine.os.path.getsize(request["path"])
            return real(f"bad_tasks:{task}" if size == 13 else asked, request, *rest, **more)

        monkeypatch.setattr(examine, "isolated", isolated)
        limits = examine.Limits(memory=1 << 30, cpu_s=60, wall_s=60)
        monkeypatch.setattr(examine, "limits", lambda kit: limits)

    return set_


def examined(kit) -> list[ClipExamined]:
    leaves = (decode(leaf, index).body for index, leaf in kit.log.entries())
    return [body for body in leaves if isinstance(body, ClipExamined)]


@pytest.mark.parametrize(
    ("task", "reason"), [("segfault", "解码进程崩溃（SIGSEGV）"), ("out_of_memory", "超过内存上限 1024 MiB")]
)
def test_three_attempts_then_it_is_stated_and_left_alone(kit, dcam, dock, poison, task, reason, monkeypatch):
    dock(dcam({"VIDEO/090000.mp4": b"poisoned clip", "VIDEO/090100.mp4": b"only broken"}))
    poison(task)
    looks = [examine_pending(kit) for _ in range(6)]
    assert looks == [2, 1, 1, 0, 0, 0]
    (bad,) = [clip for clip in kit.records.clips() if clip.size == 13]
    said = [body for body in examined(kit) if body.clip == bad.id.hex]
    assert [(body.outcome, body.reason, body.attempt) for body in said] == [("failed", reason, n) for n in (1, 2, 3)]
    assert kit.records.examination(bad.id).reason == reason
    (other,) = [clip for clip in kit.records.clips() if clip.size == 11]
    assert kit.records.examination(other.id).outcome == "unreadable"  # the poisoned one kept nobody waiting
    monkeypatch.undo()
    (again,) = examine_clips([(bad, kit.records.attempts(bad.id), THOROUGH)], kit)  # on demand, after an update, say
    assert again.outcome == "unreadable"
    assert examined(kit)[-1].attempt == 4
