"""Rows of the platform index: what other products ask of a file, from our own records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from avrecord.ledger.platform import MEDIA_NUMBERS, Entry
from avrecord.model.clip import Clip
from avrecord.model.moments import beijing
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.retention import Book
from avrecord.rules.terms import retention_words
from avrecord.vault.folder import SEAL_ENDING
from avrecord.words import ARCHIVED_AS, ARCHIVED_STATES, MEDIA

NOT_A_TIME_MS = 86_400_000  # a clock that may be off by a day tells no time of recording


@dataclass(frozen=True, slots=True)
class Lying:
    """Where the bytes of an index lie: below `prefix` in a folder, and what that is called (a key of `ARCHIVED_STATES`)."""

    folder: Path
    prefix: str
    state: str


def in_bag(bag: Path) -> Lying:
    """In the bag of a unit's year."""
    return Lying(bag, "data/clips", "in_bag")


def in_vault(kit: Kit) -> Lying:
    """On the station itself."""
    return Lying(kit.root, "vault", "in_vault")


def entries(clips: Iterable[tuple[Clip, bool, str]], lying: Lying, kit: Kit) -> Iterator[Entry]:
    """One row for each clip, given with whether it is linked to a stage, and whose it is (单位)."""
    book = Book(kit)
    for clip, linked, unit in clips:
        yield _entry(clip, linked, unit, lying, book, kit)


def _entry(clip: Clip, linked: bool, unit: str, lying: Lying, book: Book, kit: Kit) -> Entry:
    path = f"{lying.prefix}/{clip.stored}"
    there = (lying.folder / path).is_file()
    stages = kit.store.rows("stages_of_clip", clip_id=clip.id.hex)
    start = None if clip.doubt or clip.uncertainty_ms >= NOT_A_TIME_MS else clip.true_start
    day = beijing(start or clip.sealed_at, "%Y-%m-%d")
    holders = [row["officer"] for row in kit.store.rows("holders_on", recorder=clip.recorder or "", day=day)]
    ground = book.ground(clip.id.hex)
    removed = kit.store.row("expired_clip", clip_id=clip.id.hex) is not None
    return {
        "wjbh": clip.id.hex,
        "wjmc": clip.name,
        "bmbh": unit,
        "gzz_xh": kit.station,
        "sbbh": clip.recorder or "",
        "yhbh": "、".join(holders) or clip.user or "",
        "pssj": beijing(start) if start else "",
        "drsj": beijing(clip.sealed_at),
        "mtlx": MEDIA_NUMBERS.get(clip.media.value),
        "mtlx_name": MEDIA[clip.media.value],
        "wjgs": PurePosixPath(clip.name).suffix.lstrip(".").lower(),
        "wjdx": clip.size,
        "wjsc": round(clip.duration_ms / 1000) if clip.duration_ms is not None else None,
        "zybj": 3 if clip.important else 2 if stages else 1,
        "case_no": "；".join(dict.fromkeys(row["case_no"] for row in stages)),
        "stage": "；".join(f"{row['case_no']} {row['stage_id']}" for row in stages),
        "retention": retention_words(ground.retention) if ground else "",
        "sha256": clip.id.hex,
        "seal": f"{path}{SEAL_ENDING}" if there else "",
        "path": path if there else "",
        "linked": ARCHIVED_AS["linked" if linked else "unlinked"],
        "state": ARCHIVED_STATES[lying.state if there else "removed" if removed else "missing"],
    }
