"""What the bureau leaves in the object store for a station: its cosignature, receipts for copies that it read back, letters."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from avrecord.errors import BadInput, ConfigError, ObjectMissing, StoreProblem
from avrecord.ledger.receipt import NAMESPACE
from avrecord.model.clip import Clip
from avrecord.model.statement import ReceiptTaken
from avrecord.pipeline.answered import LARGEST, bureau_key, opened
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.letters import TakenLetters, take_letters
from avrecord.pipeline.record import state
from avrecord.pipeline.storing import clip_key, reply_prefix
from avrecord.pipeline.witnessing import accept_signed, witness_key
from avrecord.store.copyreceipt import copied, station_of, store_of
from avrecord.vault.objects import Objects

COSIGNED = "cosigned"
RECEIPTS = "receipts/"
MOST_LISTED, MOST_REFUSED = 200_000, 20  # of answers in one round: a store may list without end


@dataclass(frozen=True, slots=True)
class Replies:
    """`cosigned`: leaves that a new anchor covers, or 0. `receipts`: new ones, `clips` in them. `refused`: what was not taken.
    `reviews`: decisions taken at the bureau and stated now; `overtaken`: letters that somebody here was before."""

    cosigned: int
    receipts: int
    clips: int
    refused: tuple[str, ...]
    reviews: int = 0
    overtaken: int = 0


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
    try:
        letters = take_letters(objects, kit)
    except (ConfigError, StoreProblem) as error:
        letters = TakenLetters(refused=[str(error.facts.get("detail") or error)])
    return Replies(size, receipts, clips, (*refused, *letters.refused), letters.stated, letters.overtaken)


def has_receipt(objects: Objects, clip: Clip, kit: Kit) -> bool:
    """Whether the bureau of the settings signed that it read a clip's copy back from this store, and the store has an object of
    that size there now. Raises StoreProblem when it does not answer: nothing is released on what may be gone."""
    if kit.store.row("is_copied", clip_id=clip.id.hex, key=bureau_key(kit)[1], store=objects.name) is None:
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
    found, name = opened(objects, key, "回执", NAMESPACE, kit), key.rpartition("/")[2]
    if station_of(found.content) != kit.station:
        raise BadInput(path=name, detail=f"回执 {name[:12]} 是别的采集站的")
    clips = copied(found.content)
    body = ReceiptTaken(
        store=store_of(found.content),
        clips=len(clips),
        receipt=kit.attachments.put(found.content),
        signature=kit.attachments.put(found.signature),
        key=found.key,
    )
    state(kit, [body])
    return len(clips)
