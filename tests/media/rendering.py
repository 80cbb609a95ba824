"""Tiny clips with known pictures: the brightness of a frame tells its second, a white corner tells which way is up."""

from __future__ import annotations

import subprocess
from pathlib import Path

WIDTH, HEIGHT, FPS, SECONDS = 192, 108, 25, 6
DARKEST, STEP = 40, 20  # luma of a frame in second n: DARKEST + n * STEP
CORNER = 24  # px of the white square at the upper left
PICTURE = f"if(lt(X,{CORNER})*lt(Y,{CORNER}),235,{DARKEST}+{STEP}*floor(T))"
KEYS = ["-g", "25", "-keyint_min", "25", "-sc_threshold", "0", "-pix_fmt", "yuv420p"]
X265 = "log-level=none:keyint=25:min-keyint=25:scenecut=0:bframes=2"
CODECS = {
    "h264": ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", *KEYS],
    "h264_b": ["-c:v", "libx264", "-preset", "veryfast", "-bf", "2", *KEYS],
    "hevc": ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", f"{X265}:pools=none"],
    "mjpeg": ["-c:v", "mjpeg", "-q:v", "5", "-pix_fmt", "yuvj420p"],
}
AAC, PCM, NONE = ["-c:a", "aac", "-b:a", "24k"], ["-c:a", "pcm_s16le"], ["-an"]


def ffmpeg(*words: str | Path) -> None:
    """Debian's ffmpeg, bit for bit the same every time."""
    plain = ["-threads", "1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"]
    command = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-y", *map(str, words[:-1]), *plain, str(words[-1])]
    subprocess.run(command, check=True, timeout=60, stdin=subprocess.DEVNULL)


def pictures(luma: str = PICTURE, size: str = f"{WIDTH}x{HEIGHT}", seconds: float = SECONDS, fps: int = FPS) -> list[str]:
    """An input of grey frames; `luma` is an expression of X, Y and T."""
    return ["-f", "lavfi", "-i", f"nullsrc=s={size}:r={fps}:d={seconds},geq=lum='{luma}':cb=128:cr=128"]


def tone(seconds: float = SECONDS) -> list[str]:
    return ["-f", "lavfi", "-i", f"sine=440:r=16000:d={seconds}"]


def cut(source: Path, share: float = 0.6) -> Path:
    """The first part of a file, as a power cut leaves it."""
    target = source.with_name(f"cut-{source.name}")
    content = source.read_bytes()
    target.write_bytes(content[: int(len(content) * share)])
    return target
