"""Clips with real sentences at known seconds, as a recorder would hold them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from conftest import PROJECT

SENTENCES = PROJECT / "sample_media" / "speech"


def clip(path: Path, seconds: float, *said: tuple[str, float], picture: bool = True) -> Path:
    """A clip of `seconds` with the sentences (name, second) over a faint hiss; its picture shows nothing to read."""
    sources = ["-f", "lavfi", "-i", f"anoisesrc=a=0.002:r=16000:d={seconds}:seed=1"]
    for name, _ in said:
        sources += ["-i", str(SENTENCES / f"{name}.opus")]
    placed = "".join(f"[{n}:a]adelay={round(at * 1000)}:all=1[s{n}];" for n, (_, at) in enumerate(said, 1))
    mixed = "[0:a]" + "".join(f"[s{n}]" for n in range(1, len(said) + 1))
    sound = f"{placed}{mixed}amix=inputs={len(said) + 1}:duration=first:normalize=0[a]"
    moving = ["-f", "lavfi", "-i", f"testsrc2=s=320x180:r=10:d={seconds}", "-map", f"{len(said) + 1}:v", "-g", "10"]
    command = ["ffmpeg", "-v", "error", *sources, *(moving[:4] if picture else [])]
    output = [*(moving[4:] if picture else []), "-map", "[a]", "-ar", "16000", "-ac", "1"]
    subprocess.run([*command, "-filter_complex", sound, *output, "-y", str(path)], check=True, timeout=60)
    return path
