"""The kit: everything a sentence of the story may use. Built by `station.py`, frozen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from nacl.signing import SigningKey

from avrecord.dock.profiles import Profile
from avrecord.seal.keys import Sealer
from avrecord.seal.log import Log
from avrecord.seal.note import NoteKey
from avrecord.settings import Settings
from avrecord.store.records import Records
from avrecord.store.sqlite import Store
from avrecord.vault.attachments import Attachments
from avrecord.vault.folder import FolderVault


class Tell(Protocol):
    """How the story reports progress: an English event name and its facts. Never required."""

    def __call__(self, event: str, **facts: object) -> None: ...


def silent(event: str, **facts: object) -> None:
    """The `Tell` of those who do not listen."""


@dataclass(frozen=True, slots=True)
class Kit:
    """One station, ready to work."""

    root: Path
    settings: Settings
    log: Log
    log_key: NoteKey
    sealer: Sealer
    witness_key: SigningKey
    witness_name: str
    store: Store
    records: Records
    vault: FolderVault
    attachments: Attachments
    profiles: tuple[Profile, ...]
    segments: dict[str, Any]
    clock: Callable[[], datetime]
    """The station's clock, aware UTC. The only one: rules get moments as arguments."""
    tell: Tell = silent

    @property
    def station(self) -> str:
        return self.settings.station.id
