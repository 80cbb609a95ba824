"""What the bureau leaves in the object store for a station: its cosignature, and receipts for the copies that it read back."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import islice

from avrecord.errors import BadInput, ConfigError, ObjectMissing, StoreProblem
from avrecord.ledger.receipt import NAMESPACE
from avrecord.model.clip import Clip
from avrecord.model.statement import ReceiptTaken
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import state
from avrecord.pipeline.storing import clip_key, reply_prefix
from avrecord.pipeline.witnessing import accept_signed, witness_key
from avrecord.seal import sshsig
from avrecord.store.copyreceipt import copied, station_of, store_of
from avrecord.vault.objects import Objects

LARGEST = 4 << 20  # bytes: a receipt names a few thousand clips at most
COSIGNED = "cosigned"
RECEIPTS = "receipts/"
MOST_LISTED, MOST_REFUSED = 200_000, 20  # of answers in one round: a store may list without end


@dataclass(frozen=True, slots=True)
class Replies:
    """`cosigned`: leaves that a new anchor covers, or 0. `receipts`: new ones, `clips` in them. `refused`: what was not taken."""

    cosigned: int
    receipts: int
    clips: int
    refused: tuple[str, ...]


NO_REPLIES = Replies(0, 0, 0, ())


def take_replies(objects: Objects, kit: Kit) -> Replies:
    """State what the bureau answered and is not stated yet. What is signed by nobody whom the settings name is not taken.

    Whatever is wrong with an answer, sending is not stopped by it: it is told among `refused`.
    """
    size = receipts = clips = 0
    refused: list[str] = []
    try:
        size = _take_cosignature(objects, kit)
    except (BadInput, ConfigError, StoreProblem) as error:
        refused.append(str(error.facts.get("detail") or error))
    if not kit.settings.sync.bureau_key:
        return Replies(size, 0, 0, tuple(refused))
    for key, _ in islice(objects.keys(f"{reply_prefix(kit.station)}{RECEIPTS}"), MOST_LISTED):
        if not key.endswith(".txt") or kit.store.row("one_copy_receipt", receipt=key.rpartition("/")[2].removesuffix(".txt")):
            continue
        try:
            clips += _take_receipt(objects, key, kit)
            receipts += 1
        except (BadInput, ConfigError, StoreProblem) as error:
            refused.append(str(error.facts.get("detail") or error))
        if len(refused) > MOST_REFUSED:
            break
    return Replies(size, receipts, clips, tuple(refused))


def has_receipt(objects: Objects, clip: Clip, kit: Kit) -> bool:
    """Whether the bureau of the settings signed that it read a clip's copy back from this store, and the store has an object of
    that size there now. Raises StoreProblem when it does not answer: nothing is released on what may be gone."""
    if kit.store.row("is_copied", clip_id=clip.id.hex, key=_bureau_key(kit)[1], store=objects.name) is None:
        return False
    return objects.size(clip_key(kit.station, clip.stored, clip.id.hex)) == clip.size


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
        store=store_of(content),
        clips=len(clips),
        receipt=kit.attachments.put(content),
        signature=kit.attachments.put(armoured),
        key=line,
    )
    state(kit, [body])
    return len(clips)


def _bureau_key(kit: Kit) -> tuple[bytes, str]:
    """The key that signs receipts, and its one line. Raises ConfigError."""
    line = sshsig.bare_line(kit.settings.sync.bureau_key)
    try:
        return sshsig.public_of(line), line
    except sshsig.Malformed as error:
        detail = "sync.bureau_key 不是 OpenSSH 的 Ed25519 公钥" if line else "没有设置市局的公钥（sync.bureau_key）"
        raise ConfigError(path=kit.root / "station.toml", detail=detail) from error
