"""The auditor's question: is every clip what was sealed, is the log whole, is anything there that is not in it?"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from avrecord.errors import AvrecordError, BytesMissing, EvidenceError, NameTaken, UnknownName
from avrecord.model.finding import Finding, Verification
from avrecord.model.statement import Taken
from avrecord.pipeline.evidence import Evidence, evidence_of
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.outside import Outside, compare, cosigned, keep_fork, read_outside
from avrecord.seal.note import NoteKey
from avrecord.seal.policy import NONE, Policy
from avrecord.seal.verify import ReadLog, check_seal, read_log
from avrecord.store import documents
from avrecord.vault.digester import file_digest
from avrecord.vault.folder import SEAL_ENDING
from avrecord.words import NO_EXTERNAL_REFERENCE


@dataclass(frozen=True, slots=True)
class Demand:
    """What the auditor brings: checkpoints kept elsewhere, and a policy with keys and a quorum."""

    checkpoints: tuple[Path, ...] = ()
    policy: Policy | None = None


NO_DEMAND = Demand()


def verify(kit: Kit, only: str | None = None, demand: Demand = NO_DEMAND) -> Verification:
    """`verify_evidence` of an opened station."""
    return verify_evidence(evidence_of(kit), only, demand)


def verify_evidence(evidence: Evidence, only: str | None = None, demand: Demand = NO_DEMAND) -> Verification:
    """Re-read the log, every stated clip and every file in the vault; all findings are collected.

    With `only`, the beginning of a clip id: the log is checked in full, other clips are not read and not counted.
    The database decides nothing. What was not read is never OK, and what no evidence from outside
    covers is `OK_UNWITNESSED`. Raises BadInput for a checkpoint file that is none, UnknownName when
    the log seals no such clip.
    """
    trusted, log_findings = _trusted(evidence, demand)
    outside = [read_outside(path, trusted) for path in demand.checkpoints]
    if demand.policy:
        outside += cosigned(evidence.log_folder, trusted, demand.policy)
    read = read_log(evidence.log_folder, trusted, {each.checkpoint.size for each in outside})
    compared, covered = compare(outside, read)
    if any(finding.code == "LOG_FORK" for finding in compared):
        keep_fork(outside, read, evidence.root / "exports" / "fork")
    stated = {stored: leaf for stored, leaf in read.taken.items() if only is None or leaf[1].clip.startswith(only)}
    if only is not None and not stated:
        raise UnknownName(what="片段（编号是 clips 列出的 12 位十六进制数）", name=only)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        results = list(
            pool.map(lambda item: _clip(item[0], item[1][0], item[1][1], covered, read, evidence), sorted(stated.items()))
        )
    findings = [finding for found, _ in results for finding in found]
    if only is None:
        findings += _extra(evidence, read)
        findings += _attachments(evidence, read)
        findings += _index(evidence)
    findings += log_findings + read.findings + compared + _quorum(outside, demand, read)
    return Verification(
        findings=tuple(findings),
        log_size=read.size,
        checked=len(stated),
        read=sum(size is not None for _, size in results),
        bytes_read=sum(size or 0 for _, size in results),
        covered=covered,
        key_approved=demand.policy is not None,
    )


def _trusted(evidence: Evidence, demand: Demand) -> tuple[NoteKey, list[Finding]]:
    """The log key to verify with: the policy's when there is one, never silently the station's own."""
    if demand.policy is None:
        return evidence.log_key, []
    named = [key for key in demand.policy.logs if key.name == evidence.log_key.name]
    if evidence.log_key in named:
        return evidence.log_key, []
    detail = "采集站的日志公钥不在核验策略中"
    return (named[0] if named else evidence.log_key), [Finding("UNKNOWN_KEY", "log", detail=detail)]


def _quorum(outside: list[Outside], demand: Demand, read: ReadLog) -> list[Finding]:
    found = []
    if not outside:
        found.append(Finding("NO_EXTERNAL_REFERENCE", "log", read.size, detail=NO_EXTERNAL_REFERENCE))
    if demand.policy and demand.policy.quorum != NONE and not any(each.by_quorum for each in outside):
        found.append(Finding("QUORUM_NOT_MET", "log", read.size, detail="没有满足核验策略的见证签名"))
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
        try:
            examination = documents.read_examination(evidence.attachments.get(digest))
        except (EvidenceError, OSError, KeyError, TypeError, ValueError):
            continue  # gone, or no examination
        for seen in examination.observations:
            if seen.evidence:
                yield seen.evidence, index


def _index(evidence: Evidence) -> list[Finding]:
    """Where the database deviates from the log; what kept us from telling, when it cannot be told."""
    try:
        return evidence.index()
    except (AvrecordError, OSError) as error:
        return [Finding("INDEX_DIFFERS", "avrecord.db", detail=f"无法由日志重放对照：{error}")]


def _clip(
    stored: str, index: int, said: Taken, covered: int, read: ReadLog, evidence: Evidence
) -> tuple[list[Finding], int | None]:
    """Findings of one clip (one at least) and the bytes read, or None when they could not be."""
    try:
        path = evidence.vault.path(stored)
        digest, size = file_digest(path)
    except NameTaken:
        return [Finding("MALFORMED", stored, index, detail="存放位置不在库内")], None
    except FileNotFoundError:
        evidence.tell("verified", about=stored, code="MISSING")
        return [Finding("MISSING", stored, index, said.clip, None, "日志中有封存记录，文件不在")], None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EINVAL, errno.EISDIR, errno.ENXIO):
            return [Finding("MISSING", stored, index, said.clip, None, "封存位置上不是普通文件（链接、管道或目录）")], None
        return [Finding("UNREADABLE", stored, index, detail=error.strerror or str(error))], None
    findings = []
    if digest != said.clip:
        findings.append(Finding("ALTERED", stored, index, said.clip, digest, "内容与封存时不符"))
    seal = _seal(path, stored, index, bytes.fromhex(said.clip), read)
    if seal:
        findings.append(seal)
    if not findings:
        findings.append(Finding("OK" if index < covered else "OK_UNWITNESSED", stored, index))
    evidence.tell("verified", about=stored, code=findings[0].code, bytes=size)
    return findings, size


def _seal(path: Path, stored: str, index: int, digest: bytes, read: ReadLog) -> Finding | None:
    try:
        text = path.with_name(path.name + SEAL_ENDING).read_bytes().decode("ascii")
    except FileNotFoundError:
        return Finding("UNSIGNED", stored, index, detail="签名文件不在")
    except (OSError, UnicodeDecodeError) as error:
        return Finding("BAD_SIGNATURE", stored, index, detail=type(error).__name__)
    return check_seal(text, digest, index, read.clip_keys, stored)


def _extra(evidence: Evidence, read: ReadLog) -> Iterable[Finding]:
    """Files in the vault that no leaf knows: each is somebody's addition, or a crash's leftover."""
    known = set(read.taken) | {stored + SEAL_ENDING for stored in read.taken}
    return [
        Finding("EXTRA", stored, found=f"{size} bytes", detail="日志中没有这个文件")
        for stored, size in evidence.vault.stored()
        if stored not in known
    ]
