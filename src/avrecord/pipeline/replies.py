"""What the bureau leaves in the object store for a station: its cosignature, and receipts for the copies that it read back."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from avrecord.errors import BadInput, ConfigError, ObjectMissing
from avrecord.ledger.receipt import NAMESPACE
from avrecord.model.statement import ReceiptTaken
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import state
from avrecord.pipeline.storing import reply_prefix
from avrecord.pipeline.witnessing import accept_signed, witness_key
from avrecord.seal import sshsig
from avrecord.store.copyreceipt import copied, station_of
from avrecord.vault.objects import Objects

LARGEST = 4 << 20  # bytes: a receipt names a few thousand clips at most
COSIGNED = "cosigned"
RECEIPTS = "receipts/"


@dataclass(frozen=True, slots=True)
class Replies:
    """`cosigned`: leaves that a new anchor covers, or 0. `receipts`: new ones, `clips` in them. `refused`: what was not taken."""

    cosigned: int
    receipts: int
    clips: int
    refused: tuple[str, ...]


def take_replies(objects: Objects, kit: Kit) -> Replies:
    """State what the bureau answered and is not stated yet. What is signed by nobody whom the settings name is not taken."""
    size, refused = 0, []
    try:
        size = _take_cosignature(objects, kit)
    except BadInput as error:
        refused.append(str(error.facts["detail"]))
    receipts = clips = 0
    for key, _ in objects.keys(f"{reply_prefix(kit.station)}{RECEIPTS}"):
        if not key.endswith(".txt") or kit.store.row("one_copy_receipt", receipt=key.rpartition("/")[2].removesuffix(".txt")):
            continue
        try:
            clips += _take_receipt(objects, key, kit)
            receipts += 1
        except BadInput as error:
            refused.append(str(error.facts["detail"]))
    return Replies(size, receipts, clips, tuple(refused))


def has_receipt(clip: str, kit: Kit) -> bool:
    """Whether the bureau of the settings signed that it read a clip's copy back."""
    return kit.store.row("is_copied", clip_id=clip, key=_bureau_key(kit)[1]) is not None


def _take_cosignature(objects: Objects, kit: Kit) -> int:
    if not kit.settings.sync.witness:
        return 0
    try:
        signed = objects.get(f"{reply_prefix(kit.station)}{COSIGNED}", LARGEST).decode("utf-8", "replace")
    except ObjectMissing:
        return 0
    anchor = accept_signed(kit, signed, witness_key(kit.settings.sync.witness), "service")
    return anchor.size if anchor else 0


def _take_receipt(objects: Objects, key: str, kit: Kit) -> int:
    """Check a receipt and state it; how many clips it names. Raises BadInput."""
    public, line = _bureau_key(kit)
    content, name = objects.get(key, LARGEST), key.rpartition("/")[2]
    if f"{hashlib.sha256(content).hexdigest()}.txt" != name:
        raise BadInput(path=name, detail=f"回执 {name[:12]} 的内容与名称不符")
    try:
        armoured = objects.get(f"{key}.sig", LARGEST)
        seal = sshsig.parse(armoured.decode("utf-8", "replace"))
    except (ObjectMissing, sshsig.Malformed) as error:
        raise BadInput(path=name, detail=f"回执 {name[:12]} 没有签名，或签名不成样子") from error
    digest = hashlib.new(seal.hash_name.decode(), content).digest()
    if seal.public != public or not sshsig.verify(seal, digest, NAMESPACE.encode()):
        raise BadInput(path=name, detail=f"回执 {name[:12]} 不是 sync.bureau_key 的签名")
    if station_of(content) != kit.station:
        raise BadInput(path=name, detail=f"回执 {name[:12]} 是别的采集站的")
    clips = copied(content)
    body = ReceiptTaken(
        store=objects.name,
        clips=len(clips),
        receipt=kit.attachments.put(content),
        signature=kit.attachments.put(armoured),
        key=line,
    )
    state(kit, [body])
    return len(clips)


def _bureau_key(kit: Kit) -> tuple[bytes, str]:
    """The key that signs receipts, and its one line. Raises ConfigError."""
    line = " ".join(kit.settings.sync.bureau_key.split()[:2])
    try:
        return sshsig.public_of(line), line
    except sshsig.Malformed as error:
        detail = "sync.bureau_key 不是 OpenSSH 的 Ed25519 公钥" if line else "没有设置市局的公钥（sync.bureau_key）"
        raise ConfigError(path=kit.root / "station.toml", detail=detail) from error
