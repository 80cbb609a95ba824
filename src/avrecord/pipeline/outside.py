"""Evidence from outside: checkpoints that did not come from the station's own disk, compared with its log.

Nothing on a station shows that its own operator cut or rebuilt the log. What decides is a checkpoint
that somebody else kept: a file on a stick, a printed sheet, a cosignature that an auditor's policy asks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from avrecord import durable
from avrecord.errors import BadInput
from avrecord.model.finding import Finding
from avrecord.model.moments import utc_text
from avrecord.pipeline.standing import Standing
from avrecord.seal import note
from avrecord.seal.note import BadNote, Checkpoint, NoteKey
from avrecord.seal.policy import NONE
from avrecord.seal.verify import ReadLog

WITNESSED = "witnessed"  # folder of cosigned checkpoints, beside the log's tiles
TYPED = re.compile(r"(\S+)\s+(0|[1-9]\d{0,17})\s+([A-Za-z0-9+/]{43}=|[0-9a-fA-F]{64})")


@dataclass(frozen=True, slots=True)
class Outside:
    """One checkpoint from elsewhere. `text` is the signed note, empty for one typed from paper."""

    checkpoint: Checkpoint
    source: str
    text: str = ""
    by_quorum: bool = False
    """Cosigned as the auditor's policy demands."""
    cosigned_at: tuple[str, ...] = ()
    """When trusted witnesses saw it."""


def read_outside(path: Path, stands: Standing) -> Outside:
    """A checkpoint file, signed, or typed from a sheet: origin, size and root (base64 or hex).

    A typed one carries no signature: it is as good as the sheet that the reader holds. Raises
    BadInput for anything else, and for another log's checkpoint.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(path=path, detail="读不出") from error
    typed, logs = _typed(text), [*stands.logs, *stands.revoked_logs]
    try:
        if typed:
            root = bytes.fromhex(typed[3]) if len(typed[3]) == 64 else note.canonical_base64(typed[3])
            found = Outside(Checkpoint(typed[1], int(typed[2]), root), path.name)
        else:
            checkpoint = Checkpoint.parse(note.open_note(text, logs))
            found = Outside(checkpoint, path.name, text, cosigned_at=tuple(seen_by(text, stands.witnesses).values()))
    except BadNote as error:
        raise BadInput(path=path, detail=f"不是这个采集站签名的检查点（{error}）") from error
    if found.checkpoint.origin != logs[0].name:
        raise BadInput(path=path, detail=f"属于另一个日志 {found.checkpoint.origin}")
    return found


def _typed(text: str) -> re.Match[str] | None:
    """A line typed from a sheet. The sheet prints the hash in groups, and people type what they see."""
    words = text.split()
    return TYPED.fullmatch(" ".join([*words[:2], "".join(words[2:])])) if len(words) >= 3 else None


def cosigned(folder: Path, stands: Standing) -> list[Outside]:
    """Cosigned checkpoints beside a log that meet an auditor's policy. Others count for nothing."""
    found, policy = [], stands.policy
    if policy is None or policy.quorum == NONE:
        return []
    logs = [*stands.logs, *stands.revoked_logs]
    for path in sorted((folder / WITNESSED).glob("*.checkpoint")):
        try:
            text = path.read_text("utf-8")
            checkpoint = Checkpoint.parse(note.open_note(text, logs))
            seen, signed = seen_by(text, stands.witnesses), policy.signed(text)
        except (BadNote, OSError, UnicodeDecodeError):
            continue
        if not _by_sound_key(text, stands, seen):
            continue
        if checkpoint.origin == logs[0].name and policy.met(signed):
            found.append(Outside(checkpoint, path.name, text, by_quorum=True, cosigned_at=tuple(seen.values())))
    return found


def _by_sound_key(text: str, stands: Standing, seen: dict[str, str]) -> bool:
    """A checkpoint that a revoked log key signed counts only when every witness saw it before the theft."""
    for key, before in stands.revoked_logs.items():
        if note.is_signed_by(text, key):
            return bool(seen) and all(at < before for at in seen.values())
    return True


def seen_by(text: str, witnesses: list[NoteKey]) -> dict[str, str]:
    """Witness name → UTC text of each trusted cosignature. Raises BadNote."""
    try:
        return {name: utc_text(datetime.fromtimestamp(at, UTC)) for name, at in note.cosignatures(text, witnesses).items()}
    except (OverflowError, ValueError) as error:
        raise BadNote("a cosignature's time") from error


def consistent(outside: Iterable[Outside], read: ReadLog) -> list[Outside]:
    """Those that the log agrees with: what they prove of time is proved of these leaves."""
    return [each for each in outside if read.roots.get(each.checkpoint.size) == each.checkpoint.root]


def compare(outside: Iterable[Outside], read: ReadLog) -> tuple[list[Finding], int]:
    """Findings of the comparison, and the largest size that evidence from outside covers.

    `read` must have been made with the sizes of `outside`.
    """
    findings, covered = [], 0
    for each in outside:
        size, root = each.checkpoint.size, each.checkpoint.root
        if size > read.size:
            detail = f"外部检查点 {each.source} 记到 {size} 条，日志只有 {read.size} 条"
            findings.append(Finding("LOG_TRUNCATED", "log", size, str(size), str(read.size), detail))
        elif size not in read.roots:
            findings.append(
                Finding("CHECKPOINT_INVALID", "log", size, detail=f"日志读不到第 {size} 条，无法与 {each.source} 对照")
            )
        elif read.roots[size] != root:
            detail = f"与外部检查点 {each.source} 不符：日志在第 {size} 条之前被重建或改动"
            findings.append(Finding("LOG_FORK", "log", size, root.hex(), read.roots[size].hex(), detail))
        else:
            covered = max(covered, size)
    return findings, covered


def keep_fork(outside: Iterable[Outside], read: ReadLog, folder: Path) -> list[Path]:
    """Write both signed checkpoints of each contradiction: transferable proof of a fork."""
    written: list[Path] = []
    for each in outside:
        size = each.checkpoint.size
        if not each.text or read.roots.get(size) == each.checkpoint.root:
            continue
        if any(path.is_symlink() for path in (folder, folder.parent)):
            return written  # a link that the station's operator laid: nothing of the auditor's goes there
        durable.make_folder(folder)
        ours = read.journal.get(size) or read.head
        for name, text in ((f"{size}-outside.checkpoint", each.text), (f"{size}-station.checkpoint", ours)):
            path = folder / name
            durable.replace_with(path, text.encode())
            written.append(path)
    return written
