"""年底归档: a unit's year in a bag of its own, which goes on where a crash left it, and the receipt that comes back.

Until it is whole a bag lies under a hidden name (`.<name>.partial`); clips that are in it are noted in a file beside it,
so that a second run copies only the rest. The name comes last, then the statement, then the receipt beside the bag.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from avrecord import durable
from avrecord.errors import CannotWrite, NoSpaceForArchive, UnknownName
from avrecord.ledger.bag import TAG_MANIFEST, files
from avrecord.ledger.platform import write_index
from avrecord.ledger.receipt import ReceiptFacts, receipt_name, receipt_text
from avrecord.model.clip import Clip
from avrecord.model.moments import day_begins, utc_text
from avrecord.model.statement import ArchiveMade, Body
from avrecord.pipeline.bundle import SIGNATURE, info, put_statements, put_trust, sign_bag
from avrecord.pipeline.footing import assert_outside
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.platform import entries, in_bag
from avrecord.pipeline.record import catch_up, state
from avrecord.seal import minisign
from avrecord.store.records import clip_of
from avrecord.vault.folder import SEAL_ENDING
from avrecord.vault.names import safe_name

EARLIEST, LATEST = 2000, 2200  # years that anybody can mean
BLOCK = 1 << 20
BESIDE = 16 << 10  # bytes that a clip takes beside its own: seal, statements, proofs, rows of the index
TOLD = 20  # times that the progress of a copy is told
CHECKPOINT = "checkpoint.txt"


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
class _Chosen:
    clip: Clip
    linked: bool


def units_of(year: Year, kit: Kit) -> list[str]:
    """Units that had a stage in a year or that have a registered recorder."""
    return [row["unit"] for row in kit.store.rows("units_of_year", **year.span)]


def outside(year: Year, kit: Kit) -> tuple[int, int]:
    """Clips and bytes of a year that are in no unit's bag: unlinked, of recorders that no unit registered."""
    row = kit.store.row("clips_of_no_unit", **year.days)
    return (row["clips"], row["bytes"]) if row else (0, 0)


def make_archive(unit: str, year: Year, to: Path, by: str, kit: Kit) -> Archive:
    """Make a unit's bag below `to`, or finish the one that a crash left; state it and write the receipt.

    Raises UnknownName for a unit that nobody knows, NoSpaceForArchive before anything is written, CannotWrite.
    """
    catch_up(kit)
    if unit not in units_of(year, kit):
        raise UnknownName(what="单位", name=unit)
    chosen = _choose(unit, year, kit)
    if not chosen:
        return Archive(unit, 0, 0)
    assert_outside(to, kit)
    out = to / _name(unit, year)
    try:
        if out.exists():
            return _made_before(unit, year, out, by, kit)
        to.mkdir(parents=True, exist_ok=True)
        partial = to / f".{out.name}.partial"
        wrong = _fill(partial, chosen, unit, year, kit)
        durable.rename_new(partial, out)
        durable.sync_folder(to)
        _journal_of(partial).unlink(missing_ok=True)
        return _state(unit, year, out, wrong, by, kit)
    except OSError as error:
        raise CannotWrite(path=out, detail=error.strerror or str(error)) from error


def _choose(unit: str, year: Year, kit: Kit) -> list[_Chosen]:
    rows = kit.store.rows("clips_of_unit", unit=unit, **year.span, **year.days)
    return [_Chosen(clip_of(row), bool(row["linked"])) for row in rows]


def _fill(partial: Path, chosen: list[_Chosen], unit: str, year: Year, kit: Kit) -> tuple[str, ...]:
    """Everything that belongs into the bag, then its manifests. Returns ids of clips that are not as they were sealed."""
    copied = _copied_before(partial, chosen)
    _assert_room(partial.parent, [each for each in chosen if each.clip.stored not in copied])
    _drop_all_but_clips(partial)
    wrong = []
    kit.tell("step", text=f"归档 {unit} {year.number}：片段 {len(chosen)} 个，已在包内 {len(copied)} 个")
    total, done, told = sum(each.clip.size for each in chosen), 0, 0
    for n, each in enumerate(chosen, 1):
        digest = copied.get(each.clip.stored) or _copy(each.clip, partial, kit)
        done += each.clip.size
        if total and done * TOLD // total > told:
            told = done * TOLD // total
            kit.tell("step", text=f"  {n}/{len(chosen)} 个片段，{done / 1e9:.2f}/{total / 1e9:.2f} GB")
        if not digest and kit.store.row("expired_clip", clip_id=each.clip.id.hex):
            continue  # removed by rule: its statements say so
        if digest != each.clip.id.hex:
            wrong.append(each.clip.id.hex)
    ids = {each.clip.id.hex for each in chosen}
    stages = {(row["case_no"], row["stage_id"]) for row in kit.store.rows("stages_of_unit", unit=unit, **year.span)}
    cases = {case for case, _ in stages}
    put_statements(lambda body: _is_about(body, ids, stages, cases), partial, kit)
    kit.tell("step", text="  写索引；逐个重新读取，写清单")
    rows = entries(((each.clip, each.linked, unit) for each in chosen), in_bag(partial), kit)
    write_index(partial / "index", f"{unit} {year.number} 年度音像资料索引", rows)
    (partial / CHECKPOINT).write_text(kit.log.checkpoint(), "utf-8")
    put_trust(partial, kit)
    sign_bag(partial, f"archive {year.number}", info(f"{unit} {year.number}", kit), kit)
    os.sync()  # everything is on the disk before the bag gets its name
    return tuple(wrong)


def _drop_all_but_clips(partial: Path) -> None:
    """The rest is cheap, and the log may have gone on; manifests of an earlier run would be listed as files of this one."""
    for folder in (partial, partial / "data"):
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            if path.is_dir() and path.name not in ("data", "clips"):
                shutil.rmtree(path)
            elif not path.is_dir():
                path.unlink()


