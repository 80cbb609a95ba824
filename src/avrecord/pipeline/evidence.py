"""What there is to verify: a station's log, vault and attachments, without its database and its private keys.

An auditor's tool must still work when the index is damaged, the log cannot be gone on with, or the
medium is read-only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from avrecord.model.finding import Finding
from avrecord.pipeline.index import differences
from avrecord.pipeline.kit import Kit, Tell
from avrecord.seal.note import NoteKey
from avrecord.vault.attachments import Attachments
from avrecord.vault.folder import FolderVault


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that `verify` reads. `index` says where the database deviates from the log."""

    station: str
    root: Path
    log_folder: Path
    log_keys: tuple[NoteKey, ...]
    """The log keys that the station itself keeps, the one in use first."""
    vault: FolderVault
    attachments: Attachments
    tell: Tell
    index: Callable[[int], list[Finding]]


def evidence_of(kit: Kit) -> Evidence:
    """The evidence of an opened station."""
    return Evidence(
        station=kit.station,
        root=kit.root,
        log_folder=kit.log.folder,
        log_keys=kit.log_keys,
        vault=kit.vault,
        attachments=kit.attachments,
        tell=kit.tell,
        index=lambda size: differences(kit.store.path, kit.log.folder, size, kit.attachments),
    )
