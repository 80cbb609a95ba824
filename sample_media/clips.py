"""One clip: pictures and sound into a file such as a recorder writes."""

import fcntl
import tempfile
from collections.abc import Iterable
from pathlib import Path

import cv2
import ffmpeg
import numpy as np

from sample_media import documents, sound
from sample_media.camera import Camera, Sensor, burn_in
from sample_media.distractors import distractor
from sample_media.plan import Clip
from sample_media.planes import HEIGHT, WIDTH, Planes
from sample_media.scenes import Scene, scene
from sample_media.shown import MOVE, Shown

FULL_FPS, QUICK_FPS = 20, 15  # the quick version is for tests: fewer pictures, same size
PIPE = 1 << 20  # bytes between us and the encoder; the usual 64 KiB mean 50 waits per frame
KEPT = 0.6  # share of a file that reached the card before the power failed
# The fastest preset, with the two tools put back that keep lettering readable at this rate.
VIDEO = {
    "vcodec": "libx264",
    "preset": "ultrafast",
    "sc_threshold": 0,
    "bf": 0,
    "pix_fmt": "yuv420p",
    "threads": 1,
    "x264-params": "cabac=1:no-deblock=0:deblock=0,0",
    "colorspace": "smpte170m",
    "color_primaries": "smpte170m",
    "color_trc": "smpte170m",
}
AUDIO = {"acodec": "aac", "audio_bitrate": "32k", "ar": sound.RATE, "ac": 1}
PLAIN = {"map_metadata": -1, "fflags": "+bitexact", "flags:v": "+bitexact", "flags:a": "+bitexact"}


def paper(rng: np.random.Generator, name: str, kind: str, year: int) -> documents.Paper:
    """Any document by name."""
    if kind == "notice":
        return documents.notice(rng, name, year)
    return documents.certificate(rng, name) if kind == "cert" else distractor(rng, name)


def showings(clip: Clip, rng: np.random.Generator, quick: bool) -> list[tuple[Shown, str | None]]:
    """The clip's papers in their order, with drawn lengths and drawn pauses between them."""
    moments = [m for m in clip.moments if m.brief or not quick]
    lengths = rng.uniform(2.6, 2.8 if quick else 4.0, len(moments))
    opening = 0.7 if quick else 2.0
    spare = clip.seconds - opening - lengths.sum() - len(moments) * 2 * MOVE - 0.4
    pauses = rng.dirichlet(np.full(len(moments) + 1, 3.0)) * max(0.0, spare)
    shown, t = [], opening
    for moment, length, pause in zip(moments, lengths, pauses, strict=False):
        t += pause + MOVE
        shown.append((Shown(paper(rng, moment.paper, moment.kind, clip.starts.year), t, t + length, rng), moment.say))
        t += length + MOVE
    return shown


def sentences(clip: Clip, shown: list[tuple[Shown, str | None]], quick: bool) -> list[tuple[str, float]]:
    """What is said when; the quick version has no room for the opening sentence beside another one."""
    lines = [(name, max(0.1, paper.t0 - (0.8 if quick else 0.3))) for paper, name in shown if name]
    if clip.say and not (quick and lines):
        lines.insert(0, (clip.say, 0.4))
    return lines


class Recording:
    """Everything that is drawn for one clip, ready to give the picture at any time."""

    def __init__(self, clip: Clip, seed: list[int], quick: bool) -> None:
        rng = np.random.default_rng(seed)
        self.clip, self.fps = clip, QUICK_FPS if quick else FULL_FPS
        self.scene: Scene = scene(clip.scene, rng, clip.signs, clip.seconds)
        self.camera = Camera(rng)
        self.sensor = Sensor(rng, 1.2 if clip.covered else float(rng.uniform(1.8, 3.0)))
        self.shown = showings(clip, rng, quick)
        self.sound, self.spoken = sound.mix(rng, clip.seconds, sentences(clip, self.shown, quick))

    def frame(self, number: int) -> Planes:
        """The picture with this number."""
        t = number / self.fps
        if self.clip.covered:
            frame = dark()
        else:
            frame = self.camera.see(self.scene, t)
            for held, _ in self.shown:
                held.put(frame, t)
        self.sensor.expose(frame, number, 1.0 + self.camera.breath(t))
        burn_in(frame, self.clip.claimed, t, self.clip.recorder.serial, self.clip.recorder.user)
        return frame

    def truth(self) -> list[dict]:
        """All events in the order of their beginning."""
        events = [held.truth() for held, _ in self.shown] + self.spoken
        return sorted(events, key=lambda event: event["t0"])


def dark() -> Planes:
    """A jacket over the lens."""
    chroma = np.full((HEIGHT // 2, WIDTH // 2), 128, np.uint8)
    return Planes(np.full((HEIGHT, WIDTH), 19, np.uint8), chroma, chroma.copy())


def encode(recording: Recording, path: Path) -> None:
    """Feed the pictures to the encoder; the index comes last, as recorders write it."""
    fps, kbit = recording.fps, 400 if recording.clip.covered else 2050
    frames = (recording.frame(number) for number in range(round(recording.clip.seconds * fps)))
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        heard = Path(scratch) / "sound.wav"
        sound.write_wave(heard, recording.sound)
        feed(path, frames, fps, rate(kbit, fps), heard)


def feed(path: Path, frames: Iterable[Planes], fps: float, at_rate: dict[str, str | int], heard: Path | None = None) -> None:
    """Write frames, and the sound of a wave file, into an MP4."""
    tracks = [ffmpeg.input("pipe:", format="rawvideo", pix_fmt="yuv420p", s=f"{WIDTH}x{HEIGHT}", r=fps)]
    sounding = AUDIO if heard else {}
    tracks += [ffmpeg.input(str(heard))] if heard else []
    command = ffmpeg.output(*tracks, str(path), format="mp4", **VIDEO, **at_rate, **sounding, **PLAIN)
    process = command.global_args("-loglevel", "error").overwrite_output().run_async(pipe_stdin=True)
    fcntl.fcntl(process.stdin, fcntl.F_SETPIPE_SZ, PIPE)
    for frame in frames:
        frame.write(process.stdin)
    process.stdin.close()
    if process.wait():
        raise RuntimeError(f"the encoder failed on {path.name}")


def rate(kbit: int, fps: int, key_every_s: int = 2) -> dict[str, str | int]:
    """A steady rate with a little room, and a key frame every two seconds, as a recorder's encoder is set."""
    return {
        "g": key_every_s * fps,
        "keyint_min": key_every_s * fps,
        "video_bitrate": f"{kbit}k",
        "maxrate": f"{kbit * 3 // 2}k",
        "bufsize": f"{kbit * 2}k",
    }


def render_clip(clip: Clip, seed: list[int], quick: bool, cards: Path) -> list[dict]:
    """Write one clip below `cards` and return its events. Runs in a process of its own."""
    cv2.setNumThreads(1)
    recording = Recording(clip, seed, quick)
    path = cards / clip.path
    path.parent.mkdir(parents=True, exist_ok=True)
    encode(recording, path)
    if clip.cut:
        with path.open("r+b") as file:
            file.truncate(int(path.stat().st_size * KEPT))
    return recording.truth()