def _is_about(body: Body, clips: set[str], stages: set[tuple[str, str]], cases: set[str]) -> bool:
    if getattr(body, "clip", None) in clips:
        return True
    case, stage = getattr(body, "case", None), getattr(body, "stage", None)
    return (case, stage) in stages if stage is not None else case in cases


def _copied_before(partial: Path, chosen: list[_Chosen]) -> dict[str, str]:
    """Stored path → digest of clips that an earlier run put into the bag. What does not belong there any more goes."""
    sizes = {each.clip.stored: each.clip.size for each in chosen}
    noted: dict[str, str] = {}
    with suppress(FileNotFoundError):
        for line in _journal_of(partial).read_text("utf-8", "replace").splitlines():
            if found := re.fullmatch(r"([0-9a-f]{64})  (\S.*)", line):
                noted[found[2]] = found[1]
    folder = partial / "data" / "clips"
    for path in files(folder) if folder.is_dir() else []:
        stored = path.removesuffix(SEAL_ENDING)
        if (path if path in sizes else stored) not in noted or stored not in sizes:
            (folder / path).unlink()
    return {
        stored: digest
        for stored, digest in noted.items()
        if stored in sizes and (folder / stored).is_file() and (folder / stored).stat().st_size == sizes[stored]
    }


def _copy(clip: Clip, partial: Path, kit: Kit) -> str:
    """Copy a clip and its seal, durably; return the digest of what was read, or "" where it is not there."""
    source, target = kit.vault.path(clip.stored), partial / "data" / "clips" / clip.stored
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = partial.with_name(f"{partial.name}.copying")
    aside.unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        shutil.copyfile(source.with_name(source.name + SEAL_ENDING), target.with_name(target.name + SEAL_ENDING))
    hashed = hashlib.sha256()
    try:
        with durable.open_regular(source) as reader, aside.open("wb") as writer:
            while block := reader.read(BLOCK):
                hashed.update(block)
                writer.write(block)
            writer.flush()
            os.fsync(writer.fileno())
    except FileNotFoundError:
        target.with_name(target.name + SEAL_ENDING).unlink(missing_ok=True)
        return ""
    aside.rename(target)
    durable.append_to(_journal_of(partial), f"{hashed.hexdigest()}  {clip.stored}\n".encode())
    return hashed.hexdigest()


def _journal_of(partial: Path) -> Path:
    return partial.with_name(f"{partial.name}.copied")


def _made_before(unit: str, year: Year, out: Path, by: str, kit: Kit) -> Archive:
    """A bag that is whole: known already, or named just before a crash. Raises CannotWrite for anything else there."""
    try:
        content = durable.read_small(out / TAG_MANIFEST, 256 << 20)
        own = minisign.PublicKey.of(kit.sealer.public)
        said = minisign.verify(own, content, (out / SIGNATURE).read_text("utf-8"))
    except (OSError, minisign.BadSignature, UnicodeDecodeError) as error:
        raise CannotWrite(path=out, detail="已存在，而且不是本站造的归档包") from error
    digest = hashlib.sha256(content).hexdigest()
    row = kit.store.row("archive_of", bag=digest)
    if row is None and said == f"avrecord archive {year.number} {digest}":
        return _state(unit, year, out, (), by, kit)
    if row is None or (row["unit"], row["year"]) != (unit, year.number):
        raise CannotWrite(path=out, detail="已存在，是另一个资料包")
    receipt = out.with_name(receipt_name(out.name))
    if not receipt.exists():
        durable.replace_with(receipt, kit.attachments.get(row["receipt"]))
    return Archive(unit, row["clips"], row["bytes"], out, receipt, digest, was_there=True)


def _state(unit: str, year: Year, out: Path, wrong: tuple[str, ...], by: str, kit: Kit) -> Archive:
    digest = hashlib.sha256((out / TAG_MANIFEST).read_bytes()).hexdigest()
    sizes = [(out / path).stat().st_size for path in _clips_in(out)]
    head = (out / CHECKPOINT).read_text("utf-8").partition("\n\n")[0].split("\n")
    facts = ReceiptFacts(kit.station, unit, year.number, out.name, len(sizes), sum(sizes), digest, tuple(head))
    text = receipt_text(facts).encode()
    attached = kit.attachments.put(text)
    body = ArchiveMade(unit=unit, year=year.number, clips=len(sizes), bytes=sum(sizes), bag=digest, receipt=attached)
    state(kit, [body], by)
    receipt = out.with_name(receipt_name(out.name))
    durable.replace_with(receipt, text)
    return Archive(unit, len(sizes), sum(sizes), out, receipt, digest, wrong)


def _clips_in(out: Path) -> Iterator[str]:
    """Clips of a bag. A clip may be named `….sig` itself: then it has a seal of its own."""
    found = set(files(out / "data" / "clips"))
    for path in sorted(found):
        if not (path.endswith(SEAL_ENDING) and path.removesuffix(SEAL_ENDING) in found):
            yield f"data/clips/{path}"


def _assert_room(folder: Path, missing: list[_Chosen]) -> None:
    status = os.statvfs(folder)
    needed, free = sum(each.clip.size + BESIDE for each in missing), status.f_bavail * status.f_frsize
    if needed > free:
        raise NoSpaceForArchive(path=folder, needed=needed, free=free)


def _name(unit: str, year: Year) -> str:
    """`东湖大队-2026`; a name that had to be changed for the disk gets a mark, so that two units never share a folder."""
    safe = safe_name(unit)
    mark = "" if safe == unit else f"-{hashlib.sha256(unit.encode()).hexdigest()[:8]}"
    return f"{safe}{mark}-{year.number}"
