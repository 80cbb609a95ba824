"""A transport stream that shows a new stream half way (mutated by the fire drill): its packets end nobody's examination."""

from __future__ import annotations

import shutil
from pathlib import Path

import av
import pytest

from avrecord.media.clipfile import OPEN, ClipFile
from avrecord.media.demuxing import MOST_STRANGE, packets_of
from avrecord.media.proxy import make
from media.rendering import AAC, CODECS, ffmpeg, pictures, tone

LATE = Path(__file__).with_name("late_stream.ts")


def test_the_library_still_does_not_know_a_stream_that_comes_later():
    """When this fails, the repeated asking can go."""
    with av.open(str(LATE), options=OPEN) as box, pytest.raises(IndexError):
        list(box.demux([*box.streams.video[:1], *box.streams.audio[:1]]))


def test_what_comes_after_it_is_looked_at(tmp_path):
    clip = ClipFile(LATE)
    frames = list(clip.key_frames(hear=lambda *_: None))
    assert (len(frames) >= 2, clip.packets.frames > 50) == (True, True)
    assert frames[-1].at_ms >= 1000
    assert clip.packets.errors > 0, "what the late stream shows was not looked at: nothing may count as not seen"
    shutil.copy(LATE, tmp_path / "a.ts")
    assert make({"clip": str(tmp_path / "a.ts"), "name": "x"}, tmp_path)["count"] > 20


def test_a_container_that_is_strange_for_ever_is_given_up():
    class Strange:
        asked = 0

        def demux(self, _):
            Strange.asked += 1
            raise IndexError

    failed = []
    assert list(packets_of(Strange(), None, lambda: failed.append(1))) == []
    assert (Strange.asked, failed) == (MOST_STRANGE, [1, 1])


def streams(folder, *pids: str) -> bytes:
    """Clips of four seconds as transport streams, one behind the other."""
    made = b""
    for n, pid in enumerate(pids):
        path = folder / f"{n}.ts"
        ffmpeg(*pictures(seconds=4), *tone(4), *CODECS["h264"], *AAC, "-mpegts_start_pid", pid, path)
        made += path.read_bytes()
    return made


@pytest.mark.parametrize(("pids", "errors"), [(("0x100",), 0), (("0x100", "0x500"), 1), (("0x100", "0x500", "0x900"), 1)])
def test_a_stream_that_goes_on_under_other_ids_was_not_looked_at_whole(tmp_path, pids, errors):
    path = tmp_path / "joined.ts"
    path.write_bytes(streams(tmp_path, *pids))
    clip = ClipFile(path)
    list(clip.key_frames(hear=lambda *_: None))
    assert clip.packets.errors == errors
