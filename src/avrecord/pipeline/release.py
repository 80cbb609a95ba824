"""Letting a card be wiped: everything is read again first, and every doubt refuses. Off unless a written policy says otherwise.

In order: nothing on the card is ambiguous; each file's bytes are read from the card in full and looked up in the log; the
vault's copy is read past the page cache, its seal and its place in the log checked; the second condition holds. Then the
release is stated with a receipt that names every file. Only then, and only if asked to, files are removed from the card.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from avrecord.dock.listing import list_files, open_folder, opened
from avrecord.dock.places import is_in_memory, overlaps
from avrecord.dock.volumes import docked
from avrecord.dock.wiping import remove
from avrecord.errors import CardError, CardGone, ConfigError, EvidenceError
from avrecord.model.card import Card, SourceFile, Volume
from avrecord.model.clip import Clip, ClipId
from avrecord.model.moments import from_utc_text
from avrecord.model.statement import ClipRemoved, ReleaseGranted
from avrecord.pipeline.clipcheck import ClipCheck
from avrecord.pipeline.evidence import evidence_of
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.outside import seen_by
from avrecord.pipeline.receive import card_of, volume_key
from avrecord.pipeline.record import catch_up, state
from avrecord.pipeline.replies import has_receipt
from avrecord.pipeline.standing import Demand
from avrecord.pipeline.storing import open_objects
from avrecord.pipeline.verify import examined
from avrecord.pipeline.witnessing import witness_key, witnessed, witnessed_files
from avrecord.rules.releasing import Policy, Proof, Second, refusal, refusal_of_card
from avrecord.rules.sums import sum_line
from avrecord.seal.note import BadNote, NoteKey
from avrecord.store import documents
from avrecord.vault.objects import Objects
from avrecord.vault.readback import read_back


@dataclass(frozen=True, slots=True)
class Verdict:
    """One file of a card: its digest as read just now, and why it may not go (a key of `releasing.REFUSALS`), or None."""

    file: SourceFile
    clip: str
    leaf: int | None
    refusal: str | None


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a release of this card would cover. `refusal`: why nothing of it may go."""

    card: Card
    docking: str
    refusal: str | None
    files: tuple[Verdict, ...]

    @property
    def free(self) -> tuple[Verdict, ...]:
        return tuple(verdict for verdict in self.files if verdict.refusal is None)


def policy_of(kit: Kit) -> Policy | None:
    """The written policy; None while it is off. Raises ConfigError for one that cannot be kept."""
    rules = kit.settings.release
    if rules.policy == "off":
        return None
    needs = tuple(Second(word) for word in rules.policy.split("+"))
    where = kit.root / "station.toml"
    if Second.COSIGNED in needs and not rules.witnesses:
        raise ConfigError(path=where, detail="release.policy 要求见证，但 release.witnesses 为空")
    if Second.COPY in needs and not rules.second_copy:
        raise ConfigError(path=where, detail="release.policy 要求第二份副本，但 release.second_copy 为空")
    if Second.BUREAU in needs and not (kit.settings.store.url and kit.settings.sync.bureau_key):
        raise ConfigError(path=where, detail="release.policy 要求市局的入库回执，但 store.url 或 sync.bureau_key 为空")
    if any(witness_key(line).public == own for line in rules.witnesses for own in (kit.witness_key.public, kit.log_key.public)):
        raise ConfigError(path=where, detail="release.witnesses 中有本站自己的公钥，自己不能为自己见证")
    if Second.COPY in needs and (_same_disk(kit) or is_in_memory(kit.root / rules.second_copy)):
        raise ConfigError(path=where, detail="release.second_copy 与采集站在同一个磁盘上，或在内存中，算不得第二份副本")
    return Policy(needs, timedelta(hours=rules.least_hours))


