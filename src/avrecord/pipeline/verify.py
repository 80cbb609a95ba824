"""The auditor's question: is every clip what was sealed, is the log whole, is anything there that is not in it?"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from avrecord.errors import AvrecordError, BytesMissing, EvidenceError, UnknownName
from avrecord.model.finding import Finding, Verification
from avrecord.model.moments import utc_text
from avrecord.pipeline.clipcheck import ClipCheck, ReadDigest
from avrecord.pipeline.evidence import Evidence, evidence_of
from avrecord.pipeline.intents import arriving_at
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.outside import Outside, compare, consistent, cosigned, keep_fork, read_outside
from avrecord.pipeline.removals import ExpiryLists, meanwhile
from avrecord.pipeline.standing import NO_DEMAND, Demand, Standing, of_the_head, standing
from avrecord.rules.times import ProvedTimes, proved_times
from avrecord.seal import keylist, note
from avrecord.seal.note import BadNote, NoteKey
from avrecord.seal.policy import NONE
from avrecord.seal.verify import Leaf, ReadLog, read_log
from avrecord.store import documents
from avrecord.vault.digester import file_digest
from avrecord.vault.folder import SEAL_ENDING
from avrecord.words import NO_EXTERNAL_REFERENCE


@dataclass(frozen=True, slots=True)
class Selection:
    """Which clips are read: those whose id begins with `only`, those sealed (by the log's claim) from `since` on. Else all.

    The log itself is always checked in full.
    """

    only: str | None = None
    since: str | None = None

    def takes(self, leaf: Leaf) -> bool:
        """Whether a clip is among them."""
        return (self.only is None or leaf.body.clip.startswith(self.only)) and (self.since is None or leaf.at >= self.since)


EVERYTHING = Selection()


def read_now(stored: str, path: Path) -> tuple[str, int]:
    """The bytes as they are on the disk."""
    return file_digest(path)


def verify(kit: Kit, only: str | None = None, demand: Demand = NO_DEMAND) -> Verification:
    """`verify_evidence` of an opened station."""
    return verify_evidence(evidence_of(kit), Selection(only), demand)


def verify_evidence(
    evidence: Evidence,
    selection: Selection = EVERYTHING,
    demand: Demand = NO_DEMAND,
    digest: ReadDigest = read_now,
) -> Verification:
    """Re-read the log, every selected clip and every file in the vault; all findings are collected.

    The database decides nothing. What was not read is never OK, and what no evidence from outside
    covers is `OK_UNWITNESSED`. `digest` reads a clip's bytes; a resumed run gives what it read before.
    Raises BadInput for a checkpoint file that is none, UnknownName when the log seals no such clip.
    """
    check, compared, outside = examined(evidence, demand, digest)
    read = check.read
    stated = {stored: leaf for stored, leaf in read.taken.items() if selection.takes(leaf)}
    if selection.only is not None and not stated:
        raise UnknownName(what="片段（编号是 clips 列出的 12 位十六进制数）", name=selection.only)
    evidence.tell("verifying", clips=len(stated), bytes=sum(leaf.body.size for leaf in stated.values()))
    others: Sequence[Other] = () if selection.only is not None else (_index, _attachments, _extra)
    results, rest = _each(check, stated, others)
    findings = meanwhile([finding for found, _ in results for finding in found], evidence, read, check.lists) + rest
    findings += check.standing.findings + read.findings + compared + _of_the_log(check, outside, demand)
    return Verification(
        findings=tuple(findings),
        log_size=read.size,
        checked=len(stated),
        read=sum(size is not None for _, size in results),
        bytes_read=sum(size or 0 for _, size in results),
        covered=check.covered,
        key_approved=check.standing.approved,
        unread=len(read.taken) - len(stated),
    )


def examined(evidence: Evidence, demand: Demand, digest: ReadDigest) -> tuple[ClipCheck, list[Finding], list[Outside]]:
    """The log read and compared with everything from outside: what single clips are judged by, what differed, and from where."""
    stands = standing(evidence.station, evidence.log_keys, demand)
    outside = [read_outside(path, stands) for path in demand.checkpoints]
    if stands.policy:
        outside += cosigned(evidence.log_folder, stands)
    sizes = {each.checkpoint.size for each in outside}
    read = read_log(evidence.log_folder, stands.logs, sizes, tuple(stands.revoked_logs))
    stands.findings.extend(of_the_head(stands, evidence.log_keys, read))
    compared, covered = compare(outside, read)
    if any(finding.code == "LOG_FORK" for finding in compared):
        with suppress(OSError):  # a read-only medium, or a file in the way: the finding names both roots all the same
            keep_fork(outside, read, evidence.root / "exports" / "fork")
    times, lists = _times(evidence, stands, outside, read), ExpiryLists(evidence.attachments)
    return ClipCheck(evidence, read, stands, times, covered, digest, lists), compared, outside


Other = Callable[[Evidence, ReadLog], list[Finding]]


def _each(
    check: ClipCheck, stated: dict[str, Leaf], others: Sequence[Other]
) -> tuple[list[tuple[list[Finding], int | None]], list[Finding]]:
    """Every clip and every other question, on all cores: what replays the index must not leave a core idle.

    An interruption ends after the clips in hand, not after the whole vault.
    """
    pool = ThreadPoolExecutor(os.cpu_count() or 1)
    try:
        asked = [pool.submit(other, check.evidence, check.read) for other in others]
        results = list(pool.map(lambda item: check.of(*item), sorted(stated.items())))
        return results, [finding for each in asked for finding in each.result()]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _times(evidence: Evidence, stands: Standing, outside: list[Outside], read: ReadLog) -> ProvedTimes:
    """What trusted witnesses prove of leaf times; nothing where no witness is trusted."""
    seen = [(each.checkpoint.size, at) for each in consistent(outside, read) for at in each.cosigned_at]
    anchors = []
    for index, anchor in read.anchors:
        key = next((key for key in stands.witnesses if key.vkey == anchor.witness_key), None)
        if key and _anchored(evidence, anchor.note, key) == anchor.cosigned_at:
            anchors.append((index, anchor.cosigned_at))
    return proved_times(seen, anchors)


def _anchored(evidence: Evidence, digest: str, key: NoteKey) -> str | None:
    try:
        at = note.cosignatures(evidence.attachments.get(digest).decode(), [key]).get(key.name)
        return None if at is None else utc_text(datetime.fromtimestamp(at, UTC))
    except (EvidenceError, OSError, BadNote, ValueError, OverflowError):
        return None


def _of_the_log(check: ClipCheck, outside: list[Outside], demand: Demand) -> list[Finding]:
    read, policy = check.read, check.standing.policy
    found = []
    if not outside:
        found.append(Finding("NO_EXTERNAL_REFERENCE", "log", read.size, detail=NO_EXTERNAL_REFERENCE))
    if demand.policy and policy and policy.quorum != NONE and not any(each.by_quorum for each in outside):
        found.append(Finding("QUORUM_NOT_MET", "log", read.size, detail="没有满足核验策略的见证签名"))
    newest = max((at for each in outside for at in each.cosigned_at), default=None)
    if demand.max_age and demand.now and (newest is None or newest < utc_text(demand.now - demand.max_age)):
        said = f"最近一次见证是 {newest[:10]}，已超过要求的期限" if newest else "没有可信的见证，不能满足要求的期限"
        found.append(Finding("STALE", "log", read.size, None, newest, said))
    clips = {leaf.index for leaf in read.taken.values()}
    for index in sorted(read.backward - clips):
        found.append(Finding("TIME_INCONSISTENT", "log", index, detail="记录自称的时间倒退，其间没有时钟调整的记录"))
    for index, public in read.unendorsed:
        if check.standing.listed is None or public not in check.standing.listed:
            found.append(Finding("UNKNOWN_KEY", "log", index, detail="换用的片段密钥没有旧密钥的认可，也不在密钥表中"))
    newest_list = max((each.version for _, each in read.lists), default=0)
    own = hashlib.sha256(keylist.encode(demand.keys)).hexdigest() if demand.keys else ""
    if demand.keys and any(each.version == demand.keys.version and each.keylist != own for _, each in read.lists):
        detail = f"采集站在日志中收下的第 {demand.keys.version} 版与核验用的内容不同"
        found.append(Finding("KEYLIST_ROLLBACK", "keylist", None, None, own, detail))
    if demand.keys and newest_list > demand.keys.version:
        detail = f"采集站在日志中收下过第 {newest_list} 版，核验用的是第 {demand.keys.version} 版"
        found.append(Finding("KEYLIST_ROLLBACK", "keylist", None, str(newest_list), str(demand.keys.version), detail))
    return found


def _attachments(evidence: Evidence, read: ReadLog) -> list[Finding]:
    """Attachments that the log names, and evidence frames that examinations name: gone or altered ones."""
    found = []
    for digest, index in _named(evidence, read):
        try:
            evidence.attachments.get(digest)
        except BytesMissing:
            found.append(Finding("MISSING", f"attachments/{digest[:12]}", index, digest, None, "附件不在"))
        except EvidenceError:
            found.append(Finding("ALTERED", f"attachments/{digest[:12]}", index, digest, None, "附件内容与摘要不符"))
        except OSError as error:
            found.append(Finding("UNREADABLE", f"attachments/{digest[:12]}", index, detail=error.strerror or "读取失败"))
    return found


def _named(evidence: Evidence, read: ReadLog) -> Iterable[tuple[str, int]]:
    for digest, index in sorted(read.attachments.items()):
        yield digest, index
        if digest not in read.examinations:
            continue  # what people wrote may look like anything
        try:
            examination = documents.read_examination(evidence.attachments.get(digest))
        except (EvidenceError, OSError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
            continue  # gone, or no examination
        frames = [frame for seen in examination.observations for frame in (seen.evidence, seen.crop)]
        frames += [each.digest for each in examination.offered]
        for named in (*frames, examination.facts.derived_copy):
            if named:
                yield named, index


def _index(evidence: Evidence, read: ReadLog) -> list[Finding]:
    """Where the database deviates from the log; what kept us from telling, when it cannot be told."""
    if not read.size:
        return []  # a log that is not believed is compared with nothing
    try:
        return evidence.index(read.size)
    except (AvrecordError, OSError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        return [Finding("UNREADABLE", "avrecord.db", detail=f"未能由日志重放对照：{str(error)[:200]}")]


def _extra(evidence: Evidence, read: ReadLog) -> list[Finding]:
    """Files in the vault that no leaf knows: each is somebody's addition, or a crash's leftover.

    What a station at work took while we read is in neither list yet: the walk comes first, then the log's newer leaves.
    """
    known = set(read.taken) | {stored + SEAL_ENDING for stored in read.taken}
    strangers = [(stored, size) for stored, size in evidence.vault.stored() if stored not in known]
    arriving = arriving_at(evidence.vault.incoming) if strangers else set()
    if strangers:
        now = read_log(evidence.log_folder, read.head_key or evidence.log_keys).taken
        arriving |= {name for name, leaf in now.items() if leaf.index >= read.size}
    fresh = arriving | {stored + SEAL_ENDING for stored in arriving}
    return [
        Finding("EXTRA", stored, found=f"{size} bytes", detail="日志中没有这个文件")
        for stored, size in strangers
        if stored not in fresh
    ]
