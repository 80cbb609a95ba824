"""Render the sample cards: `python sample_media/render.py --out DIR [--day 2026-11-16] [--seed 1] [--quick]`."""

import argparse
import fcntl
import hashlib
import json
import multiprocessing
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

if __package__ in (None, ""):  # run as a script: make the package importable here and in the child processes
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sample_media import cards, tables
from sample_media.clips import KEPT, render_clip
from sample_media.plan import DCAM, DSJ, Clip, Stage, at, clips, stages

DONE = "RENDERED.json"
Progress = Callable[[str, int, int], None]


def render(out: Path, day: date, seed: int = 1, quick: bool = False, progress: Progress | None = None) -> None:
    """Fill `out` with cards, tables and the truth about them; nothing to do when they are there already.

    Everything is drawn beside `out` and moved into place at the end, so that a killed run
    leaves nothing that could be taken for complete.
    """
    out = Path(out).absolute()
    wanted = {"day": day.isoformat(), "seed": seed, "quick": quick, "renderer": own_digest()}
    out.parent.mkdir(parents=True, exist_ok=True)
    with alone_in(out.parent):
        found = parameters(out)
        if found == wanted:
            return
        if found is None and out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise FileExistsError(f"{out} holds something that this program did not render")
        part = out.with_name(f".{out.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        draw(part, day, seed, quick, progress or (lambda what, done, total: None))
        (part / DONE).write_text(json.dumps(wanted, indent=1) + "\n")
        if out.exists():
            shutil.rmtree(out)
        part.rename(out)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Two runs for one folder wait for each other; the lock vanishes with the process."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def parameters(out: Path) -> dict | None:
    """What a complete render was made with."""
    try:
        return json.loads((out / DONE).read_text())
    except (OSError, ValueError):
        return None


def own_digest() -> str:
    """A changed renderer makes other pictures, so its own text is one of the parameters."""
    digest = hashlib.sha256()
    here = Path(__file__).resolve().parent
    for path in sorted([*here.glob("*.py"), *here.glob("speech/*.opus")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def draw(part: Path, day: date, seed: int, quick: bool, progress: Progress) -> None:
    """All files, into a folder that nobody looks at yet."""
    videos = clips(day, quick)
    rows = stages(day, quick, videos)
    total = len(videos) + 3
    folder = part / "cards"
    folder.mkdir(parents=True)
    progress("tables", 0, total)
    tables.cases(part / "cases.xlsx", day, rows)
    tables.devices(part / "devices.xlsx", day)
    tables.officers(part / "officers.xlsx", day)
    progress("tables", 1, total)
    events, stills = draw_pictures(folder, videos, seed, quick, lambda what, done: progress(what, 1 + done, total))
    draw_rest(folder, videos, day)
    truth = {
        "day": day.isoformat(),
        "seed": seed,
        "quick": quick,
        "stages": [expectation(row) for row in rows],
        "clips": [description(clip, events[name]) for name, clip in videos.items()],
        "photos": stills,
        "others": others(folder, videos, stills),
    }
    (part / "TRUTH.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1) + "\n")


def draw_pictures(
    folder: Path, videos: dict[str, Clip], seed: int, quick: bool, report: Callable[[str, int], None]
) -> tuple[dict[str, list[dict]], list[dict]]:
    """Two files at a time, the longest first so that both cores end together."""
    order = {name: number for number, name in enumerate(videos)}
    costly = sorted(videos, key=lambda name: (videos[name].covered, -videos[name].seconds))
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        clips_running = {name: pool.submit(render_clip, videos[name], [seed, order[name]], quick, folder) for name in costly}
        photos_running = [
            pool.submit(cards.photo, folder, *shot, [seed, 1000 + number]) for number, shot in enumerate(snapshots(videos))
        ]
        names = {future: videos[name].path for name, future in clips_running.items()}
        for done, future in enumerate(as_completed([*clips_running.values(), *photos_running]), 1):
            report(names.get(future) or future.result()["path"], done)
        events = {name: clips_running[name].result() for name in videos}
        stills = [future.result() for future in photos_running]
    for clip in videos.values():
        cards.stamp(folder / clip.path, clip.claimed + timedelta(seconds=clip.seconds))
    return events, stills


def snapshots(videos: dict[str, Clip]) -> list[tuple]:
    """Recorder, Beijing time, place and document of each photo."""
    day = videos["service"].starts.date()
    served = videos["service"].starts + timedelta(seconds=videos["service"].seconds + 12)
    return [(DCAM, served, "inside", "送达回证"), (DSJ, at(day, "10:15:32"), "front", None)]


def draw_rest(folder: Path, videos: dict[str, Clip], day: date) -> None:
    """Logs and oddities; the logs tell of every clip and photo."""
    for recorder, extras in ((DCAM, cards.dcam_extras), (DSJ, cards.dsj_extras)):
        mine = [clip for clip in videos.values() if clip.recorder == recorder]
        extras(folder, mine, [when for owner, when, *_ in snapshots(videos) if owner == recorder])


def expectation(row: Stage) -> dict:
    """What the check and the coverage should say about a stage."""
    return {"case": row.case, "stage": row.stage, "expect": row.expect, "clips": [clip.path for clip in row.clips]}


def description(clip: Clip, events: list[dict]) -> dict:
    """A clip with its events; a cut one has no index, so nothing in it can be seen without repair."""
    return {
        "path": clip.path,
        "recorder": clip.recorder.serial,
        "user": clip.recorder.user,
        "true_start": clip.starts.isoformat(),
        "claimed_start": clip.claimed.isoformat(),
        "seconds": clip.seconds,
        "covered": clip.covered,
        "marked": clip.marked,
        "kept": KEPT if clip.cut else 1.0,
        "events": events,
    }


def others(folder: Path, videos: dict[str, Clip], stills: list[dict]) -> list[str]:
    """Files that are neither whole clips nor photos: logs, identity, empty and foreign files."""
    known = {clip.path for clip in videos.values()} | {still["path"] for still in stills}
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in files if path not in known)


def main() -> None:
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to fill")
    parser.add_argument("--day", type=date.fromisoformat, default=date(2026, 11, 16))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="clips of 10 seconds")
    given = parser.parse_args()
    render(
        given.out,
        given.day,
        given.seed,
        given.quick,
        lambda what, done, total: print(f"[{done}/{total}] {what}", file=sys.stderr),
    )


if __name__ == "__main__":
    main()