def inspect_release(volume: Volume, kit: Kit) -> Inspection:
    """Read everything again and say of each file whether it may go. Changes and states nothing.

    Raises CardError when the card cannot be read, LogBroken or EvidenceError when the log itself is not sound.
    """
    policy = policy_of(kit)
    if inside := overlaps(volume.root, kit.folders):
        raise CardError(card=volume.label or volume.root, detail=f"这是采集站自己的目录（{inside.name}），不是存储卡")
    catch_up(kit)
    files = list_files(volume)
    card = card_of(volume, files, kit)
    last = kit.records.last_manifest(volume_key(volume))
    same = last is not None and last["manifest"] == hashlib.sha256(documents.manifest(files)).hexdigest()
    docking = str(last["docking"]) if last else ""
    if policy is None or (reason := refusal_of_card(policy, card.recorder, same, list(_others(card, kit)))):
        return Inspection(card, docking, "off" if policy is None else reason, ())
    check = _sound_log(kit)
    store = open_objects(kit, is_new=False) if Second.BUREAU in policy.needs else None
    return Inspection(card, docking, None, tuple(_verdict(card, file, policy, check, store, kit) for file in files))


def grant(found: Inspection, by: str, kit: Kit) -> bytes:
    """State the release and return the receipt: lines that `sha256sum -c` reads, under the checkpoint that covers them.

    Raises EvidenceError where nothing may be released.
    """
    if found.refusal or not found.free:
        raise EvidenceError(detail="没有可以释放的文件")
    receipt = _receipt(found, by, kit)
    body = ReleaseGranted(
        docking=found.docking,
        recorder=str(found.card.recorder),
        rule=_rule(kit),
        receipt=kit.attachments.put(receipt),
        files=len(found.free),
        bytes=sum(verdict.file.size for verdict in found.free),
    )
    state(kit, [body], by)
    return receipt


def wipe(found: Inspection, by: str, kit: Kit) -> tuple[int, list[str]]:
    """Remove from the card what was granted just now; return how many files went, and what kept others.

    What went is stated even when the card is pulled in the middle.
    """
    gone: list[ClipRemoved] = []
    kept: list[str] = []
    granted = kit.store.row("latest_release", docking=found.docking)
    if granted is None:
        raise EvidenceError(detail="没有释放记录，不得删除")
    try:
        for verdict in found.free:
            try:
                remove(found.card.volume, verdict.file, verdict.clip)
            except CardError as error:
                kept.append(str(error))
                continue
            raw = base64.b64encode(verdict.file.path).decode()
            gone.append(
                ClipRemoved(clip=verdict.clip, place="card", docking=found.docking, path_raw=raw, rule=str(granted["rule"]))
            )
    finally:
        state(kit, gone, by)
    return len(gone), kept


def _verdict(card: Card, file: SourceFile, policy: Policy, check: ClipCheck, store: Objects | None, kit: Kit) -> Verdict:
    digest = _digest(card.volume, file)
    clip = kit.records.clip(ClipId(digest)) if digest else None
    leaf = check.read.taken.get(clip.stored) if clip else None
    if clip is None or leaf is None or leaf.body.clip != digest or not kit.records.source_stated(card.recorder, file, clip.id):
        # Stated to come from this recorder and path: another card's like bytes do not count.
        return Verdict(file, digest, None, "not_sealed")
    ours = kit.vault.path(clip.stored)
    if _is_same_file(card, file, ours):
        return Verdict(file, digest, leaf.index, "same_file")
    findings, _ = check.of(clip.stored, leaf)
    proof = Proof(
        sealed=True,
        verdict=findings[0].code,
        read_back=leaf.body.read_back,
        whole=getattr(leaf.body, "reason", None) != "read_error",
        age=kit.clock() - from_utc_text(leaf.at),
        has=tuple(_seconds(card, clip, leaf.index, policy, store, kit)),
    )
    return Verdict(file, digest, leaf.index, refusal(policy, proof))


def _is_same_file(card: Card, file: SourceFile, ours: Path) -> bool:
    """Whether the vault's copy is the card's file itself: a folder of one may have been bound or linked into the other."""
    try:
        return os.path.samestat(os.stat(os.fsencode(card.volume.root) + b"/" + file.path), ours.stat())
    except OSError:
        return False


def _seconds(card: Card, clip: Clip, index: int, policy: Policy, store: Objects | None, kit: Kit) -> Iterator[Second]:
    if Second.COSIGNED in policy.needs and _is_cosigned(index, kit):
        yield Second.COSIGNED
    if Second.COPY in policy.needs and _has_copy(card, clip, kit):
        yield Second.COPY
    if store and has_receipt(store, clip, kit):
        yield Second.BUREAU


