"""Removing what was listed long enough, is still due, and is still what was sealed. The log says so first.

In order, for each batch: the bytes and the seal are read again; the rules, holds and objections of this moment are asked
under the log's lock; the intent is kept; the removal is stated, durably; only then the files go. A crash in between is
finished by the next run from the intent: what is stated is removed, what is not stated stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from avrecord import durable
from avrecord.errors import EvidenceError, NameTaken
from avrecord.model.clip import ClipId
from avrecord.model.finding import GOOD
from avrecord.model.keeping import Fate
from avrecord.model.moments import from_utc_text
from avrecord.model.statement import ClipRemoved
from avrecord.pipeline import intents
from avrecord.pipeline.clipcheck import ClipCheck
from avrecord.pipeline.evidence import evidence_of
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.link import link_all
from avrecord.pipeline.proxies import proxy_path
from avrecord.pipeline.record import catch_up, state
from avrecord.pipeline.retention import Book, Kept, assert_enabled, rule_text
from avrecord.pipeline.scrub import read_from_disk
from avrecord.pipeline.standing import NO_DEMAND
from avrecord.pipeline.verify import examined
from avrecord.store.sqlite import Row

ENDING = ".expiring"
BATCH = 32
LARGEST_INTENT = 1 << 20


@dataclass(slots=True)
class Expired:
    """What went, and what did not: (clip, key of `words.EXPIRY_KEPT`, detail)."""

    removed: list[Kept] = field(default_factory=list)
    kept: list[tuple[str, str, str]] = field(default_factory=list)


def expire(by: str, kit: Kit) -> Expired:
    """Remove listed clips from the vault. Raises ConfigError while expiry is off, EvidenceError when the log is not sound."""
    assert_enabled(kit)
    finish_removals(kit)
    link_all(kit)
    check, compared, _ = examined(evidence_of(kit), NO_DEMAND, read_from_disk)
    if wrong := [*check.read.findings, *compared, *check.standing.findings]:
        raise EvidenceError(detail=f"日志核验未通过（{wrong[0].code}：{wrong[0].detail}），不移除任何片段")
    done = Expired()
    wait = timedelta(days=kit.settings.retention.wait_days)
    listed = kit.store.rows("listed_all")
    waited = {seq: _waited(seq, kit) for seq in {row["seq"] for row in listed}}
    ready = [row for row in listed if waited[row["seq"]] >= wait]
    done.kept += [(row["clip_id"], "waiting", row["at"]) for row in listed if waited[row["seq"]] < wait]
    for start in range(0, len(ready), BATCH):
        with intents.healed(kit):
            _remove([row for row in ready[start : start + BATCH] if _is_sound(row, check, done, kit)], by, done, kit)
    return done


def _waited(listed: int, kit: Kit) -> timedelta:
    """How long a list has stood: since the latest time that any leaf up to it claims, less what the clock jumped since.

    A clock that ran behind when the list was made, or that is set forward now, makes no days.
    """
    row = kit.store.row("claimed_up_to", seq=listed)
    jumped = sum(max(0, each["by_ms"]) for each in kit.store.rows("clock_steps_since", seq=listed))
    return kit.clock() - from_utc_text(str(row["at"] if row else "")) - timedelta(milliseconds=jumped)


def finish_removals(kit: Kit) -> int:
    """Remove what a crash left between statement and file; return how many. Nothing that the log does not state goes."""
    finished = 0
    with durable.locked(kit.vault.incoming / intents.INTAKE_LOCK):
        for path in sorted(kit.vault.incoming.glob(f"*{ENDING}")):
            failed = 0
            for clip, stored in _read(path):
                row = kit.store.row("expired_clip", clip_id=clip)
                known = kit.records.clip(ClipId(clip))
                if row and known and known.stored == stored:
                    failed += _gone(clip, stored, kit) is not None
                    finished += 1
            if not failed:  # else the next run tries again: what is stated goes, and nothing else is held up by it
                path.unlink(missing_ok=True)
    return finished


def _remove(rows: list[Row], by: str, done: Expired, kit: Kit) -> None:
    with kit.log.writing():  # a hold that is stated by somebody else comes before this, or after the removal
        catch_up(kit)
        book, day = Book(kit), kit.today
        found = [(row, book.one(row["clip_id"], day)) for row in rows]
        go = [(row, each) for row, each in found if each and each.fate is Fate.WAITING]
        for row, each in found:
            if each is None or each.fate is not Fate.WAITING:
                done.kept.append((row["clip_id"], each.fate.value if each else "removed", ""))
        if not go:
            return
        intent = _keep([each for _, each in go], kit)
        state(kit, [_removal(row, each, kit) for row, each in go], by)
    stuck = 0
    for _, each in go:
        if why := _gone(each.clip, each.row["stored"], kit):
            stuck += 1
            done.kept.append((each.clip, "stuck", why))
        else:
            done.removed.append(each)
    if not stuck:
        intent.unlink()


def _gone(clip: str, stored: str, kit: Kit) -> str | None:
    """Remove one file, and its copy for browsers first; what kept it, in words, or None."""
    try:
        proxy_path(clip, kit).unlink(missing_ok=True)
        kit.vault.remove(stored)
    except OSError as error:
        return error.strerror or str(error)
    return None


def _removal(row: Row, kept: Kept, kit: Kit) -> ClipRemoved:
    clip = kept.row
    docking = kit.store.row("docking_of_clip", clip_id=kept.clip)
    until = kept.ground.until
    return ClipRemoved(
        clip=kept.clip,
        place="vault",
        docking=str(docking["docking"]) if docking else "",
        path_raw=clip["stored"],
        rule=rule_text(kept.ground),
        listed=row["seq"],
        due=until.isoformat() if until else None,
    )


def _is_sound(row: Row, check: ClipCheck, done: Expired, kit: Kit) -> bool:
    """Whether the clip is what was sealed. What is not is evidence of something, and stays."""
    clip = kit.records.clip(ClipId(row["clip_id"]))
    leaf = check.read.taken.get(clip.stored) if clip else None
    if clip is None or leaf is None or leaf.body.clip != row["clip_id"]:
        done.kept.append((row["clip_id"], "bytes", "日志中没有它的封存记录"))
        return False
    found, _ = check.of(clip.stored, leaf)
    if all(each.code in GOOD for each in found):
        return True
    gone = any(each.code == "MISSING" for each in found)
    done.kept.append((row["clip_id"], "gone" if gone else "bytes", f"{found[0].code} {found[0].detail}"))
    return False


def _keep(found: list[Kept], kit: Kit) -> Path:
    path = kit.vault.incoming / f"{found[0].clip}.{durable.owner()}{ENDING}"
    durable.replace_with(path, json.dumps([[each.clip, each.row["stored"]] for each in found]).encode())
    return path


def _read(path: Path) -> Iterator[tuple[str, str]]:
    """Clips of an intent; none for anything that is not one."""
    try:
        for clip, stored in json.loads(durable.read_small(path, LARGEST_INTENT)):
            ClipId(clip)
            yield clip, str(stored)
    except (ValueError, TypeError, OSError, RecursionError, NameTaken):
        return
