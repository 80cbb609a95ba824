"""What the bureau leaves in the store for a station: the cosigned checkpoint, and signed receipts for copies it read back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from avrecord.ledger.receipt import NAMESPACE
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.replies import COSIGNED, RECEIPTS
from avrecord.pipeline.storing import reply_prefix
from avrecord.store.copyreceipt import ReceiptFacts, written
from avrecord.vault.objects import Objects


def leave_cosigned(objects: Objects, station: str, signed: str) -> None:
    """The checkpoint that was cosigned last. A station takes it when it comes by."""
    objects.replace(f"{reply_prefix(station)}{COSIGNED}", signed.encode())


@dataclass(frozen=True, slots=True)
class Read:
    """When clips of a station were read back: the first and the last of them, UTC text."""

    station: str
    first: str
    last: str


def leave_receipt(objects: Objects, read: Read, checkpoint: Sequence[str], clips: Sequence[tuple[str, str]], kit: Kit) -> str:
    """Sign for clips (digest, stored path) that were read back from the store; the receipt's digest.

    It says when they were read, not when it is signed: between the two a store may lose them. The signature first: a receipt
    without one is passed over by stations, and asked for again.
    """
    content = written(ReceiptFacts(read.station, kit.station, objects.name, (read.first, read.last), tuple(checkpoint)), clips)
    digest = hashlib.sha256(content).hexdigest()
    key = f"{reply_prefix(read.station)}{RECEIPTS}{digest}.txt"
    objects.put(f"{key}.sig", kit.sealer.sign_receipt(content, NAMESPACE).encode())
    objects.put(key, content)
    return digest
