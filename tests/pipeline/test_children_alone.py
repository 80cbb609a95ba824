"""The children as the pipeline itself starts them: for pictures, for sound, for repair, none reaches the station's key."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from avrecord.media.trial import in_force
from avrecord.model.observation import Examination, Facts, Fault
from avrecord.pipeline import examine, mending, speech
from media.rendering import CODECS, NONE, ffmpeg, pictures


@pytest.fixture
def reached(bad_tasks, monkeypatch, kit, tmp_path):
    """Put the task that tries everything in the place of a module's own; give what each child could do."""
    if not in_force("auto").complete:
        pytest.skip("this machine cannot close files and network: NOT TESTED here")
    outside, found = tmp_path / "outside", []
    outside.mkdir()
    local = socket.socket(socket.AF_UNIX)
    local.bind(str(tmp_path / "local"))
    local.listen()
    tcp = socket.create_server(("127.0.0.1", 0))

    def swap(module) -> list[list[str]]:
        real = module.isolated

        def isolated(task, request, *rest, **more):
            (tmp_path / "clip").write_bytes(b"clip")
            tries = {
                "outside": str(outside), "clip": request.get("path") or request["broken"], "parent": os.getpid(),
                "key": str(kit.root / "keys" / "clip.key"), "tcp": tcp.getsockname()[1], "udp": 9,
                "unix": str(tmp_path / "local"),
            }  # fmt: skip
            with real("bad_tasks:reach", tries, *rest, **more) as outcome:
                assert outcome.answer is not None, outcome.reason
                found.append(outcome.answer["done"])
            return real(task, request, *rest, **more)

        monkeypatch.setattr(module, "isolated", isolated)
        return found

    yield swap
    local.close()
    tcp.close()


def sealed(kit, dcam, dock, content: bytes, name: str = "090000") -> None:
    dock(dcam({f"VIDEO/{name}.mp4": content}, name=f"slot{name}"))


def test_the_child_that_looks_reaches_nothing(kit, dcam, dock, reached):
    found = reached(examine)
    sealed(kit, dcam, dock, b"clip")
    examine.examine_pending(kit)
    assert found == [[]]


def test_the_child_that_listens_reaches_nothing_but_clip_and_model(kit, dcam, dock, reached, tmp_path, monkeypatch):
    found = reached(speech)
    monkeypatch.setattr(speech, "engine_problem", lambda model: None)
    sealed(kit, dcam, dock, b"clip")
    (clip,) = kit.records.clips()
    (tmp_path / "model").mkdir()
    check = kit.settings.check.model_copy(update={"speech_model": str(tmp_path / "model")})
    seen = Examination(clip.id.hex, "complete", None, (), (), Facts(audio_codec="aac"))
    speech.listened(seen, kit.vault.path(clip.stored), [], kit.segments, check, kit.root)
    assert found == [[]]


def test_the_child_that_repairs_reaches_nothing(kit, dcam, dock, reached, tmp_path, monkeypatch):
    found = reached(mending)
    ffmpeg(*pictures(seconds=2), *CODECS["h264"], *NONE, tmp_path / "whole.mp4")
    sealed(kit, dcam, dock, (tmp_path / "whole.mp4").read_bytes(), "090100")
    sealed(kit, dcam, dock, b"clip")
    clip = next(clip for clip in kit.records.clips() if clip.size == 4)
    broken = Examination(clip.id.hex, "unreadable", "x", (), (), Facts(), faults=(Fault("unindexed", "x", 0, 0),))
    mending.mended(clip, broken, lambda at: broken, examine.limits(kit), kit, None)
    assert found == [[]]
    assert Path(kit.vault.path(clip.stored)).read_bytes() == b"clip"
