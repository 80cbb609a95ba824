"""A child that was taken over may answer anything. What cannot be stated is a failed examination, not a stuck station."""

from __future__ import annotations

import json
import os
from dataclasses import asdict

import pytest

from avrecord.media.worker import Outcome
from avrecord.model.observation import Facts
from avrecord.pipeline import examine
from avrecord.pipeline.examine import examine_pending, read_outcome
from avrecord.words import OUTCOMES

GOOD = {
    "tier": "", "outcome": "complete", "reason": None, "checks": ["a@1"], "looked": ["id_shown"], "observations": [],
    "faults": [], "cost": {"frames_read": 1}, "offered": [],
    "facts": asdict(Facts()),
}  # fmt: skip
LIES = {
    "an unknown outcome": {"outcome": "splendid"},
    "an unknown segment": {"looked": ["nonsense"]},
    "half a surrogate": {"reason": "\ud800"},
    "a reason without end": {"reason": "x" * 70_000},
    "checks without end": {"checks": ["x" * 70_000]},
    "a number too large": {"cost": {"x": 2**70}},
    "infinity": {"cost": {"x": float("inf")}},
    "a list for a table": {"cost": [1]},
    "a length that has no date": {"facts": GOOD["facts"] | {"duration_ms": 2**52}},
    "a negative length": {"facts": GOOD["facts"] | {"duration_ms": -1}},
    "an unknown fault": {"faults": [{"kind": "x", "check": "a@1", "from_ms": 0, "to_ms": 0, "detail": ""}]},
    "facts that are none": {"facts": 7},
    "rows that are none": {"observations": [3]},
    "too many frames": {"offered": [{"at_ms": 0, "frame": "x"}] * 4},
}


@pytest.fixture
def answering(monkeypatch):
    """Let the child's answer be this one."""

    def set_(answer: dict) -> None:
        from contextlib import contextmanager

        @contextmanager
        def isolated(*_, **__):
            yield Outcome(json.loads(json.dumps(answer)), None, examine.Path("/nowhere"))

        monkeypatch.setattr(examine, "isolated", isolated)

    return set_


@pytest.mark.parametrize("lie", LIES)
def test_an_answer_that_cannot_be_stated_is_a_failed_examination(kit, dcam, dock, answering, lie):
    dock(dcam({"VIDEO/090000.mp4": b"x"}))
    answering(GOOD | LIES[lie])
    assert [examine_pending(kit) for _ in range(5)] == [1, 1, 1, 0, 0]
    (clip,) = kit.records.clips()
    found = kit.records.examination(clip.id)
    assert found.outcome == "failed"
    assert found.reason.startswith("解码进程的结果不可用")


def test_a_good_answer_is_stated(kit, dcam, dock, answering):
    """The control."""
    dock(dcam({"VIDEO/090000.mp4": b"x"}))
    answering(GOOD)
    assert examine_pending(kit) == 1
    (clip,) = kit.records.clips()
    assert kit.records.examination(clip.id).outcome == "complete"
    assert set(OUTCOMES) > {"complete"}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", ["pipe", "link", "missing"])
def test_a_picture_that_is_a_pipe_or_a_link_to_a_key_is_not_read(tmp_path, kind):
    (tmp_path / "key").write_bytes(b"secret")
    folder = tmp_path / "folder"
    folder.mkdir()
    if kind == "pipe":
        os.mkfifo(folder / "frame")
    if kind == "link":
        (folder / "frame").symlink_to(tmp_path / "key")
    kept = []
    answer = GOOD | {"offered": [{"at_ms": 0, "frame": "frame"}]}
    found = read_outcome("0" * 64, Outcome(answer, None, folder), lambda content: kept.append(content) or "0" * 64)
    assert (found.outcome, kept) == ("failed", [])
