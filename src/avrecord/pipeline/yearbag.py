"""A unit's year as a bag: which clips belong into it, what stands beside them, and the statement and the receipt at its end.

The clips themselves are brought by whoever makes the bag: a station from its vault (`archive.py`), the bureau from the object
store (`bureau/archiving.py`).
"""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from avrecord import durable
from avrecord.errors import CannotWrite
from avrecord.ledger.bag import TAG_MANIFEST, files
from avrecord.ledger.platform import write_index
from avrecord.ledger.receipt import ReceiptFacts, receipt_name, receipt_text
from avrecord.model.clip import Clip
from avrecord.model.moments import day_begins, utc_text
from avrecord.model.statement import ArchiveMade, Body
from avrecord.pipeline.bundle import SIGNATURE, info, put_statements, put_trust, sign_bag
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.platform import entries, in_bag
from avrecord.pipeline.record import state
from avrecord.seal import minisign
from avrecord.store.records import clip_of
from avrecord.vault.folder import SEAL_ENDING
from avrecord.vault.names import safe_name
from avrecord.words import ARCHIVED_STATES

EARLIEST, LATEST = 2000, 2200  # years that anybody can mean
CLIPS = Path("data", "clips")  # in a bag
CHECKPOINT = "checkpoint.txt"
BESIDE = 16 << 10  # bytes that a clip takes beside its own: seal, statements, proofs, rows of the index


@dataclass(frozen=True, slots=True)
class Year:
    """A year in local days and in UTC text."""

    number: int

    @property
    def span(self) -> dict[str, str]:
        first, after = (day_begins(date(self.number + n, 1, 1)) for n in (0, 1))
        return {"since": utc_text(first), "until": utc_text(after)}

    @property
    def days(self) -> dict[str, str]:
        return {"first": f"{self.number:04d}-01-01", "last": f"{self.number:04d}-12-31"}


@dataclass(frozen=True, slots=True)
class Archive:
    """One unit's part. `folder` None: it had no clips. `wrong`: clips whose bytes are not what was sealed, or are gone."""

    unit: str
    clips: int
    bytes: int
    folder: Path | None = None
    receipt: Path | None = None
    bag: str = ""
    wrong: tuple[str, ...] = ()
    was_there: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """A clip of the year, and whether a stage of the unit has it."""

    clip: Clip
    linked: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One unit's year of one station. `kit` answers for that station, `own` signs and states: the same where a station makes its
    own bag. `copy_of`: that station, where the bureau makes it."""

    unit: str
    year: Year
    kit: Kit
    own: Kit
    copy_of: str = ""

    @property
    def name(self) -> str:
        """The bag's folder."""
        return bag_name(self.unit, self.year)


def units_of(year: Year, kit: Kit) -> list[str]:
    """Units that had a stage in a year or that have a registered recorder."""
    return [row["unit"] for row in kit.store.rows("units_of_year", **year.span)]


def outside(year: Year, kit: Kit) -> tuple[int, int]:
    """Clips and bytes of a year that are in no unit's bag: unlinked, of recorders that no unit registered."""
    row = kit.store.row("clips_of_no_unit", **year.days)
    return (row["clips"], row["bytes"]) if row else (0, 0)


def choose(unit: str, year: Year, kit: Kit) -> list[Chosen]:
    """Clips that belong into a unit's bag, each once, in the order of their stored paths."""
    rows = kit.store.rows("clips_of_unit", unit=unit, **year.span, **year.days)
    return [Chosen(clip_of(row), bool(row["linked"])) for row in rows]


def bag_name(unit: str, year: Year) -> str:
    """`东湖大队-2026`; a name that had to be changed for the disk gets a mark, so that two units never share a folder."""
    safe = safe_name(unit)
    mark = "" if safe == unit else f"-{hashlib.sha256(unit.encode()).hexdigest()[:8]}"
    return f"{safe}{mark}-{year.number}"


def partial_of(out: Path) -> Path:
    """Where a bag lies until it is whole."""
    return out.parent / f".{out.name}.partial"


def assert_own(partial: Path) -> None:
    """Raises CannotWrite where a link stands in the place of one of a bag's folders: an archive's disk is carried around, and
    what is removed or written through a link would be somebody else's."""
    for folder in (partial.parent, partial, partial / "data", partial / CLIPS):
        if folder.is_symlink():
            raise CannotWrite(path=folder, detail="是一个链接，不是归档的文件夹，没有动它")


