"""One clip, read again in full: its bytes, its seal, the key behind it, its time. One verdict at least."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from avrecord.durable import read_small
from avrecord.errors import NameTaken
from avrecord.model.finding import Finding
from avrecord.pipeline.evidence import Evidence
from avrecord.pipeline.removals import ExpiryLists, gone
from avrecord.pipeline.standing import Standing
from avrecord.rules.times import ProvedTimes, contradiction
from avrecord.rules.trusting import objection
from avrecord.seal import sshsig
from avrecord.seal.verify import Leaf, ReadLog, check_seal
from avrecord.vault.folder import SEAL_ENDING

LARGEST_SEAL = 64 << 10  # bytes; an SSHSIG has 300

ReadDigest = Callable[[str, Path], tuple[str, int]]
"""Stored path and file → SHA-256 and size of the bytes. OSErrors are the caller's."""


@dataclass(frozen=True, slots=True)
class ClipCheck:
    """Everything that a clip is judged by. `covered`: leaves that evidence from outside covers."""

    evidence: Evidence
    read: ReadLog
    standing: Standing
    times: ProvedTimes
    covered: int
    digest: ReadDigest
    lists: ExpiryLists

    def of(self, stored: str, leaf: Leaf) -> tuple[list[Finding], int | None]:
        """Findings of one clip (one at least) and the bytes read, or None when they could not be."""
        findings, size = self._of(stored, leaf)
        proved = self.times.of(leaf.index)
        findings = [replace(each, not_before=proved.not_before, not_after=proved.not_after) for each in findings]
        self.evidence.tell("verified", about=stored, code=findings[0].code, bytes=leaf.body.size)
        return findings, size

    def _of(self, stored: str, leaf: Leaf) -> tuple[list[Finding], int | None]:
        index, said = leaf.index, leaf.body
        try:
            path = self.evidence.vault.path(stored)
            digest, size = self.digest(stored, path)
        except NameTaken:
            return [Finding("MALFORMED", stored, index, detail="存放位置不在库内")], None
        except FileNotFoundError:
            return [gone(stored, leaf, self.read, self.lists)], None
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EINVAL, errno.EISDIR, errno.ENXIO):
                return [Finding("MISSING", stored, index, said.clip, None, "封存位置上不是普通文件（链接、管道或目录）")], None
            return [Finding("UNREADABLE", stored, index, detail=error.strerror or str(error))], None
        findings = []
        if digest != said.clip:
            findings.append(Finding("ALTERED", stored, index, said.clip, digest, "内容与封存时不符"))
        if seal := self._seal(path, stored, leaf):
            findings.append(seal)
        if time := self._time(stored, leaf):
            findings.append(time)
        if not findings:
            findings.append(Finding("OK" if index < self.covered else "OK_UNWITNESSED", stored, index))
        return findings, size

    def _seal(self, path: Path, stored: str, leaf: Leaf) -> Finding | None:
        try:
            text = read_small(path.with_name(path.name + SEAL_ENDING), LARGEST_SEAL).decode("ascii")
        except FileNotFoundError:
            return Finding("UNSIGNED", stored, leaf.index, detail="签名文件不在")
        except (OSError, UnicodeDecodeError) as error:
            return Finding("BAD_SIGNATURE", stored, leaf.index, detail=type(error).__name__)
        found = check_seal(text, bytes.fromhex(leaf.body.clip), leaf.index, self.read.clip_keys, stored)
        return found or self._listed(sshsig.parse(text).public, stored, leaf)

    def _listed(self, public: bytes, stored: str, leaf: Leaf) -> Finding | None:
        """What the root's key list says of the key that sealed this clip."""
        if self.standing.listed is None:
            return None
        listed = self.standing.listed.get(public)
        if listed is None:
            return Finding("UNKNOWN_KEY", stored, leaf.index, detail="签名所用的公钥不在密钥表中")
        if listed.station != self.evidence.station:
            return Finding("WRONG_KEY", stored, leaf.index, detail=f"这是采集站 {listed.station} 的密钥")
        found = objection(listed, leaf.index, leaf.at, self.times.of(leaf.index))
        return Finding(found[0], stored, leaf.index, detail=found[1]) if found else None

    def _time(self, stored: str, leaf: Leaf) -> Finding | None:
        if leaf.index in self.read.backward:
            detail = f"自称 {leaf.at[:19]}Z，早于日志中更前的记录，其间没有时钟调整的记录"
            return Finding("TIME_INCONSISTENT", stored, leaf.index, detail=detail)
        try:
            detail = contradiction(leaf.at, self.times.of(leaf.index)) or ""
        except ValueError:
            detail = f"自称的时间读不懂：{leaf.at[:40]}"
        return Finding("TIME_INCONSISTENT", stored, leaf.index, detail=detail) if detail else None
