"""抽检 again at the bureau, after a new check or new words: each clip fetched, examined by an isolated child, held against what
its station saw. Nothing is stated: the station's log says what the station's check saw, and this what another look did.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from avrecord import durable
from avrecord.bureau.book import Chunk, Item, Result
from avrecord.bureau.stations import FOLDER
from avrecord.errors import ObjectMissing
from avrecord.model.observation import Examination
from avrecord.pipeline.kit import Place
from avrecord.pipeline.loose import examine_file
from avrecord.pipeline.storing import clip_key
from avrecord.vault.objects import Objects
from avrecord.words import OUTCOMES, SEGMENTS

LONGEST_WORDS = 40  # characters of what was read, in a result


def examine_clip(objects: Objects, chunk: Chunk, item: Item, segments: Mapping[str, Any], place: Place) -> Result:
    """`OK`: as the station saw it. `SEEN_MORE`, `SEEN_LESS`: a segment that only this look, or only the station's, saw."""
    with scratch(place) as folder:
        path = folder / PurePosixPath(item.stored).name
        try:
            digest = fetched(objects, clip_key(chunk.station, item.stored, item.clip), path, item.size)
        except ObjectMissing:
            return Result(item, "MISSING", "对象存储中没有这个片段")
        if digest != item.clip:
            return Result(item, "ALTERED", "内容与封存时不符", digest)
        found = examine_file(path, segments, place.settings.check, place.root)
    return _compared(item, found)


@contextmanager
def scratch(place: Place) -> Iterator[Path]:
    """A folder for one clip on the bureau's own disk: it may have 4 GiB. What a killed worker left there goes first."""
    above = place.root / FOLDER / "looking"
    above.mkdir(parents=True, exist_ok=True)
    for left in above.iterdir():
        if not durable.is_alive(left.name):
            shutil.rmtree(left, ignore_errors=True)
    folder = above / durable.owner()
    folder.mkdir(exist_ok=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fetched(objects: Objects, key: str, path: Path, size: int) -> str:
    """Write an object to a file, not much beyond `size` bytes: it is another one then, and may have no end. Its SHA-256, or that
    of what was written. Raises ObjectMissing, StoreProblem."""
    digest, written = hashlib.sha256(), 0
    with path.open("wb") as target:
        for block in objects.read(key):
            digest.update(block)
            target.write(block)
            written += len(block)
            if written > size:
                break
    return digest.hexdigest()


def _compared(item: Item, found: Examination) -> Result:
    if found.outcome in ("unreadable", "failed"):
        return Result(item, "UNREADABLE", f"{OUTCOMES[found.outcome]}：{found.reason or ''}"[:200], item.clip)
    now = {each.segment for each in found.observations if not each.doubtful}
    before = set(item.seen.split())
    code = "SEEN_LESS" if before - now else "SEEN_MORE" if now - before else "OK"
    return Result(item, code, "；".join([*_more(found, now - before), *_less(before - now)])[:500], item.clip)


def _more(found: Examination, segments: set[str]) -> list[str]:
    said = []
    for segment in sorted(segments):
        with suppress(StopIteration):
            first = next(each for each in found.observations if each.segment == segment and not each.doubtful)
            said.append(f"这次见到{SEGMENTS.get(segment, segment)}：{first.at_ms / 1000:.1f} 秒“{first.words[:LONGEST_WORDS]}”")
    return said


def _less(segments: set[str]) -> list[str]:
    return [f"采集站见到、这次未见到：{SEGMENTS.get(segment, segment)}" for segment in sorted(segments)]