def finish(partial: Path, chosen: list[Chosen], digests: Mapping[str, str], part: Part, signers: str = "") -> tuple[str, ...]:
    """Write what stands beside the clips, and the signed manifests. Return ids of clips that are not as they were sealed.

    `digests`: by clip, what was read when it was brought; "" where it is not there. `signers`: see `put_trust`.
    """
    drop_all_but_clips(partial)
    kit, unit, year = part.kit, part.unit, part.year
    removed = {key for key, digest in digests.items() if not digest and kit.store.row("expired_clip", clip_id=key)}
    # What was removed by rule is no fault: its statements say so.
    wrong = [each.clip.id.hex for each in chosen if digests[each.clip.id.hex] != each.clip.id.hex]
    ids = {each.clip.id.hex for each in chosen}
    stages = {(row["case_no"], row["stage_id"]) for row in kit.store.rows("stages_of_unit", unit=unit, **year.span)}
    cases = {case for case, _ in stages}
    put_statements(lambda body: _is_about(body, ids, stages, cases), partial, kit)
    part.own.tell("step", text="  写索引；逐个重新读取，写清单")
    rows = entries(((each.clip, each.linked, unit) for each in chosen), in_bag(partial), kit)
    write_index(partial / "index", f"{unit} {year.number} 年度音像资料索引", rows)
    (partial / CHECKPOINT).write_text(kit.log.checkpoint(), "utf-8")
    put_trust(partial, kit, signers, part.own.station if part.copy_of else "")
    sign_bag(partial, f"archive {year.number}", info(f"{unit} {year.number}", kit), part.own)
    os.sync()  # everything is on the disk before the bag gets its name
    return tuple(clip for clip in wrong if clip not in removed)


def give_name(partial: Path, out: Path) -> None:
    """A whole bag gets its name; `state_made` follows. A crash between the two is what `made_before` finds."""
    durable.rename_new(partial, out)
    durable.sync_folder(out.parent)


def made_before(out: Path, part: Part, by: str) -> Archive:
    """A bag that is whole: known already, or named just before a crash. Raises CannotWrite for anything else there."""
    own, unit, year = part.own, part.unit, part.year
    try:
        content = durable.read_small(out / TAG_MANIFEST, 256 << 20)
        said = minisign.verify(minisign.PublicKey.of(own.sealer.public), content, (out / SIGNATURE).read_text("utf-8"))
    except (OSError, minisign.BadSignature, UnicodeDecodeError) as error:
        raise CannotWrite(path=out, detail="已存在，而且不是这里造的归档包") from error
    digest = hashlib.sha256(content).hexdigest()
    row = own.store.row("archive_of", bag=digest)
    if row is None and said == f"avrecord archive {year.number} {digest}":
        return state_made(out, (), part, by)
    if row is None or (row["unit"], row["year"], row["copy_of"]) != (unit, year.number, part.copy_of):
        raise CannotWrite(path=out, detail="已存在，是另一个资料包")
    receipt = out.with_name(receipt_name(out.name))
    if not receipt.exists():
        durable.replace_with(receipt, own.attachments.get(row["receipt"]))
    return Archive(unit, row["clips"], row["bytes"], out, receipt, digest, was_there=True)


def drop_all_but_clips(partial: Path) -> None:
    """The rest is cheap, and the log may have gone on; manifests of an earlier run would be listed as files of this one."""
    assert_own(partial)
    for folder in (partial, partial / "data"):
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink() and path.name not in ("data", "clips"):
                shutil.rmtree(path)
            elif path.is_symlink() or not path.is_dir():
                path.unlink()


def _is_about(body: Body, clips: set[str], stages: set[tuple[str, str]], cases: set[str]) -> bool:
    if getattr(body, "clip", None) in clips:
        return True
    case, stage = getattr(body, "case", None), getattr(body, "stage", None)
    return (case, stage) in stages if stage is not None else case in cases


def state_made(out: Path, wrong: tuple[str, ...], part: Part, by: str) -> Archive:
    """State a bag and write the receipt beside it."""
    unit, year, own = part.unit, part.year.number, part.own
    digest = hashlib.sha256((out / TAG_MANIFEST).read_bytes()).hexdigest()
    sizes = [(out / path).stat().st_size for path in _clips_in(out)]
    head = (out / CHECKPOINT).read_text("utf-8").partition("\n\n")[0].split("\n")
    made_by = f"{own.settings.station.name}（{own.station}）" if part.copy_of else ""
    facts = ReceiptFacts(
        part.kit.station, unit, year, out.name, len(sizes), sum(sizes), digest, tuple(head), _lacking(out), made_by
    )  # fmt: skip
    text = receipt_text(facts).encode()
    clips, size, receipt = len(sizes), sum(sizes), own.attachments.put(text)
    body = ArchiveMade(unit=unit, year=year, clips=clips, bytes=size, bag=digest, receipt=receipt, copy_of=part.copy_of)
    state(own, [body], by)
    path = out.with_name(receipt_name(out.name))
    durable.replace_with(path, text)
    return Archive(unit, clips, size, out, path, digest, wrong)


def _lacking(out: Path) -> int:
    """How many clips the index of a bag says are not there, though no rule removed them."""
    with (out / "index" / "platform.csv").open(encoding="utf-8-sig", newline="") as table:
        rows = csv.reader(table)
        at = next(n for n, title in enumerate(next(rows)) if title.endswith(" state"))
        return sum(row[at] == ARCHIVED_STATES["missing"] for row in rows)


def _clips_in(out: Path) -> Iterator[str]:
    """Clips of a bag. A clip may be named `….sig` itself: then it has a seal of its own."""
    found = set(files(out / CLIPS))
    for path in sorted(found):
        if not (path.endswith(SEAL_ENDING) and path.removesuffix(SEAL_ENDING) in found):
            yield f"data/clips/{path}"