def _is_cosigned(index: int, kit: Kit) -> bool:
    """Whether a witness of the policy cosigned a checkpoint of this very log that covers a leaf."""
    keys: list[NoteKey] = [witness_key(line) for line in kit.settings.release.witnesses]
    return any(size > index and _seen_by_any(text, keys) for size, text in witnessed(kit))


def _seen_by_any(text: str, keys: list[NoteKey]) -> bool:
    try:
        return bool(seen_by(text, keys))
    except BadNote:
        return False


def _has_copy(card: Card, clip: Clip, kit: Kit) -> bool:
    """Whether the second copy lies where the vault's does, on another disk than both the vault and the card, with the same
    bytes, read past the page cache. No link leads to it: a link to the vault's own file is no copy."""
    folder = kit.root / kit.settings.release.second_copy
    path = folder / clip.stored
    try:
        below, _, name = clip.stored.rpartition("/")
        at = open_folder(os.fsencode(folder), os.fsencode(below))
        try:
            there = os.stat(name, dir_fd=at, follow_symlinks=False)
        finally:
            os.close(at)
        others = {kit.vault.path(clip.stored).stat().st_dev, os.stat(card.volume.root).st_dev}
        if there.st_dev in others or is_in_memory(path.parent) or not os.path.samestat(there, path.stat()):
            return False
        return read_back(path) in ((clip.id.hex, "direct"), (clip.id.hex, "uncached"))
    except OSError:
        return False


def _same_disk(kit: Kit) -> bool:
    folder = kit.root / kit.settings.release.second_copy
    return folder.is_dir() and folder.stat().st_dev == kit.vault.root.stat().st_dev


def _digest(volume: Volume, file: SourceFile) -> str:
    """SHA-256 of a card's file, read in full, or "" when that fails. Raises CardGone."""
    try:
        with opened(volume, file) as source:
            return source.digest(file.size)
    except CardGone:
        raise
    except CardError:
        return ""


def _others(card: Card, kit: Kit) -> Iterator[str]:
    """Other docked volumes that seem to be the same recorder's card."""
    for volume in docked([kit.root / root for root in kit.settings.dock.roots]):
        if volume.root == card.volume.root:
            continue
        other = card_of(volume, list_files(volume), kit)
        if other.recorder == card.recorder:
            yield volume.root


def _sound_log(kit: Kit) -> ClipCheck:
    """The log, read in full and held against all that witnesses cosigned of it. Raises EvidenceError for any finding."""
    check, compared, _ = examined(
        evidence_of(kit),
        Demand(tuple(witnessed_files(kit))),
        lambda _, path: (read_back(path)[0], path.stat(follow_symlinks=False).st_size),
    )
    wrong = [*check.read.findings, *compared, *check.standing.findings]
    if wrong:
        raise EvidenceError(detail=f"日志核验未通过（{wrong[0].code}：{wrong[0].detail}），不得释放")
    return check


def _rule(kit: Kit) -> str:
    rules = kit.settings.release
    return f"{rules.policy}, {rules.least_hours} h"


def _receipt(found: Inspection, by: str, kit: Kit) -> bytes:
    """Comments for people, then `<sha256>  <path on the card>`; names with odd bytes as sha256sum escapes them."""
    free = sorted(found.free, key=lambda verdict: verdict.file.path)
    head = [
        "释放回执：以下文件已封存、回读并核验，记录仪上的原件可以清除。",
        f"采集站 {kit.station}　记录仪 {found.card.recorder}　插卡编号 {found.docking}",
        f"规则 {_rule(kit)}　操作人 {by}　文件 {len(free)} 个",
        "检查点：",
        *kit.log.checkpoint().splitlines(),
    ]
    lines = b"".join(b"# " + line.encode() + b"\n" for line in head)
    return lines + b"".join(sum_line(verdict.clip, verdict.file.path) for verdict in free)


def receipt_path(folder: Path, found: Inspection, size: int) -> Path:
    """Where a receipt is kept. `size`: of the log when it was written, so that a second one replaces no first."""
    return folder / f"release-{found.docking}-{size}.txt"
