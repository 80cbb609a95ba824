"""Mutated media through the real child: no crash of the parent, no hang, memory within bounds. F10 of the fault tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import PROJECT
from media.rendering import AAC, CODECS, NONE, ffmpeg, pictures, tone

COUNT = 10_000 if os.environ.get("AVRECORD_FULL") else 70
READ_EVERY = 1 if os.environ.get("AVRECORD_FULL") else 5
CPU_S, WALL_S = 30, 600  # of one file, all seconds long. CPU time tells a hang; wall time tells how busy the machine is
MOST_MIB = 1536  # resident, of one child
LARGEST_SEED = 2 << 20


def drill(seeds: Path, count: int, first: int) -> dict:
    """Run the drill; it must end by itself. Its numbers are printed."""
    command = [
        sys.executable,
        PROJECT / "tests" / "fire" / "mutated_run.py",
        seeds,
        str(count),
        str(first),
        str(CPU_S),
        str(WALL_S),
        str(READ_EVERY),
    ]
    scratch = seeds.with_name(f"{seeds.name}-scratch")
    scratch.mkdir()
    environment = os.environ | {"PYTHONPATH": str(PROJECT / "tests"), "TMPDIR": str(scratch)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=50_000, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    print(f"\n{seeds.name}: {count} mutated files: {json.dumps(found, ensure_ascii=False)}")
    assert sum(found["outcomes"].values()) == count
    assert found["hung"] == []
    assert 60 < found["children_peak_mib"] < MOST_MIB
    assert found["without_peak"] == found["outcomes"].get("failed", 0)
    assert found["parent_peak_mib"] < 400
    assert set(found["outcomes"]) <= {"complete", "partial", "unreadable", "failed"}
    assert list(scratch.iterdir()) == []
    return found


@pytest.fixture
def rendered(tmp_path) -> Path:
    folder = tmp_path / "rendered"
    folder.mkdir()
    for codec, name, sound in (
        ("h264", "a.mp4", AAC), ("h264_b", "b.mov", AAC), ("hevc", "c.mp4", NONE), ("h264", "d.ts", AAC),
        ("mjpeg", "e.avi", NONE), ("h264", "f.mkv", NONE),
    ):  # fmt: skip
        input_ = [*pictures(seconds=3), *(tone(3) if sound is AAC else [])]
        ffmpeg(*input_, *CODECS[codec], *sound, folder / name)
    return folder


@pytest.mark.slow
@pytest.mark.timeout(50_000)
def test_mutations_of_rendered_files_hurt_nobody(rendered):
    found = drill(rendered, COUNT // 2, 0)
    assert len(found["outcomes"]) >= 3  # a drill in which everything is refused at the door proves little


@pytest.mark.slow
@pytest.mark.timeout(50_000)
def test_mutations_of_real_and_of_broken_footage_hurt_nobody(footage, tmp_path):
    folder = tmp_path / "footage"
    folder.mkdir()
    for path in sorted((footage / "malformed").glob("*.*")):
        if path.suffix != ".json" and 0 < path.stat().st_size <= LARGEST_SEED:
            shutil.copy(path, folder)
    assert len(list(folder.iterdir())) > 10
    drill(folder, COUNT - COUNT // 2, COUNT)
